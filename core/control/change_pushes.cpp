// SPDX-License-Identifier: Apache-2.0
// The pushes of a ChangeMember: forward along the ramp, back where it is still ours, and what came of each.
#include <fmt/format.h>

#include <algorithm>

#include "core/control/change_member.h"
#include "core/control/conflict.h"
#include "core/control/ramp.h"

namespace qd::control {

using ingest::PushStatus;
using ingest::TargetState;

namespace {

constexpr std::int64_t kComesBackWithin = 10 * kNsPerSecond;
constexpr std::int64_t kAskEvery = 2 * kNsPerSecond;
constexpr std::size_t kMostPlanId = 40;

// At most 64 bytes.
std::string pushIdFor(const ingest::ChangePlan& plan, const ProcessId& process, std::uint32_t n, bool reverts) {
  std::uint32_t hash = 2166136261U;
  for (const char c : process.value) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return fmt::format("{}.{:08x}.{}{}", plan.id.substr(0, kMostPlanId), hash, reverts ? "r" : "", n);
}

}  // namespace

MemberActions ChangeMember::step(TimeNs now) {
  MemberActions out;
  const bool silent = heldUntil_ != 0 && now > heldUntil_;
  const bool anyApplies =
      std::any_of(targets_.begin(), targets_.end(), [](const Target& t) { return t.goal == Goal::Apply && !t.over; });
  if (silent && anyApplies) revertAll("its coordinator has been silent for too long", 0);
  for (Target& target : targets_) watch(target);
  for (Target& target : targets_) stepTarget(target, now, out);
  return out;
}

// Not here: an earlier agent's process, and one that has not answered yet, gets time to come back before its values
// count as gone with it.
bool ChangeMember::away(Target& target, TimeNs now) {
  if (target.here || target.over) return false;
  if (target.awayUntil != 0 && now < target.awayUntil) {
    turn(target, TargetState::Unknown, "it is not here; what it has is not known until it comes back");
    return true;
  }
  target.pending.clear();
  target.over = target.gone = true;
  turn(target, TargetState::Reverted, "it is gone, and its values with it");
  return true;
}

void ChangeMember::stepTarget(Target& target, TimeNs now, MemberActions& out) {
  if (!target.pending.empty()) {
    if (!target.here && target.awayUntil == 0) target.awayUntil = now + kComesBackWithin;
    if (away(target, now)) return;
    if (now < target.askAt || !target.here) return;
    target.askAt = now + kAskEvery;
    out.emplace_back(AskAgain{target.process, target.pending});
    turn(target, TargetState::Unknown, "its outcome is not known yet; it is asked for again");
    return;
  }
  if (target.over) return;
  const bool back = target.goal == Goal::Revert || (reverting_ && wanted(target));
  if (back) {
    takeBack(target, now, out);
  } else if (target.goal == Goal::Apply) {
    advance(target, now, out);
  }
}

void ChangeMember::advance(Target& target, TimeNs now, MemberActions& out) {
  if (target.share >= 1) return;
  if (!target.here) return turn(target, target.state, "it is not here");
  if (plan_.atTick > 0 && target.rampSince == 0 && !target.waits && target.tick >= plan_.atTick) {
    target.over = true;
    return turn(target, TargetState::Rejected,
                fmt::format("tick {} is over: it is at {}; nothing was done", plan_.atTick, target.tick));
  }
  target.waits = true;
  // The push takes its place at the start of the next tick.
  if (plan_.atTick > 0 && target.rampSince == 0 && target.tick < plan_.atTick - 1) return;
  if (target.rampSince == 0) target.rampSince = now;
  const double share = rampShare(plan_, now - target.rampSince);
  if (share <= target.share) return;
  std::vector<Assignment> assignments;
  for (const ingest::ChangeValue& value : plan_.values) {
    const auto held =
        std::find_if(target.held.begin(), target.held.end(), [&](const auto& h) { return h.name == value.name; });
    const auto live = live_(target.process, value.name);
    Assignment assignment{value.name, value.value, value.expectedVersion};
    if (held != target.held.end()) assignment.expectedVersion = held->version;
    if (share < 1) {
      const Value from = held != target.held.end() ? held->before : live ? live->value : Value();
      if (!canRamp(from, value.value)) continue;  // it comes at the end
      assignment.value = rampValue(from, value.value, share);
    }
    // Nobody else's change may be overwritten along the way, nor be taken for what was before.
    if (!assignment.expectedVersion && live) assignment.expectedVersion = live->version;
    assignments.push_back(std::move(assignment));
  }
  target.sentShare = share;
  if (assignments.empty()) {
    target.share = share;
    return;
  }
  send(target, std::move(assignments), false, now, out);
}

void ChangeMember::takeBack(Target& target, TimeNs now, MemberActions& out) {
  if (target.held.empty()) {
    target.over = true;
    return;
  }
  if (away(target, now)) return;
  std::vector<Assignment> assignments;
  for (const Held& held : target.held) {
    const auto live = live_(target.process, held.name);
    // A lower version: the news of our own push is still on its way.
    if (live && live->version <= held.version) assignments.push_back({held.name, held.before, held.version});
  }
  if (assignments.empty()) {
    target.over = true;
    return turn(target, TargetState::Foreign, "somebody has changed it since: it was left alone");
  }
  send(target, std::move(assignments), true, now, out);
}

void ChangeMember::send(Target& target, std::vector<Assignment> assignments, bool reverts, TimeNs now,
                        MemberActions& out) {
  PushOrder order;
  order.pushId = pushIdFor(plan_, target.process, ++target.pushes, reverts);
  order.targets = {target.process};
  order.assignments = std::move(assignments);
  target.asked = order.assignments;
  order.who = plan_.who;
  order.from = plan_.from;
  order.temporary = true;
  order.comment =
      reverts ? fmt::format("revert of {}{}{}", plan_.id, reason_.empty() ? "" : ": ", reason_) : plan_.comment;
  target.pending = order.pushId;
  target.pendingReverts = reverts;
  target.sentAt = now;
  target.askAt = now + order.timeout.ns;
  target.pushId = order.pushId;
  turn(target, reverts ? TargetState::Reverting : TargetState::Pushing, "");
  out.emplace_back(std::move(order));
}

void ChangeMember::result(const ingest::PushResult& result) {
  Target* target = find(result.process.id);
  if (!target || target->pending.empty() || target->pending != result.pushId) return;
  if (result.status == PushStatus::Applied) {
    target->pending.clear();
    applied(*target, result);
  } else if (result.status == PushStatus::Rejected) {
    target->pending.clear();
    rejected(*target, result);
  } else if (result.status == PushStatus::Unknown) {
    turn(*target, TargetState::Unknown, result.reason);
  }
}

void ChangeMember::neverArrived(const ProcessId& process, const std::string& pushId) {
  Target* target = find(process);
  if (!target || target->pending.empty() || target->pending != pushId) return;
  target->pending.clear();
  turn(*target, target->pendingReverts ? TargetState::Reverting : TargetState::Waiting, "it is sent again");
}

void ChangeMember::applied(Target& target, const ingest::PushResult& result) {
  target.appliedAt = result.tick;
  if (target.pendingReverts) {
    for (auto& meter : target.meters) meter.applied(result.tick);
    target.over = true;
    const bool all = result.parameters.size() >= target.held.size();
    return turn(target, TargetState::Reverted, all ? "" : "what somebody has changed since was left alone");
  }
  const bool first = target.held.empty();
  if (first) {
    for (auto& meter : target.meters) meter.applied(result.tick);
  }
  for (const ingest::ParameterResult& parameter : result.parameters) {
    const auto held =
        std::find_if(target.held.begin(), target.held.end(), [&](const Held& h) { return h.name == parameter.name; });
    if (held == target.held.end()) {
      target.held.push_back({parameter.name, parameter.oldValue, parameter.version, parameter.newValue});
    } else {
      held->version = parameter.version;
      held->now = parameter.newValue;
    }
  }
  target.share = target.sentShare ? *target.sentShare : shareOf(target);
  if (target.share < 1 && target.rampSince == 0) target.rampSince = target.sentAt - rampElapsed(plan_, target.share);
  std::string note;
  if (plan_.atTick > 0 && first && result.tick != plan_.atTick) {
    note = fmt::format("tick {} was asked for, it came at {}", plan_.atTick, result.tick);
  }
  turn(target, target.share >= 1 ? TargetState::Applied : TargetState::Pushing, note);
  ++revision_;
}

// Where somebody else was faster, both values.
std::string ChangeMember::whyRejected(const Target& target, const ingest::PushResult& result) const {
  for (const Assignment& asked : target.asked) {
    if (const auto conflict = conflictIn(asked, result, live_(target.process, asked.name))) return describe(*conflict);
  }
  for (const auto& parameter : result.parameters) {
    if (!parameter.reason.empty()) return fmt::format("{}: {}", parameter.name, parameter.reason);
  }
  return result.reason.empty() ? "it gave no reason" : result.reason;
}

void ChangeMember::rejected(Target& target, const ingest::PushResult& result) {
  const std::string why = whyRejected(target, result);
  if (!target.pendingReverts && target.held.empty()) {
    target.over = true;
    return turn(target, TargetState::Rejected, why);
  }
  // Along the way, or on the way back: the version is not ours any more.
  target.over = target.pendingReverts;
  target.share = 1;
  turn(target, TargetState::Foreign, why);
}

}  // namespace qd::control
