// SPDX-License-Identifier: Apache-2.0
#include "core/control/experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/control/guard_meter.h"

namespace qd::control {

using ingest::ChangePhase;
using ingest::GuardBasis;
using ingest::GuardReading;
using ingest::GuardState;
using ingest::TargetState;

namespace {

constexpr std::int64_t kSteadyWithin = 120 * kNsPerSecond;
constexpr std::int64_t kRestoredWithin = 240 * kNsPerSecond;

std::unexpected<Error> bad(std::string sentence) {
  return fail(ErrorCode::InvalidArgument, std::move(sentence));
}

bool isEvidence(const ingest::GuardReading& reading) {
  return reading.state == GuardState::Passing || reading.state == GuardState::Breached;
}

}  // namespace

std::vector<ProcessId> targetsOf(const ExperimentPlan& plan) {
  std::vector<ProcessId> out = plan.targets;
  for (const auto& peer : plan.peers) out.insert(out.end(), peer.targets.begin(), peer.targets.end());
  return out;
}

const char* name(ExperimentPhase phase) {
  constexpr const char* kNames[] = {"steadying", "faulty", "restoring", "over"};
  return kNames[static_cast<int>(phase)];
}

Result<> ExperimentRun::check(const ExperimentPlan& plan) {
  if (plan.id.empty() || plan.id.size() > 40) return bad("An experiment needs an id of 1 to 40 bytes, unique to it.");
  if (plan.name.empty() || plan.hypothesis.empty()) {
    return bad("An experiment needs a name and a hypothesis: what should hold although the fault is there?");
  }
  if (plan.targets.empty() || plan.fault.empty()) return bad("An experiment needs a target and a fault.");
  if (plan.refutes.empty()) return bad("An experiment needs a metric that would refute its hypothesis.");
  if (plan.aborts.empty()) return bad("An experiment needs a metric that aborts it.");
  if (plan.time.ns <= 0) return bad("An experiment needs a time after which its fault goes away by itself.");
  const std::size_t touched = targetsOf(plan).size();
  if (plan.mostProcesses > 0 && touched > plan.mostProcesses) {
    return bad(fmt::format("It would touch {} processes, and its blast radius is {}.", touched, plan.mostProcesses));
  }
  for (const auto* list : {&plan.aborts, &plan.refutes}) {
    for (const ingest::Guard& guard : *list) {
      if (guard.series.empty() || !std::isfinite(guard.threshold))
        return bad("A metric names a series and a threshold.");
      if (guard.ticks == 0 || guard.ticks > GuardMeter::kMostTicks) return bad("A metric looks at 1 to 36000 ticks.");
      if (guard.basis == GuardBasis::Untouched || guard.group) {
        return bad("The metrics of an experiment are of each process, absolute or against before.");
      }
    }
  }
  return {};
}

ExperimentRun::ExperimentRun(ExperimentPlan plan, TimeNs now) {
  state_.plan = std::move(plan);
  state_.since = now;
  state_.until = now + kSteadyWithin;
  for (const ProcessId& target : targetsOf(state_.plan)) targets_[target];
}

ExperimentRun::ExperimentRun(ExperimentState before, TimeNs now) : ExperimentRun(before.plan, now) {
  state_ = std::move(before);
  started_ = true;
  abort("its agent was started anew, and nobody watched it meanwhile", now);
}

const ingest::Guard& ExperimentRun::metric(std::uint32_t index) const {
  const auto& aborts = state_.plan.aborts;
  return index < aborts.size() ? aborts[index] : state_.plan.refutes[index - aborts.size()];
}

std::uint32_t ExperimentRun::metrics() const {
  return static_cast<std::uint32_t>(state_.plan.aborts.size() + state_.plan.refutes.size());
}

void ExperimentRun::to(ExperimentPhase phase, const std::string& reason, TimeNs now) {
  if (state_.phase == phase && state_.reason == reason) return;
  if (state_.phase != phase) state_.since = now;
  state_.phase = phase;
  state_.reason = reason;
  ++revision_;
}

void ExperimentRun::change(const ingest::ChangeState& change, TimeNs now) {
  if (!started_ || over()) return;
  follow(change);
  state_.targets = change.targets;
  state_.breachTick = change.breachTick;
  state_.revertTick = change.revertTick;
  state_.restored = change.verdict;
  if (state_.phase != ExperimentPhase::Steadying) state_.until = change.until;
  const bool going = change.phase == ChangePhase::Reverting || change.phase == ChangePhase::Reverted;
  if (going && state_.phase == ExperimentPhase::Faulty) {
    measure(&Measure::during, &Target::during);
    if (state_.outcome.empty()) {
      state_.outcome = change.reason == "its time is over" ? findings() : "aborted: " + change.reason;
    }
    to(ExperimentPhase::Restoring, change.reason, now);
  }
  if (change.phase == ChangePhase::Paused && state_.phase != ExperimentPhase::Restoring) {
    abort("halted: " + change.reason, now);  // a fault is not left standing
  }
  if (!ingest::isOver(change.phase)) return;
  if (change.phase == ChangePhase::Reverted) measure(&Measure::after, &Target::evidence);
  if (state_.outcome.empty()) state_.outcome = "aborted: " + change.reason;
  if (state_.restored.empty()) state_.restored = "nothing was there to take back";
  to(ExperimentPhase::Over, change.reason, now);
}

// What its agents tell of the targets. From the tick on at which values came or went, their meters begin anew.
void ExperimentRun::follow(const ingest::ChangeState& change) {
  for (const ingest::ChangeTarget& told : change.targets) {
    const auto found = targets_.find(told.process);
    if (found == targets_.end()) continue;
    Target& target = found->second;
    target.players = told.players;
    const bool anew = told.state == TargetState::Applied || told.state == TargetState::Reverted;
    if (anew && target.state != told.state) target.evidence.clear();
    target.state = told.state;
  }
  for (const GuardReading& reading : change.readings) {
    const auto found = targets_.find(reading.process);
    if (found == targets_.end() || reading.guard >= metrics()) continue;
    found->second.now[reading.guard] = reading;
    if (!isEvidence(reading)) continue;
    auto [known, fresh] = found->second.evidence.try_emplace(reading.guard, reading);
    // What was breached once has been breached.
    if (!fresh && known->second.state != GuardState::Breached) known->second = reading;
    const auto state = found->second.state;
    if (state == TargetState::Applied || state == TargetState::Reverting) {
      found->second.during[reading.guard] = known->second;
    }
  }
}

void ExperimentRun::refused(const std::string& why, TimeNs now) {
  state_.outcome = "aborted: it did not begin: " + why;
  to(ExperimentPhase::Over, why, now);
}

void ExperimentRun::abort(const std::string& why, TimeNs now) {
  if (over()) return;
  if (state_.outcome.empty()) state_.outcome = "aborted: " + why;
  revert_ = started_ && state_.phase != ExperimentPhase::Restoring;
  if (state_.phase == ExperimentPhase::Steadying) return to(ExperimentPhase::Over, why, now);
  to(ExperimentPhase::Restoring, why, now);
}

ExperimentRun::Order ExperimentRun::step(TimeNs now) {
  if (std::exchange(revert_, false)) return Order::Revert;
  if (over()) return Order::None;
  if (!std::exchange(started_, true)) return Order::Start;
  if (state_.phase == ExperimentPhase::Steadying) {
    const std::string why = notSteady();
    if (why.empty()) {
      measure(&Measure::before, &Target::evidence);
      to(ExperimentPhase::Faulty, "", now);
      return Order::Begin;
    }
    if (now < state_.until) return to(ExperimentPhase::Steadying, why, now), Order::None;
    abort("it never came to a steady state: " + why, now);
  } else if (state_.phase == ExperimentPhase::Faulty) {
    if (const std::string wide = tooWide(true); !wide.empty()) abort(wide, now);
  } else if (now - state_.since > kRestoredWithin) {
    state_.restored = "not known to be back; its change tells more";
    to(ExperimentPhase::Over, state_.reason, now);
  }
  return std::exchange(revert_, false) ? Order::Revert : Order::None;
}

ingest::ChangePlan ExperimentRun::fault() const {
  ingest::ChangePlan plan;
  plan.id = state_.plan.id;
  plan.who = state_.plan.who;
  plan.from = state_.plan.from;
  plan.comment = "experiment " + state_.plan.name + (state_.plan.comment.empty() ? "" : ": " + state_.plan.comment);
  plan.confirmed = state_.plan.confirmed;
  plan.targets = state_.plan.targets;
  plan.peers = state_.plan.peers;
  plan.values = state_.plan.fault;
  plan.lease = state_.plan.time;
  plan.guards = state_.plan.aborts;
  for (ingest::Guard guard : state_.plan.refutes) {
    guard.observe = true;
    plan.guards.push_back(std::move(guard));
  }
  plan.onWord = true;
  return plan;
}

std::string ExperimentRun::tooWide(bool touched) const {
  if (state_.plan.mostPlayers == 0) return {};
  double players = 0;
  for (const auto& [process, target] : targets_) {
    if (!target.players && !touched) return fmt::format("nobody says how many players {} has", process.value);
    players += target.players.value_or(0);
  }
  if (players <= state_.plan.mostPlayers) return {};
  return fmt::format("{} {:.0f} players, and its blast radius is {}", touched ? "it touches" : "it would touch",
                     players, state_.plan.mostPlayers);
}

// An experiment that begins in the middle of a fault shows nothing.
std::string ExperimentRun::notSteady() const {
  if (std::string wide = tooWide(false); !wide.empty()) return wide;
  for (const auto& [process, target] : targets_) {
    for (std::uint32_t i = 0; i < metrics(); ++i) {
      const auto told = target.now.find(i);
      if (told == target.now.end() || !isEvidence(told->second)) {
        const std::string lacking = told == target.now.end() ? std::string() : told->second.reason;
        return fmt::format("it gathers what {} of {} is before: {}", metric(i).series, process.value,
                           lacking.empty() ? "nothing has come" : lacking);
      }
      const double value = told->second.value;
      if (metric(i).basis != GuardBasis::Absolute || !GuardMeter::breaches(metric(i), value, 0)) continue;
      return fmt::format("the steady state is not given: {} of {} is {:.4g}", metric(i).series, process.value, value);
    }
  }
  return {};
}

void ExperimentRun::measure(std::optional<double> Measure::*when, Readings Target::*readings) {
  for (const auto& [process, target] : targets_) {
    for (const auto& [index, reading] : target.*readings) {
      auto known =
          std::find_if(state_.measures.begin(), state_.measures.end(),
                       [&, i = index, &id = process](const Measure& m) { return m.metric == i && m.process == id; });
      if (known == state_.measures.end()) known = state_.measures.insert(known, {index, process, {}, {}, {}});
      (*known).*when = reading.value;
    }
  }
}

// What the time of the fault says about the hypothesis.
std::string ExperimentRun::findings() const {
  std::string refuted, lacking;
  for (auto i = static_cast<std::uint32_t>(state_.plan.aborts.size()); i < metrics(); ++i) {
    for (const auto& [process, target] : targets_) {
      const auto said = target.during.find(i);
      if (said == target.during.end()) {
        const auto now = target.now.find(i);
        if (lacking.empty()) {
          lacking = fmt::format("too little evidence for {} of {}: {}", metric(i).series, process.value,
                                now == target.now.end() ? "nothing has come" : now->second.reason);
        }
      } else if (said->second.state == GuardState::Breached) {
        refuted += fmt::format("{}{} of {} was {:.4g}", refuted.empty() ? "" : ", ", metric(i).series, process.value,
                               said->second.value);
      }
    }
  }
  if (!refuted.empty()) return "refuted: " + refuted;
  return lacking.empty() ? "held" : "not shown: " + lacking;
}

}  // namespace qd::control
