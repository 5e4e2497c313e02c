// SPDX-License-Identifier: Apache-2.0
// The phases of a ChangeCoordinator: what each waits for, and what its guards say.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/control/change_coordinator.h"
#include "core/control/guard_meter.h"

namespace qd::control {

using ingest::ChangePhase;
using ingest::GuardBasis;
using ingest::GuardReading;
using ingest::GuardState;
using ingest::TargetState;

namespace {

constexpr std::int64_t kVerifyWithin = 60 * kNsPerSecond;

bool isEvidence(const GuardReading& reading) {
  return reading.state == GuardState::Passing || reading.state == GuardState::Breached;
}

}  // namespace

void ChangeCoordinator::step(TimeNs now) {
  state_.readings = together();
  const bool unheld = heldUntil_ != 0 && now > heldUntil_ && state_.plan.onVanish == ingest::OnVanish::Revert;
  if (unheld && state_.phase != ChangePhase::Planned) revert("the console that held it is gone", 0, now);
  if (unheld && state_.phase == ChangePhase::Planned) {
    to(ChangePhase::Failed, "the console that held it went away before it began", now);
  }
  switch (state_.phase) {
    case ChangePhase::Planned:
      if (state_.plan.atTime > now) return;
      if (state_.plan.onWord && !word_)
        return to(ChangePhase::Planned, "it measures, and waits for the word to begin", now);
      return nextWave(now);
    case ChangePhase::Pushing:
    case ChangePhase::Soaking:
    case ChangePhase::Holding:
    case ChangePhase::Leased:
    case ChangePhase::Paused:
      for (const GuardReading& reading : state_.readings) {
        const auto& guard = state_.plan.guards[reading.guard];
        // What concerns one process alone is its member's, who knows the tick and has acted already.
        const bool mine = (guard.group || guard.basis == GuardBasis::Untouched) && !guard.observe;
        if (reading.state != GuardState::Breached || !mine) continue;
        breached_ = true;
        return revert(
            fmt::format("{} breached{}{}: {:.4g}{}", guard.series, reading.process.value.empty() ? "" : " in ",
                        reading.process.value, reading.value,
                        guard.basis == GuardBasis::Absolute ? std::string(" over all touched")
                                                            : fmt::format(" against {:.4g}", reading.reference)),
            0, now);
      }
      if (const std::string why = trouble(); rollout() && !why.empty()) return revert(why, 0, now);
      if (leaseUntil_ != 0 && now >= leaseUntil_) {  // also in a pause: what was lent goes back
        return revert("its time is over", 0, now);
      }
      if (state_.phase == ChangePhase::Paused || state_.phase == ChangePhase::Leased) return;
      return allAre(Goal::Apply, {TargetState::Applied}) || soakUntil_ != 0 ? fromSoaking(now) : fromPushing(now);
    case ChangePhase::Reverting:
      return fromReverting(now);
    case ChangePhase::Done:
      // Late ones of the selector: there as soon as they have it.
      for (std::size_t i = 0; i < rows_.size(); ++i) {
        if (rows_[i].goal == Goal::Apply && state_.targets[i].state == TargetState::Applied)
          rows_[i].goal = Goal::Settle;
      }
      return;
    case ChangePhase::Reverted:
    case ChangePhase::Failed:
      return;
  }
}

void ChangeCoordinator::nextWave(TimeNs now) {
  const bool first = state_.phase == ChangePhase::Planned || rows_.empty() ||
                     std::none_of(rows_.begin(), rows_.end(), [](const Row& r) { return r.goal == Goal::Apply; });
  if (first && state_.plan.canaryPlayers > 0 && !forced_) {
    assignWaves();
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (state_.targets[i].wave != 0 || rows_[i].canary) continue;
      return to(ChangePhase::Planned,
                fmt::format("it waits for {} servers with at least {} players", wanted(0), state_.plan.canaryPlayers),
                now);
    }
  }
  if (first && !forced_) {
    if (const std::string lacking = noReference(); !lacking.empty()) return to(ChangePhase::Planned, lacking, now);
  }
  forced_ = false;
  soakUntil_ = 0;
  state_.until = 0;
  apply(first ? 0 : state_.wave + 1);
  to(ChangePhase::Pushing, "", now);
}

