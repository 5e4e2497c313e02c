// SPDX-License-Identifier: Apache-2.0
// What became of a push whose outcome is not known everywhere: the agents are asked until they say.
#include <fmt/format.h>

#include <algorithm>

#include "core/link/cluster_impl.h"

namespace qd::link {
namespace {

using ingest::PushResult;
using ingest::PushStatus;
using Pushes = std::vector<PushResult>;

constexpr std::int64_t kAskEvery = 500 * kNsPerMs;

PushResult resultFor(const control::PushOrder& order, const ProcessId& target, PushStatus status, std::string reason) {
  PushResult out;
  out.pushId = order.pushId;
  out.process.id = target;
  out.status = status;
  out.time = utcNowNs();
  out.who = order.who;
  out.comment = order.comment;
  out.reason = std::move(reason);
  return out;
}

bool isKnown(const PushResult& result) {
  return result.status == PushStatus::Applied || result.status == PushStatus::Rejected;
}

// One round of questions.
struct Round {
  std::size_t waiting = 1;
  Pushes results;
};

}  // namespace

void Cluster::Impl::settlePush(const control::PushOrder& order, std::int64_t deadline, control::PushDone done) {
  auto round = std::make_shared<Round>();
  std::map<std::size_t, std::vector<ProcessId>> parts;
  for (const ProcessId& target : order.targets) {
    const auto owner = ownerOf(target);
    if (owner) {
      parts[owner->agent].push_back(target);
    } else {
      round->results.push_back(resultFor(order, target, PushStatus::Rejected, "It is in no session."));
    }
  }
  const auto over = [this, order, deadline, done, round] {
    if (--round->waiting > 0) return;
    const bool known = std::all_of(round->results.begin(), round->results.end(), isKnown);
    if (known || closing || monotonicNs() >= deadline) return done(std::move(round->results));
    context.calls->add();
    context.loop->after(kAskEvery, [this, order, deadline, done] {
      settlePush(order, deadline, done);
      context.calls->done();
    });
  };
  round->waiting += parts.size();
  for (auto& [agent, targets] : parts) {
    links[agent]->queryPush(
        order.pushId, true, [this, order, agent = agent, targets, round, over](Result<Pushes> answer) {
          if (answer) shown(*answer, agent);
          for (const ProcessId& target : targets) {
            if (!answer && answer.error().code == ErrorCode::NotFound) {
              round->results.push_back(resultFor(order, target, PushStatus::Rejected, "It never reached its agent."));
              continue;
            }
            const auto same = [&](const PushResult& result) { return result.process.id == target; };
            const auto found = answer ? std::find_if(answer->begin(), answer->end(), same) : Pushes::iterator{};
            if (answer && found != answer->end()) {
              round->results.push_back(*found);
            } else {
              const std::string why = answer ? "The agent gave no result for it." : answer.error().message;
              round->results.push_back(resultFor(order, target, PushStatus::Unknown, why));
            }
          }
          over();
        });
  }
  over();
}

}  // namespace qd::link
