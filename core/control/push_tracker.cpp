// SPDX-License-Identifier: Apache-2.0
#include "core/control/push_tracker.h"

#include <fmt/format.h>

#include <algorithm>

namespace qd::control {
namespace {

using ingest::PushStatus;

constexpr std::size_t kMost = 1000;
constexpr std::int64_t kAskAgain = 2 * kNsPerSecond;

}  // namespace

bool PushTracker::open(const Push& push) {
  return std::find(push.settled.begin(), push.settled.end(), false) != push.settled.end();
}

PushTracker::Push& PushTracker::remember(const PushOrder& order, TimeNs now) {
  while (order_.size() >= kMost) {
    pushes_.erase(order_.front());
    order_.pop_front();
  }
  order_.push_back(order.pushId);
  Push& push = pushes_[order.pushId];
  push.order = order;
  push.deadline = now + std::max<std::int64_t>(order.timeout.ns, kNsPerMs);
  for (const ProcessId& target : order.targets) {
    ingest::PushResult result;
    result.pushId = order.pushId;
    result.process.id = target;
    result.status = PushStatus::Pending;
    result.time = now;
    result.who = order.who;
    result.comment = order.comment;
    push.results.push_back(std::move(result));
    push.settled.push_back(false);
  }
  return push;
}

PushActions PushTracker::begin(const PushOrder& order, WaiterId waiter, TimeNs now) {
  PushActions out;
  const auto known = pushes_.find(order.pushId);
  if (known != pushes_.end()) {
    Push& push = known->second;
    push.waiters.push_back({waiter, push.deadline});
    answer(push, push.deadline == 0, now, out);
    return out;
  }
  Push& push = remember(order, now);
  push.waiters.push_back({waiter, push.deadline});
  for (std::size_t i = 0; i < push.results.size(); ++i) {
    ingest::PushResult& result = push.results[i];
    const auto live = live_.find(result.process.id);
    if (refused_.contains(order.pushId)) {
      result.status = PushStatus::Rejected;
      result.reason = "It came after its sender had given it up; nothing was done.";
      push.settled[i] = true;
    } else if (live == live_.end()) {
      result.status = PushStatus::Rejected;
      result.reason = fmt::format("{} is no live process of this agent.", result.process.id.value);
      push.settled[i] = true;
    } else {
      result.process.instance = live->second;
      PushOrder single = order;
      single.targets = {result.process.id};
      out.emplace_back(SendPush{result.process.id, std::move(single)});
    }
    out.emplace_back(PublishPush{result});
  }
  answer(push, false, now, out);
  return out;
}

// Whoever waits is answered when nothing is open, when its time is over, or with `all`.
void PushTracker::answer(Push& push, bool all, TimeNs now, PushActions& out) {
  const bool done = !open(push);
  if (done) push.deadline = 0;  // nothing of it is waited for any more
  std::erase_if(push.waiters, [&](const Waiter& waiter) {
    if (!all && !done && now < waiter.deadline) return false;
    out.emplace_back(AnswerPush{waiter.id, push.results});
    return true;
  });
}

Result<PushActions> PushTracker::query(const std::string& pushId, WaiterId waiter, TimeNs now) {
  const auto it = pushes_.find(pushId);
  if (it == pushes_.end()) {
    return fail(ErrorCode::NotFound, fmt::format("This agent has never seen a push {}.", pushId));
  }
  PushActions out;
  Push& push = it->second;
  push.waiters.push_back({waiter, now + kAskAgain});
  bool asked = false;
  for (std::size_t i = 0; i < push.results.size(); ++i) {
    const auto live = live_.find(push.results[i].process.id);
    if (push.settled[i] || live == live_.end() || live->second != push.results[i].process.instance) continue;
    out.emplace_back(AskPush{push.results[i].process.id, pushId});
    asked = true;
  }
  answer(push, !asked && push.deadline == 0, now, out);
  return out;
}

void PushTracker::refuse(const std::string& pushId) {
  if (pushes_.contains(pushId) || !refused_.insert(pushId).second) return;
  refusedOrder_.push_back(pushId);
  if (refusedOrder_.size() <= kMost) return;
  refused_.erase(refusedOrder_.front());
  refusedOrder_.pop_front();
}

void PushTracker::forget(WaiterId waiter) {
  for (auto& [id, push] : pushes_) {
    std::erase_if(push.waiters, [waiter](const Waiter& known) { return known.id == waiter; });
  }
}

PushActions PushTracker::onProcessUp(const ProcessId& process, InstanceId instance) {
  PushActions out;
  live_[process] = instance;
  for (auto& [id, push] : pushes_) {
    for (std::size_t i = 0; i < push.results.size(); ++i) {
      ingest::PushResult& result = push.results[i];
      if (push.settled[i] || result.process.id != process) continue;
      if (result.process.instance == instance) {
        out.emplace_back(AskPush{process, id});
      } else {
        result.status = PushStatus::Unknown;
        result.reason = fmt::format("{} was started anew before it answered.", process.value);
        push.settled[i] = true;  // nobody is left who could tell
        out.emplace_back(PublishPush{result});
        answer(push, false, 0, out);
      }
    }
  }
  return out;
}

void PushTracker::onProcessDown(const ProcessId& process) {
  live_.erase(process);
}

PushActions PushTracker::onResult(ingest::PushResult result) {
  PushActions out;
  const auto it = pushes_.find(result.pushId);
  if (it == pushes_.end()) return out;
  Push& push = it->second;
  for (std::size_t i = 0; i < push.results.size(); ++i) {
    ingest::PushResult& known = push.results[i];
    const bool ours = known.process.id == result.process.id && known.process.instance == result.process.instance;
    if (!ours || push.settled[i]) continue;
    result.who = push.order.who;
    result.comment = push.order.comment;
    push.settled[i] = result.status == PushStatus::Applied || result.status == PushStatus::Rejected;
    if (result.status == PushStatus::Unknown && push.deadline != 0) continue;  // it may still be on its way
    known = result;
    out.emplace_back(PublishPush{known});
  }
  answer(push, false, 0, out);
  return out;
}

PushActions PushTracker::onTime(TimeNs now) {
  PushActions out;
  for (auto& [id, push] : pushes_) {
    if (push.deadline != 0 && push.deadline <= now) {
      push.deadline = 0;
      for (std::size_t i = 0; i < push.results.size(); ++i) {
        ingest::PushResult& result = push.results[i];
        if (push.settled[i] || result.status != PushStatus::Pending) continue;
        result.status = PushStatus::Unknown;
        result.reason = fmt::format("{} has not answered in time; it is asked again.", result.process.id.value);
        out.emplace_back(PublishPush{result});
      }
    }
    answer(push, false, now, out);
  }
  return out;
}

std::optional<TimeNs> PushTracker::nextDeadline() const {
  std::optional<TimeNs> out;
  const auto earlier = [&](TimeNs time) { out = std::min(out.value_or(time), time); };
  for (const auto& [id, push] : pushes_) {
    if (push.deadline != 0 && open(push)) earlier(push.deadline);
    for (const Waiter& waiter : push.waiters) earlier(waiter.deadline);
  }
  return out;
}

bool takesBack(const ingest::PushResult& done, const Assignment& assignment) {
  if (done.status != PushStatus::Applied || !assignment.expectedVersion) return false;
  return std::any_of(done.parameters.begin(), done.parameters.end(), [&](const ingest::ParameterResult& parameter) {
    return parameter.name == assignment.name && parameter.version == *assignment.expectedVersion &&
           parameter.oldValue == assignment.value;
  });
}

bool PushTracker::takesBack(const ProcessId& process, const Assignment& assignment) const {
  return std::any_of(pushes_.begin(), pushes_.end(), [&](const auto& push) {
    return std::any_of(push.second.results.begin(), push.second.results.end(), [&](const ingest::PushResult& result) {
      return result.process.id == process && control::takesBack(result, assignment);
    });
  });
}

const std::vector<ingest::PushResult>* PushTracker::results(const std::string& pushId) const {
  const auto it = pushes_.find(pushId);
  return it == pushes_.end() ? nullptr : &it->second.results;
}

}  // namespace qd::control