void ChangeCoordinator::fromPushing(TimeNs now) {
  if (const std::string why = unknown(); !why.empty()) return to(ChangePhase::Holding, why, now);
  const bool answered =
      allAre(Goal::Apply, {TargetState::Applied, TargetState::Rejected, TargetState::Foreign, TargetState::Reverted});
  if (!answered) return to(ChangePhase::Pushing, "", now);
  // No rollout: what others say does not take back what is applied.
  const bool none = std::none_of(state_.targets.begin(), state_.targets.end(),
                                 [](const auto& t) { return t.state == TargetState::Applied; });
  if (none) return to(ChangePhase::Failed, trouble(), now);
  fromSoaking(now);
}

void ChangeCoordinator::fromSoaking(TimeNs now) {
  const auto& waves = state_.plan.waves;
  const std::int64_t soak = state_.wave < waves.size() ? waves[state_.wave].soak.ns : 0;
  if (soakUntil_ == 0) {
    soakUntil_ = now + soak;
    state_.until = soakUntil_;
    to(ChangePhase::Soaking, "", now);
  }
  if (now < soakUntil_ && !forced_) return;
  const bool last = state_.wave >= lastWave();
  const bool watched = soak > 0 || !last || waves.size() > 1;
  if (const std::string lacking = watched ? missing() : std::string(); !lacking.empty() && !forced_) {
    return to(ChangePhase::Holding, lacking, now);
  }
  if (!last) {
    const auto wave = state_.wave;
    forced_ = false;
    soakUntil_ = 0;
    state_.until = 0;
    apply(wave + 1);
    return to(ChangePhase::Pushing, "", now);
  }
  forced_ = false;
  if (state_.plan.lease.ns > 0) {
    leaseUntil_ = now - std::min(now - state_.since, soak) + state_.plan.lease.ns;
    state_.until = leaseUntil_;
    return to(ChangePhase::Leased, trouble(), now);
  }
  settle();
  state_.until = 0;
  to(ChangePhase::Done, trouble(), now);
}

// Back everywhere, then: did that help? Only a guard can tell.
void ChangeCoordinator::fromReverting(TimeNs now) {
  const bool back =
      allAre(Goal::Revert, {TargetState::Reverted, TargetState::Foreign, TargetState::Rejected, TargetState::Waiting});
  if (!back) return;
  if (!breached_ && !observed()) return to(ChangePhase::Reverted, state_.reason, now);
  if (verifyUntil_ == 0) {
    verifyUntil_ = now + kVerifyWithin;
    state_.until = verifyUntil_;
    ++state_.revision;
  }
  bool open = false, bad = false;
  for (std::uint32_t i = 0; i < state_.plan.guards.size(); ++i) {
    for (std::size_t t = 0; t < rows_.size(); ++t) {
      if (state_.targets[t].state != TargetState::Reverted) continue;
      const auto reading = judge(i, &state_.targets[t].process);
      if (!reading || !isEvidence(*reading)) open = true;
      if (reading && reading->state == GuardState::Breached) bad = true;
    }
  }
  if (open && now < verifyUntil_) return;
  state_.until = 0;
  state_.verdict = bad ? "reverted, not recovered" : open ? "reverted, recovery not known" : "reverted, recovered";
  to(ChangePhase::Reverted, state_.reason, now);
}

std::string ChangeCoordinator::trouble() const {
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const auto& target = state_.targets[i];
    if (rows_[i].goal != Goal::Apply) continue;
    if (target.state == TargetState::Rejected)
      return fmt::format("{} rejected it: {}", target.process.value, target.reason);
    if (target.state == TargetState::Foreign) {
      return fmt::format("somebody else changed {} meanwhile: {}", target.process.value, target.reason);
    }
    if (target.state == TargetState::Reverted) return fmt::format("{}: {}", target.process.value, target.reason);
  }
  return {};
}

std::string ChangeCoordinator::unknown() const {
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const auto& target = state_.targets[i];
    if (rows_[i].goal == Goal::Apply && target.state == TargetState::Unknown) {
      return fmt::format("the outcome at {} is not known: {}", target.process.value, target.reason);
    }
  }
  return {};
}

bool ChangeCoordinator::observed() const {
  const auto& guards = state_.plan.guards;
  return std::any_of(guards.begin(), guards.end(), [](const auto& guard) { return guard.observe; });
}

bool ChangeCoordinator::touched(const ProcessId& process) const {
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (state_.targets[i].process == process) return rows_[i].goal != Goal::Untouched;
  }
  return false;
}

