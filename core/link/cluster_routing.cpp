// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <future>

#include "core/link/cluster_impl.h"

namespace qd::link {
namespace {

using Pushes = std::vector<ingest::PushResult>;

ingest::PushResult unknownTarget(const control::PushOrder& order, const ProcessId& target) {
  ingest::PushResult out;
  out.pushId = order.pushId;
  out.process.id = target;
  out.status = ingest::PushStatus::Rejected;
  out.time = utcNowNs();
  out.who = order.who;
  out.comment = order.comment;
  out.reason = fmt::format("There is no process {} in this session.", target.value);
  return out;
}

// Collects the answers of several agents into one.
struct PushJoin {
  std::size_t waiting = 0;
  Pushes results;
  std::optional<Error> error;
  control::PushDone done;

  void arrived(Result<Pushes> answer) {
    if (answer) {
      std::move(answer->begin(), answer->end(), std::back_inserter(results));
    } else if (!error || error->code == ErrorCode::NotFound) {
      error = answer.error();
    }
    if (--waiting > 0) return;
    if (results.empty() && error) {
      done(std::unexpected(*error));
    } else {
      done(std::move(results));
    }
  }
};

struct DebugJoin {
  std::size_t waiting = 0;
  std::string id;
  std::optional<Error> error;
  bool anyOk = false;
  control::DebugDone done;

  void arrived(Result<std::string> answer) {
    if (answer) {
      anyOk = true;
      if (id.empty()) id = *answer;
    } else {
      error = answer.error();
    }
    if (--waiting > 0) return;
    anyOk || !error ? done(id) : done(std::unexpected(*error));
  }
};

}  // namespace

// The order matters: cancel, let every call end and its task run, then stop the loop, then free the links.
Cluster::Impl::~Impl() {
  post([this] {
    closing = true;
    for (const auto& link : links) link->shutdown();
  });
  std::promise<void> cancelled;
  post([&] { cancelled.set_value(); });
  cancelled.get_future().wait();
  context.calls->waitForNone();
  std::promise<void> drained;
  post([&] { drained.set_value(); });
  drained.get_future().wait();
  context.loop->stop();
}

std::optional<Qualifier::Owner> Cluster::Impl::ownerOf(const ProcessId& id) const {
  if (links.size() == 1) return Qualifier::Owner{0, id.value};
  return context.ids.ownerOf(id);
}

void Cluster::Impl::shown(Pushes& results, std::size_t agent) {
  if (links.size() == 1) return;
  for (ingest::PushResult& result : results) result.process.id = context.ids.process(result.process.id, agent);
}

void Cluster::Impl::push(const control::PushOrder& order, control::PushDone done) {
  auto join = std::make_shared<PushJoin>();
  join->done = std::move(done);
  std::map<std::size_t, control::PushOrder> parts;
  for (const ProcessId& target : order.targets) {
    const auto owner = ownerOf(target);
    if (!owner) {
      join->results.push_back(unknownTarget(order, target));
      continue;
    }
    auto [it, fresh] = parts.try_emplace(owner->agent, order);
    if (fresh) it->second.targets.clear();
    it->second.targets.emplace_back(owner->raw);
  }
  join->waiting = parts.size() + 1;
  for (const auto& [agent, part] : parts) {
    links[agent]->push(part, [this, join, agent = agent](Result<Pushes> answer) {
      if (answer) shown(*answer, agent);
      join->arrived(std::move(answer));
    });
  }
  join->arrived(Pushes{});
}

void Cluster::Impl::queryPush(const std::string& pushId, bool settle, control::PushDone done) {
  auto join = std::make_shared<PushJoin>();
  join->done = std::move(done);
  join->waiting = links.size() + 1;
  for (std::size_t agent = 0; agent < links.size(); ++agent) {
    links[agent]->queryPush(pushId, settle, [this, join, agent](Result<Pushes> answer) {
      if (answer) shown(*answer, agent);
      join->arrived(std::move(answer));
    });
  }
  join->arrived(Pushes{});
}

void Cluster::Impl::runAction(control::ActionOrder order, control::ActionDone done) {
  const auto owner = ownerOf(order.target);
  if (!owner) {
    done(fail(ErrorCode::NotFound, fmt::format("There is no process {} in this session.", order.target.value)));
    return;
  }
  order.target = ProcessId(owner->raw);
  links[owner->agent]->runAction(order, [this, agent = owner->agent, done](Result<ingest::ActionResult> answer) {
    if (answer && links.size() > 1) answer->process.id = context.ids.process(answer->process.id, agent);
    done(std::move(answer));
  });
}

Result<std::size_t> Cluster::Impl::nameAt(std::size_t home, std::vector<ProcessId>& members) const {
  for (ProcessId& id : members) {
    if (!ownerOf(id)) {
      return fail(ErrorCode::NotFound, fmt::format("There is no process {} in this session.", id.value));
    }
    if (links.size() > 1) id = ProcessId(context.ids.nameAt(home, id).value_or(id.value));
  }
  return home;
}

Result<std::size_t> Cluster::Impl::homeOf(std::vector<ProcessId>& members) const {
  if (members.empty()) return std::size_t{0};
  for (std::size_t i = 0; i < links.size(); ++i) {
    std::vector<ProcessId> first = {members.front()};
    if (nameAt(i, first) && links[i]->groupHas(first.front())) return nameAt(i, members);
  }
  std::optional<std::size_t> agent;
  for (const ProcessId& id : members) {
    const auto owner = ownerOf(id);
    if (!owner) return fail(ErrorCode::NotFound, fmt::format("There is no process {} in this session.", id.value));
    if (agent.value_or(owner->agent) != owner->agent) {
      return fail(ErrorCode::Unsupported,
                  fmt::format("{} is at another agent than {}; link them first.", id.value, members.front().value));
    }
    agent = owner->agent;
  }
  return nameAt(*agent, members);
}

Result<std::size_t> Cluster::Impl::agentForSite(const std::string& site) const {
  std::optional<std::size_t> connected;
  for (std::size_t i = 0; i < links.size(); ++i) {
    if (!links[i]->connected()) continue;
    if (links[i]->hasSite(site)) return i;
    if (!connected) connected = i;
  }
  if (connected) return *connected;
  if (!links.empty()) return std::size_t{0};  // which says why it is not connected
  return fail(ErrorCode::Unavailable, "This session has no agent; attach to one.");
}

Result<std::size_t> Cluster::Impl::agentForGroup(std::string& group) const {
  if (links.empty()) return fail(ErrorCode::Unavailable, "This session has no agent; attach to one.");
  if (!group.empty()) {
    const auto owner = context.ids.ownerOfDebugId(group);
    group = owner.raw;
    return owner.agent;
  }
  if (links.size() == 1) return std::size_t{0};
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < links.size(); ++i) {
    if (links[i]->groups().empty()) continue;
    if (found) return fail(ErrorCode::InvalidArgument, "There are several link groups; name one.");
    found = i;
  }
  if (!found) return fail(ErrorCode::NotFound, "There is no link group; make one with break link.");
  return *found;
}

