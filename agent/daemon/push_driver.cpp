// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/push_driver.h"

#include <fmt/format.h>

#include <algorithm>

namespace qd::daemon {
namespace {

constexpr std::size_t kActionsRemembered = 256;
constexpr std::size_t kPushesOpen = 4096;
constexpr std::size_t kProcessRemembers = 64;  // results, as the probe does

std::string pushText(const control::PushOrder& order) {
  std::string out = fmt::format("push {}:", order.pushId);
  for (const auto& assignment : order.assignments) {
    out += fmt::format(" {}={}", assignment.name, toText(assignment.value));
  }
  out += " to";
  for (const auto& target : order.targets) out += " " + target.value;
  return out;
}

std::string actionText(const control::ActionOrder& order) {
  std::string out = fmt::format("action {} in {}", order.name, order.target.value);
  for (const auto& [name, value] : order.arguments) out += fmt::format(" {}={}", name, toText(value));
  return out;
}

bool isSettled(const ingest::PushResult& result) {
  return result.status == ingest::PushStatus::Applied || result.status == ingest::PushStatus::Rejected;
}

}  // namespace

void PushDriver::push(control::PushOrder order, control::PushDone done) {
  // An earlier agent had it: what became of it is asked for, it is not done again.
  if (const auto old = recalled_.find(order.pushId); old != recalled_.end() && !tracker_.results(order.pushId)) {
    queryRecalled(old->second, std::move(done));
    return;
  }
  if (!tracker_.results(order.pushId)) {
    // A passing one was looked at with its change.
    auto allowed =
        order.temporary ? Result<>() : check({order.targets, order.assignments, order.comment, order.confirmed});
    if (!allowed) return done(std::unexpected(allowed.error()));
    open_[order.pushId] = {order.temporary, order.from};
    while (open_.size() > kPushesOpen) open_.erase(open_.begin());
    if (audit_ && !order.temporary) audit_(order.who, order.from, pushText(order), order.comment, "ordered");
  }
  const control::WaiterId waiter = nextWaiter_++;
  waiters_[waiter] = std::move(done);
  perform(tracker_.begin(order, waiter, utcNowNs()));
}

// An outcome that will not change any more.
void PushDriver::settled(const ingest::PushResult& result) {
  const auto known = open_.find(result.pushId);
  if (known == open_.end() || known->second.first) return;
  if (audit_) {
    audit_(result.who, known->second.second, fmt::format("push {}", result.pushId), result.comment,
           ingest::describe(result));
  }
  if (acknowledged_ && result.status == ingest::PushStatus::Applied) acknowledged_(result);
}

void PushDriver::query(const std::string& pushId, bool settle, control::PushDone done) {
  const control::WaiterId waiter = nextWaiter_++;
  auto actions = tracker_.query(pushId, waiter, utcNowNs());
  if (const auto old = recalled_.find(pushId); !actions && old != recalled_.end()) {
    queryRecalled(old->second, std::move(done));
    return;
  }
  if (!actions) {
    if (settle) tracker_.refuse(pushId);
    done(std::unexpected(actions.error()));
    return;
  }
  waiters_[waiter] = std::move(done);
  perform(std::move(*actions));
}

void PushDriver::recall(std::map<std::string, std::vector<ingest::PushResult>> pushes) {
  for (auto& [id, results] : pushes) recalled_[id].results = std::move(results);
}

std::vector<ingest::PushResult> PushDriver::recalled(const std::string& prefix) const {
  std::vector<ingest::PushResult> out;
  for (auto it = recalled_.lower_bound(prefix); it != recalled_.end() && it->first.starts_with(prefix); ++it) {
    out.insert(out.end(), it->second.results.begin(), it->second.results.end());
  }
  return out;
}

bool PushDriver::neverArrived(const std::string& pushId, const ProcessId& process) const {
  return neverArrived_.contains({pushId, process});
}

// Does the process still remember everything from that push on?
bool PushDriver::isRemembered(const ingest::PushResult& result) const {
  const auto here = sent_.find(result.process.id);
  std::size_t later = here == sent_.end() ? 0 : here->second;
  for (const auto& [id, push] : recalled_) {
    later += static_cast<std::size_t>(std::count_if(push.results.begin(), push.results.end(), [&](const auto& other) {
      return other.process == result.process && other.time >= result.time;
    }));
  }
  return later < kProcessRemembers;
}

void PushDriver::queryRecalled(Recalled& push, control::PushDone done) {
  bool asked = false;
  for (const auto& result : push.results) {
    if (isSettled(result)) continue;
    ProbeSession* session = find_(result.process.id);
    if (session && session->info().instance != result.process.instance) continue;
    if (session) session->askPush(result.pushId);
    asked = true;  // or is as soon as the process has come back
  }
  push.waiting.push_back(std::move(done));
  if (!asked) {
    answer(push);
  } else {
    push.deadline = utcNowNs() + 2 * kNsPerSecond;
  }
}

bool PushDriver::answersRecalled(const ingest::PushResult& result) {
  const auto old = recalled_.find(result.pushId);
  if (old == recalled_.end() || tracker_.results(result.pushId)) return false;
  bool open = false;
  for (auto& known : old->second.results) {
    if (known.process == result.process && !isSettled(known)) {
      const std::string who = known.who, comment = known.comment;
      const bool remembered = isRemembered(known);
      known = result;
      // It came over a new connection, so nothing of the old one is on its way any more.
      if (known.status == ingest::PushStatus::Unknown && remembered) {
        known.status = ingest::PushStatus::Rejected;
        known.reason = "It never came through: the agent ended before it was sent.";
        neverArrived_.emplace(known.pushId, known.process.id);
      }
      known.who = who;
      known.comment = comment;
      if (isSettled(known)) log_.append(known);
    }
    open = open || known.status == ingest::PushStatus::Pending;
  }
  if (!open) answer(old->second);
  return true;
}

void PushDriver::answer(Recalled& push) {
  for (auto& result : push.results) {
    if (result.status == ingest::PushStatus::Pending) result.status = ingest::PushStatus::Unknown;
  }
  const auto waiting = std::exchange(push.waiting, {});
  push.deadline = 0;
  for (const auto& done : waiting) done(push.results);
}

void PushDriver::perform(control::PushActions actions) {
  for (auto& action : actions) {
    auto* publish = std::get_if<control::PublishPush>(&action);
    if (!publish) continue;
    const ingest::PushResult result = publish->result;
    log_.append(std::move(publish->result));
    if (result.status != ingest::PushStatus::Pending) settled(result);
  }
  const auto isSent = [](const control::PushAction& action) {
    return std::holds_alternative<control::SendPush>(action);
  };
  if (std::any_of(actions.begin(), actions.end(), isSent)) {
    log_.urge();
  } else {
    log_.notify();
  }
  const std::uint64_t logged = log_.last();
  for (auto& action : actions) {
    if (auto* send = std::get_if<control::SendPush>(&action)) {
      unsafe_.emplace_back(logged, std::move(*send));
    } else if (auto* ask = std::get_if<control::AskPush>(&action)) {
      if (ProbeSession* session = find_(ask->process)) session->askPush(ask->pushId);
    } else if (auto* answer = std::get_if<control::AnswerPush>(&action)) {
      const auto waiter = waiters_.find(answer->waiter);
      if (waiter == waiters_.end()) continue;
      const control::PushDone done = std::move(waiter->second);
      waiters_.erase(waiter);
      done(std::move(answer->results));
    }
  }
}

void PushDriver::sendSafe(std::uint64_t persisted) {
  while (!unsafe_.empty() && unsafe_.front().first <= persisted) {
    const control::SendPush send = std::move(unsafe_.front().second);
    unsafe_.pop_front();
    ProbeSession* session = find_(send.process);
    if (!session) continue;
    ++sent_[send.process];
    session->push(send.order);
  }
}

void PushDriver::onTime(TimeNs now, std::uint64_t persisted) {
  sendSafe(persisted);
  if (const auto deadline = tracker_.nextDeadline(); deadline && *deadline <= now) perform(tracker_.onTime(now));
  for (auto& [id, push] : recalled_) {
    if (push.deadline != 0 && push.deadline <= now) answer(push);
  }
  std::vector<std::string> late;
  for (const auto& [id, action] : actions_) {
    if (action.deadline <= now) late.push_back(id);
  }
  for (const auto& id : late) {
    const auto& order = actions_[id].order;
    finish(id, fail(ErrorCode::Timeout,
                    fmt::format("{} has not answered the action {} in time; whether it ran is not known.",
                                order.target.value, order.name)));
  }
}

void PushDriver::up(const ProbeSession& session) {
  ProbeSession* here = find_(session.info().id);
  for (const auto& [id, push] : recalled_) {
    for (const auto& result : push.results) {
      const bool open = !push.waiting.empty() && !isSettled(result);
      if (open && here && result.process == here->ref()) here->askPush(id);
    }
  }
  perform(tracker_.onProcessUp(session.info().id, session.info().instance));
}

void PushDriver::down(const ProcessId& process) {
  tracker_.onProcessDown(process);
  std::vector<std::string> lost;
  for (const auto& [id, action] : actions_) {
    if (action.order.target == process) lost.push_back(id);
  }
  for (const auto& id : lost) {
    finish(id,
           fail(ErrorCode::Unavailable,
                fmt::format("{} went away before it answered; whether the action ran is not known.", process.value)));
  }
}

void PushDriver::on(ingest::PushResult result) {
  if (!answersRecalled(result)) perform(tracker_.onResult(std::move(result)));
}

void PushDriver::runAction(control::ActionOrder order, control::ActionDone done) {
  const auto known = std::find_if(actionResults_.begin(), actionResults_.end(),
                                  [&](const auto& result) { return result.actionId == order.actionId; });
  if (known != actionResults_.end()) {
    done(*known);
    return;
  }
  if (actions_.contains(order.actionId)) {
    done(fail(ErrorCode::Conflict, fmt::format("The action {} is under way already.", order.actionId)));
    return;
  }
  ProbeSession* session = find_(order.target);
  if (!session) {
    done(fail(ErrorCode::NotFound, fmt::format("There is no live process \"{}\" here.", order.target.value)));
    return;
  }
  const auto& offered = session->info().actions;
  const auto spec = std::find_if(offered.begin(), offered.end(), [&](const auto& a) { return a.name == order.name; });
  if (spec == offered.end()) {
    done(fail(ErrorCode::NotFound,
              fmt::format("{} offers no action \"{}\"; describe lists them.", order.target.value, order.name)));
    return;
  }
  if (auto allowed = checkAction(*spec, order); !allowed) return done(std::unexpected(allowed.error()));
  if (audit_) audit_(order.who, order.from, actionText(order), order.why, "ordered");
  const std::int64_t timeout = order.timeout.ns > 0 ? order.timeout.ns : 5 * kNsPerSecond;
  session->runAction(order);
  const std::string id = order.actionId;
  actions_[id] = {std::move(order), std::move(done), utcNowNs() + timeout};
}

void PushDriver::on(ingest::ActionResult result) {
  const auto action = actions_.find(result.actionId);
  if (action != actions_.end()) {
    result.who = action->second.order.who;
    result.name = action->second.order.name;
  }
  actionResults_.push_back(result);
  if (actionResults_.size() > kActionsRemembered) actionResults_.pop_front();
  log_.append(result);
  log_.notify();
  finish(result.actionId, result);
}

void PushDriver::finish(const std::string& actionId, const Result<ingest::ActionResult>& result) {
  const auto found = actions_.find(actionId);
  if (found == actions_.end()) return;
  const control::ActionDone done = std::move(found->second.done);
  if (audit_) {
    const auto& order = found->second.order;
    const std::string outcome =
        !result ? result.error().message
                : fmt::format("{} at tick {}: {}", result->ok ? "done" : "failed", result->tick, result->text);
    audit_(order.who, order.from, actionText(order), order.why, outcome);
  }
  actions_.erase(found);
  done(result);
}

std::string PushDriver::who(const std::string& pushId) const {
  const auto* results = tracker_.results(pushId);
  return results && !results->empty() ? results->front().who : std::string();
}

void PushDriver::failAll(const std::string& reason) {
  auto waiters = std::move(waiters_);
  waiters_.clear();
  for (auto& [id, done] : waiters) done(fail(ErrorCode::Unavailable, reason));
  for (auto& [id, push] : recalled_) answer(push);
  auto actions = std::move(actions_);
  actions_.clear();
  for (auto& [id, action] : actions) action.done(fail(ErrorCode::Unavailable, reason));
}

}  // namespace qd::daemon
