// SPDX-License-Identifier: Apache-2.0
// Which agent a change over time concerns. The agent of its first target coordinates it; the others are its peers.
#include <fmt/format.h>

#include <algorithm>

#include "core/control/experiment_text.h"
#include "core/link/cluster_impl.h"

namespace qd::link {
namespace {

using Changes = std::vector<ingest::ChangeState>;

struct ChangesJoin {
  std::size_t waiting = 0;
  Changes changes;
  std::optional<Error> error;
  bool anyOk = false;
  control::ChangesDone done;

  void arrived(Result<Changes> answer) {
    if (answer) {
      anyOk = true;
      std::move(answer->begin(), answer->end(), std::back_inserter(changes));
    } else {
      error = answer.error();
    }
    if (--waiting > 0) return;
    anyOk || !error ? done(std::move(changes)) : done(std::unexpected(*error));
  }
};

}  // namespace

Result<AgentLink*> Cluster::Impl::linkAt(const std::string& endpoint) {
  if (links.empty()) return fail(ErrorCode::Unavailable, "This session has no agent; attach to one.");
  for (std::size_t i = 0; i < links.size(); ++i) {
    if (endpoint.empty() ? links[i]->connected() : options.endpoints[i] == endpoint) return links[i].get();
  }
  if (!endpoint.empty()) return fail(ErrorCode::NotFound, fmt::format("There is no agent {} here.", endpoint));
  return links.front().get();  // which says why it is not connected
}

// Targets come as the session names them, and leave as their agents do: those of the first one's agent, and the others.
Result<Cluster::Impl::Split> Cluster::Impl::split(const std::vector<ProcessId>& targets) const {
  std::optional<std::size_t> home;
  Split out;
  std::map<std::size_t, std::vector<ProcessId>> others;
  for (const ProcessId& target : targets) {
    const auto owner = ownerOf(target);
    if (!owner) return fail(ErrorCode::NotFound, fmt::format("There is no process {} in this session.", target.value));
    if (!home) home = owner->agent;
    auto& list = owner->agent == *home ? out.mine : others[owner->agent];
    list.emplace_back(owner->raw);
  }
  if (!home) return fail(ErrorCode::InvalidArgument, "The change names no process.");
  out.home = *home;
  for (auto& [agent, list] : others) out.peers.push_back({options.endpoints[agent], std::move(list)});
  return out;
}

void Cluster::Impl::startChange(ingest::ChangePlan plan, control::ChangeDone done) {
  auto parts = split(plan.targets);
  if (!parts) return done(std::unexpected(parts.error()));
  plan.targets = std::move(parts->mine);
  plan.peers = std::move(parts->peers);
  links[parts->home]->startChange(plan, [this, home = parts->home, done](Result<ingest::ChangeState> answer) {
    if (!answer || links.size() == 1) return done(std::move(answer));
    ingest::Event event(std::move(*answer));
    context.ids.qualify(event, home);
    done(std::get<ingest::ChangeState>(std::move(event)));
  });
}

// The agent of its first target runs an experiment; what is no experiment goes to any agent.
void Cluster::Impl::share(control::SharedWrite write, const control::SharedDone& done) {
  const std::string process = control::processInKey(write.item.key);
  if (process.empty()) {
    auto link = linkAt({});
    return link ? (*link)->share(write, done) : done(std::unexpected(link.error()));
  }
  auto state = control::experimentFrom(write.item.value);
  if (state && !write.item.removed) {
    auto parts = split(state->plan.targets);
    if (!parts) return done(std::unexpected(parts.error()));
    state->plan.targets = std::move(parts->mine);
    state->plan.peers = std::move(parts->peers);
    write.item.key = control::experimentKey(state->plan);
    write.item.value = control::encode(*state);
    return links[parts->home]->share(write, done);
  }
  const auto owner = ownerOf(ProcessId(process));
  owner ? links[owner->agent]->share(write, done)
        : done(fail(ErrorCode::NotFound, fmt::format("There is no process {} in this session.", process)));
}

// Whoever coordinates the change carries it out; nobody else knows it, which is no failure.
void Cluster::Impl::orderChange(const control::ChangeVerb& verb, control::ChangesDone done) {
  auto join = std::make_shared<ChangesJoin>();
  join->done = std::move(done);
  join->waiting = links.size() + 1;
  for (std::size_t i = 0; i < links.size(); ++i) {
    links[i]->orderChange(verb, [this, join, i](Result<Changes> answer) {
      if (answer && links.size() > 1) {
        for (auto& change : *answer) {
          ingest::Event event(std::move(change));
          context.ids.qualify(event, i);
          change = std::get<ingest::ChangeState>(std::move(event));
        }
      }
      join->arrived(std::move(answer));
    });
  }
  join->waiting == 1 ? join->arrived(fail(ErrorCode::Unavailable, "This session has no agent; attach to one."))
                     : join->arrived(std::unexpected(Error{ErrorCode::NotFound, "There is no such change."}));
}

void Cluster::Impl::adopt(control::AdoptOrder order, control::AdoptDone done) {
  const auto owner = ownerOf(order.process);
  if (!owner) {
    done(fail(ErrorCode::NotFound, fmt::format("There is no process {} in this session.", order.process.value)));
    return;
  }
  const ProcessId shownAs = order.process;
  order.process = ProcessId(owner->raw);
  links[owner->agent]->adopt(order, [shownAs, done](Result<ingest::ParameterChange> answer) {
    if (answer) answer->process.id = shownAs;
    done(std::move(answer));
  });
}

}  // namespace qd::link