void Cluster::Impl::setBreakpoint(control::BreakpointOrder order, control::DebugDone done) {
  const bool placed = !order.wanted.id.empty() || !order.wanted.group.empty();
  Result<std::size_t> agent = homeOf(order.members);
  if (agent && order.members.empty()) agent = placed ? 0 : agentForSite(order.wanted.site);
  if (agent && !order.confirmed.empty()) {
    std::vector<ProcessId> typed = {ProcessId(order.confirmed)};
    if (nameAt(*agent, typed)) order.confirmed = typed.front().value;
  }
  if (agent && placed) {
    const auto byId = context.ids.ownerOfDebugId(order.wanted.id);
    const auto byGroup = context.ids.ownerOfDebugId(order.wanted.group);
    if (order.members.empty()) agent = order.wanted.id.empty() ? byGroup.agent : byId.agent;
    order.wanted.id = byId.raw;
    order.wanted.group = byGroup.raw;
  }
  if (!agent || links.empty()) {
    done(agent ? fail(ErrorCode::Unavailable, "This session has no agent; attach to one.")
               : std::unexpected(agent.error()));
    return;
  }
  links[*agent]->debug(std::move(order), std::move(done));
}

// The home of a group is its server's agent.
void Cluster::Impl::link(std::vector<ProcessId> members, control::DebugDone done) {
  if (members.empty()) members = usualMembers();
  if (members.empty()) {
    done(fail(ErrorCode::NotFound, "No connected agent has a server to link; start one or attach to another agent."));
    return;
  }
  std::optional<std::size_t> home;
  bool server = false;
  for (const ProcessId& id : members) {
    const auto owner = ownerOf(id);
    if (!owner) {
      done(fail(ErrorCode::NotFound, fmt::format("There is no process {} in this session.", id.value)));
      return;
    }
    const bool serves = links[owner->agent]->isServer(ProcessId(owner->raw));
    if (!home || (serves && !server)) home = owner->agent;
    server = server || serves;
  }
  (void)nameAt(*home, members);
  links[*home]->debug(control::LinkOrder{std::move(members), options.endpoints[*home]}, std::move(done));
}

// The first server that is connected, and its editors, at whatever agent.
std::vector<ProcessId> Cluster::Impl::usualMembers() const {
  for (std::size_t home = 0; home < links.size(); ++home) {
    const auto server = links[home]->connected() ? links[home]->firstServer() : std::nullopt;
    if (!server) continue;
    std::vector<ProcessId> out = {shownAs(*server, home)};
    for (std::size_t i = 0; i < links.size(); ++i) {
      if (!links[i]->connected()) continue;
      for (const ProcessId& editor : i == home ? links[i]->ownEditors(*server) : links[i]->editorsOf(*server)) {
        out.push_back(shownAs(editor, i));
      }
    }
    return out;
  }
  return {};
}

ProcessId Cluster::Impl::shownAs(const ProcessId& raw, std::size_t agent) const {
  return links.size() == 1 ? raw : context.ids.shown(raw, agent);
}

void Cluster::Impl::resumeAll(control::DebugDone done) {
  auto join = std::make_shared<DebugJoin>();
  join->done = std::move(done);
  join->waiting = 1;
  for (const auto& link : links) {
    if (links.size() > 1 && (!link->connected() || link->groups().empty())) continue;
    ++join->waiting;
    link->debug(control::ResumeOrder{}, [join](Result<std::string> answer) { join->arrived(std::move(answer)); });
  }
  join->arrived(std::string());
}

}  // namespace qd::link
