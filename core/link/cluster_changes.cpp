// SPDX-License-Identifier: Apache-2.0
// Which agent a change over time concerns. The agent of its first target coordinates it; the others are its peers.
#include <fmt/format.h>

#include <algorithm>

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

// Targets come as the session names them, and leave as their agents do.
void Cluster::Impl::startChange(ingest::ChangePlan plan, control::ChangeDone done) {
  std::optional<std::size_t> home;
  std::vector<ProcessId> mine;
  std::map<std::size_t, std::vector<ProcessId>> others;
  for (const ProcessId& target : plan.targets) {
    const auto owner = ownerOf(target);
    if (!owner) {
      done(fail(ErrorCode::NotFound, fmt::format("There is no process {} in this session.", target.value)));
      return;
    }
    if (!home) home = owner->agent;
    auto& list = owner->agent == *home ? mine : others[owner->agent];
    list.emplace_back(owner->raw);
  }
  if (!home) {
    done(fail(ErrorCode::InvalidArgument, "The change names no process."));
    return;
  }
  plan.targets = std::move(mine);
  plan.peers.clear();
  for (auto& [agent, list] : others) plan.peers.push_back({options.endpoints[agent], std::move(list)});
  links[*home]->startChange(plan, [this, home = *home, done](Result<ingest::ChangeState> answer) {
    if (!answer || links.size() == 1) return done(std::move(answer));
    ingest::Event event(std::move(*answer));
    context.ids.qualify(event, home);
    done(std::get<ingest::ChangeState>(std::move(event)));
  });
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