// It has got a value of ours, at some time.
bool ChangeCoordinator::has(const ProcessId& process) const {
  return std::any_of(state_.targets.begin(), state_.targets.end(),
                     [&](const auto& target) { return target.process == process && !target.base.empty(); });
}

std::string ChangeCoordinator::missing() const {
  for (const GuardReading& reading : state_.readings) {
    const bool concerns = reading.process.value.empty() || touched(reading.process);
    const auto& guard = state_.plan.guards[reading.guard];
    if (!concerns || guard.observe || reading.state == GuardState::Passing) continue;
    return fmt::format("too little evidence for {}{}{}: {}", guard.series, reading.process.value.empty() ? "" : " of ",
                       reading.process.value, reading.reason);
  }
  // A guard about which nobody says anything passes nothing either.
  for (std::uint32_t i = 0; i < state_.plan.guards.size(); ++i) {
    const bool told = std::any_of(state_.readings.begin(), state_.readings.end(), [&](const GuardReading& r) {
      return r.guard == i && (r.process.value.empty() || touched(r.process));
    });
    if (!told && !state_.plan.guards[i].observe) return fmt::format("nobody reports {}", state_.plan.guards[i].series);
  }
  return {};
}

std::string ChangeCoordinator::noReference() const {
  for (std::uint32_t i = 0; i < state_.plan.guards.size(); ++i) {
    if (state_.plan.guards[i].basis != GuardBasis::Before) continue;
    for (const auto& target : state_.targets) {
      const auto reading = judge(i, &target.process);
      if (reading && isEvidence(*reading)) continue;
      return fmt::format("it gathers what {} of {} is before the change{}{}", state_.plan.guards[i].series,
                         target.process.value, reading ? ": " : "", reading ? reading->reason : "");
    }
  }
  return {};
}

// The readings as a person sees them: those of each process, and for the guards that need several what they come to.
std::vector<GuardReading> ChangeCoordinator::together() const {
  std::vector<GuardReading> out;
  for (std::uint32_t i = 0; i < state_.plan.guards.size(); ++i) {
    const auto& guard = state_.plan.guards[i];
    if (guard.group) {
      if (auto reading = judge(i, nullptr)) out.push_back(std::move(*reading));
      continue;
    }
    for (const auto& target : state_.targets) {
      if (auto reading = judge(i, &target.process)) out.push_back(std::move(*reading));
    }
  }
  return out;
}

// Of one process, or of all touched ones together (means weighted by samples). Empty: nobody has told anything.
std::optional<GuardReading> ChangeCoordinator::judge(std::uint32_t index, const ProcessId* only) const {
  const auto& guard = state_.plan.guards[index];
  GuardReading out;
  out.guard = index;
  if (only) out.process = *only;
  double value = 0, before = 0, control = 0, weight = 0, controls = 0;
  bool any = false;
  out.state = GuardState::Passing;
  for (const auto& [agent, readings] : readings_) {
    for (const GuardReading& reading : readings) {
      if (reading.guard != index) continue;
      const auto n = static_cast<double>(std::max<std::uint64_t>(reading.samples, 1));
      if (!touched(reading.process) && isEvidence(reading)) control += reading.value * n, controls += n;
      if (only ? reading.process != *only : !has(reading.process)) continue;
      any = true;
      value += reading.value * n;
      before += reading.reference * n;
      weight += n;
      out.samples += reading.samples;
      if (!isEvidence(reading) && out.state == GuardState::Passing) {
        out.state = reading.state;
        out.reason = reading.process.value + ": " + reading.reason;
      }
      if (only && !guard.group && guard.basis != GuardBasis::Untouched && reading.state == GuardState::Breached) {
        out.state = GuardState::Breached;
      }
    }
  }
  if (!any) return std::nullopt;
  out.value = value / weight;
  out.reference = guard.basis == GuardBasis::Untouched ? (controls > 0 ? control / controls : 0) : before / weight;
  if (out.state != GuardState::Passing || (only && !has(*only))) return out;
  if (guard.basis == GuardBasis::Untouched && controls == 0) {
    out.state = GuardState::Gathering;
    out.reason = "no untouched server is left to compare with";
    return out;
  }
  const bool mine = guard.group || guard.basis == GuardBasis::Untouched;
  if (mine && GuardMeter::breaches(guard, out.value, out.reference)) out.state = GuardState::Breached;
  return out;
}

}  // namespace qd::control
