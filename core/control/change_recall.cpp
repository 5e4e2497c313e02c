// SPDX-License-Identifier: Apache-2.0
// What a ChangeMember takes over from an earlier agent: how far each target was, and which push of it is still open.
#include <algorithm>
#include <charconv>

#include "core/control/change_member.h"
#include "core/control/ramp.h"

namespace qd::control {
namespace {

using ingest::PushStatus;
using ingest::TargetState;

constexpr std::int64_t kComesBackWithin = 10 * kNsPerSecond;

// "change.hash.7", "change.hash.r8"
struct PushNumber {
  std::uint32_t number = 0;
  bool reverts = false;
};

PushNumber numberOf(const std::string& pushId) {
  PushNumber out;
  std::string_view last = std::string_view(pushId).substr(pushId.rfind('.') + 1);
  out.reverts = last.starts_with('r');
  if (out.reverts) last.remove_prefix(1);
  std::from_chars(last.data(), last.data() + last.size(), out.number);
  return out;
}

}  // namespace

void ChangeMember::restore(const std::vector<ingest::ChangeTarget>& targets,
                           const std::vector<ingest::PushResult>& pushes, Duration grace, TimeNs now) {
  for (const ingest::ChangeTarget& before : targets) {
    Target& target = at(before.process);
    target.state = before.state;
    target.reason = before.reason;
    target.pushId = before.pushId;
    target.appliedAt = before.tick;
    target.sentAt = now;
    target.awayUntil = now + kComesBackWithin;
    target.pushes = before.pushId.empty() ? 0 : numberOf(before.pushId).number;
    target.over = before.state == TargetState::Reverted || before.state == TargetState::Rejected;
    for (const auto& value : before.base) {
      target.held.push_back({value.name, value.value, value.expectedVersion.value_or(0), Value()});
    }
    target.share = before.state == TargetState::Applied ? 1 : 0;
  }
  auto sorted = pushes;
  std::sort(sorted.begin(), sorted.end(),
            [](const auto& a, const auto& b) { return numberOf(a.pushId).number < numberOf(b.pushId).number; });
  for (const ingest::PushResult& push : sorted) {
    if (Target* target = find(push.process.id)) recall(*target, push);
  }
  for (Target& target : targets_) {
    if (target.over || (target.held.empty() && target.pending.empty())) continue;
    target.goal = Goal::Apply;
    if (target.held.empty() || target.share >= 1) continue;
    target.share = std::max(target.share, shareOf(target));
    target.rampSince = now - rampElapsed(plan_, target.share);
  }
  heldUntil_ = grace.ns > 0 ? now + grace.ns : 0;
  ++revision_;
}

void ChangeMember::recall(Target& target, const ingest::PushResult& push) {
  const PushNumber number = numberOf(push.pushId);
  if (number.number < target.pushes) return;  // what was told of the target is newer
  target.pushes = number.number;
  if (target.over && push.pushId == target.pushId) return;
  target.pushId = target.pending = push.pushId;
  target.pendingReverts = number.reverts;
  target.sentShare.reset();
  target.askAt = 0;
  if (push.status == PushStatus::Applied || push.status == PushStatus::Rejected) return result(push);
  turn(target, TargetState::Unknown, "an earlier agent sent it; its outcome is asked for again");
}

// How far along its ramp a target is, by the values that results told; 0 where none is known.
double ChangeMember::shareOf(const Target& target) const {
  if (plan_.ramp == ingest::RampShape::None) return target.held.empty() ? 0 : 1;
  for (const Held& held : target.held) {
    const auto wanted = std::find_if(plan_.values.begin(), plan_.values.end(),
                                     [&](const auto& value) { return value.name == held.name; });
    if (wanted == plan_.values.end() || !canRamp(held.before, wanted->value)) continue;
    if (held.now == wanted->value) return 1;
    const auto live =
        std::holds_alternative<std::monostate>(held.now) ? live_(target.process, held.name) : std::nullopt;
    const Value now = live ? live->value : held.now;
    if (now.index() != held.before.index()) continue;
    return rampPlace(held.before, wanted->value, now);
  }
  return 0;
}

}  // namespace qd::control
