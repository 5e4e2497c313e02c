// SPDX-License-Identifier: Apache-2.0
#include "core/control/change_member.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/control/ramp.h"

namespace qd::control {

using ingest::GuardState;
using ingest::TargetState;

ChangeMember::ChangeMember(ingest::ChangePlan plan, Live live) : plan_(std::move(plan)), live_(std::move(live)) {}

ChangeMember::Target* ChangeMember::find(const ProcessId& process) {
  const auto found =
      std::find_if(targets_.begin(), targets_.end(), [&](const auto& t) { return t.process == process; });
  return found == targets_.end() ? nullptr : &*found;
}

ChangeMember::Target& ChangeMember::at(const ProcessId& process) {
  if (Target* known = find(process)) return *known;
  Target& made = targets_.emplace_back();
  made.process = process;
  for (const ingest::Guard& guard : plan_.guards) made.meters.emplace_back(guard);
  return made;
}

// Should it have the values, or stand where it is on the way to them?
bool ChangeMember::wanted(const Target& target) {
  return target.goal == Goal::Apply || (target.goal == Goal::Settle && target.rampSince != 0 && target.share < 1);
}

void ChangeMember::turn(Target& target, TargetState state, const std::string& reason) {
  if (target.state == state && target.reason == reason) return;
  target.state = state;
  target.reason = reason;
  ++revision_;
}

Result<> ChangeMember::sync(const ChangeSync& sync, TimeNs now) {
  if (sync.fence < fence_) return fail(ErrorCode::Conflict, "A newer coordinator has taken this change over.");
  fence_ = sync.fence;
  heldUntil_ = sync.ttl.ns > 0 ? now + sync.ttl.ns : 0;
  for (const auto& [process, goal] : sync.goals) {
    Target& target = at(process);
    const bool goesOn = target.goal == Goal::Settle && goal == Goal::Apply && target.rampSince != 0 && target.share < 1;
    if (goesOn) target.rampSince = now - rampElapsed(plan_, target.share);
    target.goal = goal;
  }
  return {};
}

void ChangeMember::up(const ingest::ProcessInfo& info, std::optional<double> players) {
  Target* known = find(info.id);
  if (!known) return;
  Target& target = *known;
  const bool anew = target.instance.value != 0 && target.instance != info.instance;
  target.here = info.state != ingest::ProcessState::Gone;
  target.instance = info.instance;
  target.players = players;
  target.parked = info.state == ingest::ProcessState::Parked;
  if (target.here) target.awayUntil = 0;
  if (target.here && target.gone && !anew) {  // it was not gone after all, and has what we gave it
    target.gone = target.over = false;
    turn(target, TargetState::Unknown, "it has come back with the values");
  }
  for (auto& meter : target.meters) meter.parked(target.parked);
  target.series.clear();
  for (const ingest::SeriesInfo& series : info.series) {
    for (std::uint32_t i = 0; i < plan_.guards.size(); ++i) {
      if (plan_.guards[i].series != series.name) continue;
      const double factor = series.integer ? std::pow(10.0, -series.scale) : 1.0;
      target.series.emplace(series.index.value, std::pair(i, factor));
    }
  }
  if (!anew) return;
  target.held.clear();
  target.pending.clear();
  target.gone = false;
  target.share = 0;
  target.rampSince = 0;
  if (target.state != TargetState::Waiting && !target.over) {
    target.over = true;
    turn(target, TargetState::Reverted, "it was started anew, with its own values");
  }
}

void ChangeMember::down(const ProcessId& process, TimeNs) {
  Target* target = find(process);
  if (!target || !target->here) return;
  target->here = false;
  ++revision_;
  const bool touched = !target->held.empty() && !target->over && target->goal == Goal::Apply;
  if (touched && watched()) {
    revertAll(fmt::format("{} ended after it had got the values", process.value), target->tick);
  }
}

void ChangeMember::tick(const ProcessId& process, Tick tick) {
  if (Target* target = find(process)) target->tick = tick;
}

void ChangeMember::gap(const ProcessId& process) {
  Target* target = find(process);
  if (!target) return;
  for (auto& meter : target->meters) meter.broken(target->tick + 1);
}

void ChangeMember::samples(const ingest::SampleBlock& block) {
  Target* target = find(block.process.id);
  if (!target || target->series.empty() || block.ticks.empty()) return;
  if (block.dropped > 0) {
    for (auto& meter : target->meters) meter.broken(block.ticks.front());
  }
  for (const ingest::Column& column : block.columns) {
    const auto [first, last] = target->series.equal_range(column.series.value);
    for (auto it = first; it != last; ++it) {
      GuardMeter& meter = target->meters[it->second.first];
      for (std::size_t i = 0; i < column.size(); ++i) {
        const double raw =
            std::visit([i](const auto& values) { return static_cast<double>(values[i]); }, column.values);
        meter.add(block.ticks[column.rows.empty() ? i : column.rows[i]], raw * it->second.second);
      }
    }
  }
}

void ChangeMember::revertAll(const std::string& reason, Tick breachTick) {
  if (reverting_) return;
  reverting_ = true;
  reason_ = reason;
  breachTick_ = breachTick;
  ++revision_;
}

// A guard that concerns a process alone, while its values are there.
void ChangeMember::watch(Target& target) {
  if (target.held.empty() || target.over || !wanted(target) || reverting_) return;
  Tick newest = -1;
  for (const GuardMeter& meter : target.meters) newest = std::max(newest, meter.newest());
  if (newest == target.judgedAt) return;
  target.judgedAt = newest;
  for (std::uint32_t i = 0; i < plan_.guards.size(); ++i) {
    const ingest::Guard& guard = plan_.guards[i];
    if (guard.group || guard.observe || guard.basis == ingest::GuardBasis::Untouched) continue;
    const auto reading = target.meters[i].judge();
    if (reading.state != GuardState::Breached) continue;
    revertAll(
        fmt::format("{} breached: {} {:.4g} at tick {}", target.process.value, guard.series, reading.value, newest),
        newest);
    return;
  }
}

bool ChangeMember::settled() const {
  return std::all_of(targets_.begin(), targets_.end(), [](const Target& target) {
    return target.pending.empty() && (target.goal == Goal::Untouched || target.goal == Goal::Settle || target.over);
  });
}

bool ChangeMember::busy() const {
  return !settled();
}

ingest::ChangeState ChangeMember::report() const {
  ingest::ChangeState out;
  out.plan = plan_;
  out.revision = revision_;
  out.phase = reverting_ ? ingest::ChangePhase::Reverting : ingest::ChangePhase::Pushing;
  out.reason = reason_;
  out.breachTick = breachTick_;
  for (const Target& target : targets_) {
    ingest::ChangeTarget& to = out.targets.emplace_back();
    to.process = target.process;
    to.state = target.state;
    to.tick = target.appliedAt;
    if (target.state == TargetState::Reverted && target.appliedAt > breachTick_) out.revertTick = target.appliedAt;
    to.pushId = target.pushId;
    to.reason = target.reason;
    to.players = target.players;
    for (const Held& held : target.held) to.base.push_back({held.name, held.before, held.version});
    for (std::uint32_t i = 0; i < target.meters.size(); ++i) {
      ingest::GuardReading reading = target.meters[i].judge();
      if (!target.here) {
        reading.state = GuardState::Paused;
        reading.reason = "it is not here";
      }
      reading.guard = i;
      reading.process = target.process;
      out.readings.push_back(std::move(reading));
    }
  }
  return out;
}

}  // namespace qd::control
