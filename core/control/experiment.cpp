// SPDX-License-Identifier: Apache-2.0
#include "core/control/experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace qd::control {

using ingest::ChangePhase;
using ingest::GuardBasis;
using ingest::GuardState;
using ingest::TargetState;

namespace {

constexpr std::int64_t kSteadyWithin = 120 * kNsPerSecond;

std::unexpected<Error> bad(std::string sentence) {
  return fail(ErrorCode::InvalidArgument, std::move(sentence));
}

bool isEvidence(const ingest::GuardReading& reading) {
  return reading.state == GuardState::Passing || reading.state == GuardState::Breached;
}

}  // namespace

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
  if (plan.mostProcesses > 0 && plan.targets.size() > plan.mostProcesses) {
    return bad(fmt::format("It would touch {} processes, and its blast radius is {}.", plan.targets.size(),
                           plan.mostProcesses));
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
  for (const ProcessId& target : state_.plan.targets) {
    Target& made = targets_[target];
    for (std::uint32_t i = 0; i < metrics(); ++i) made.meters.emplace_back(metric(i));
  }
}

ExperimentRun::ExperimentRun(ExperimentState before, TimeNs now) : ExperimentRun(before.plan, now) {
  state_ = std::move(before);
  begun_ = state_.phase != ExperimentPhase::Steadying;
  abort("its agent was started anew, and nobody watched it meanwhile", now);
}

const ingest::Guard& ExperimentRun::metric(std::uint32_t index) const {
  const auto& aborts = state_.plan.aborts;
  return index < aborts.size() ? aborts[index] : state_.plan.refutes[index - aborts.size()];
}

std::uint32_t ExperimentRun::metrics() const {
  return static_cast<std::uint32_t>(state_.plan.aborts.size() + state_.plan.refutes.size());
}

void ExperimentRun::up(const ingest::ProcessInfo& info, std::optional<double> players) {
  const auto found = targets_.find(info.id);
  if (found == targets_.end()) return;
  Target& target = found->second;
  target.players = players;
  target.series.clear();
  for (const ingest::SeriesInfo& series : info.series) {
    for (std::uint32_t i = 0; i < metrics(); ++i) {
      if (metric(i).series != series.name || !series.dimensions.empty()) continue;
      target.series.emplace(series.index.value, std::pair(i, series.integer ? std::pow(10.0, -series.scale) : 1.0));
    }
  }
  for (GuardMeter& meter : target.meters) meter.parked(info.state == ingest::ProcessState::Parked);
}

void ExperimentRun::samples(const ingest::SampleBlock& block) {
  const auto found = targets_.find(block.process.id);
  if (found == targets_.end() || block.ticks.empty()) return;
  Target& target = found->second;
  if (block.dropped > 0) {
    for (GuardMeter& meter : target.meters) meter.broken(block.ticks.front());
  }
  for (const ingest::Column& column : block.columns) {
    const auto [first, last] = target.series.equal_range(column.series.value);
    for (auto it = first; it != last; ++it) {
      for (std::size_t i = 0; i < column.size(); ++i) {
        const double raw =
            std::visit([i](const auto& values) { return static_cast<double>(values[i]); }, column.values);
        target.meters[it->second.first].add(block.ticks[column.rows.empty() ? i : column.rows[i]],
                                            raw * it->second.second);
      }
    }
  }
}

void ExperimentRun::to(ExperimentPhase phase, const std::string& reason, TimeNs now) {
  if (state_.phase == phase && state_.reason == reason) return;
  if (state_.phase != phase) state_.since = now;
  state_.phase = phase;
  state_.reason = reason;
  ++revision_;
}

void ExperimentRun::change(const ingest::ChangeState& change, TimeNs now) {
  if (!begun_ || over()) return;
  state_.targets = change.targets;
  state_.breachTick = change.breachTick;
  state_.revertTick = change.revertTick;
  state_.restored = change.verdict;
  state_.until = change.until;
  const bool going = change.phase == ChangePhase::Reverting || change.phase == ChangePhase::Reverted;
  if (going && state_.phase == ExperimentPhase::Faulty) {
    measure(&Measure::during);
    if (state_.outcome.empty()) {
      state_.outcome = change.reason == "its time is over" ? findings() : "aborted: " + change.reason;
    }
    to(ExperimentPhase::Restoring, change.reason, now);
  }
  if (change.phase == ChangePhase::Paused && state_.phase == ExperimentPhase::Faulty) {
    abort("halted: " + change.reason, now);  // a fault is not left standing
  }
  followTargets(change);
  if (change.phase == ChangePhase::Failed || change.phase == ChangePhase::Done) {
    if (state_.outcome.empty()) state_.outcome = "aborted: " + change.reason;
    return to(ExperimentPhase::Over, change.reason, now);
  }
}

// From the tick on at which values came or went, the meters begin anew.
void ExperimentRun::followTargets(const ingest::ChangeState& change) {
  for (const ingest::ChangeTarget& told : change.targets) {
    const auto found = targets_.find(told.process);
    if (found == targets_.end() || told.tick == 0 || told.tick == found->second.applied) continue;
    const bool there = told.state == TargetState::Applied, back = told.state == TargetState::Reverted;
    if (!there && !back) continue;
    found->second.applied = told.tick;
    for (GuardMeter& meter : found->second.meters) meter.applied(told.tick);
  }
}

void ExperimentRun::refused(const std::string& why, TimeNs now) {
  state_.outcome = "aborted: it did not begin: " + why;
  to(ExperimentPhase::Over, why, now);
}

void ExperimentRun::abort(const std::string& why, TimeNs now) {
  if (over()) return;
  if (state_.outcome.empty()) state_.outcome = "aborted: " + why;
  if (state_.phase == ExperimentPhase::Steadying) return to(ExperimentPhase::Over, why, now);
  revert_ = state_.phase == ExperimentPhase::Faulty;
  to(ExperimentPhase::Restoring, why, now);
}

ExperimentRun::Order ExperimentRun::step(TimeNs now) {
  if (std::exchange(revert_, false)) return Order::Revert;
  if (state_.phase == ExperimentPhase::Steadying) {
    const std::string why = notSteady();
    if (why.empty()) {
      measure(&Measure::before);
      begun_ = true;
      to(ExperimentPhase::Faulty, "", now);
      return Order::Begin;
    }
    if (now < state_.until) return to(ExperimentPhase::Steadying, why, now), Order::None;
    abort("it never came to a steady state: " + why, now);
  } else if (state_.phase == ExperimentPhase::Faulty) {
    if (const std::string wide = tooWide(true); !wide.empty()) {
      abort(wide, now);
      revert_ = false;
      return Order::Revert;
    }
  } else if (state_.phase == ExperimentPhase::Restoring) {
    constexpr std::int64_t kAfterWithin = 60 * kNsPerSecond;
    const bool back = !state_.targets.empty() &&
                      std::all_of(state_.targets.begin(), state_.targets.end(), [](const ingest::ChangeTarget& target) {
                        return target.state == TargetState::Reverted || target.state == TargetState::Foreign ||
                               target.state == TargetState::Rejected || target.state == TargetState::Waiting;
                      });
    if (!back && now - state_.since < 2 * kAfterWithin) return Order::None;
    bool open = false, poor = false;
    for (auto& [process, target] : targets_) {
      for (std::uint32_t i = 0; i < metrics(); ++i) {
        const auto reading = target.meters[i].judge();
        open = open || !isEvidence(reading);
        poor = poor || reading.state == GuardState::Breached;
      }
    }
    if (open && now - state_.since < kAfterWithin) return Order::None;
    measure(&Measure::after);
    if (state_.restored.empty()) {
      state_.restored = !back || open ? "reverted, recovery not known"
                        : poor        ? "reverted, not recovered"
                                      : "reverted, recovered";
    }
    to(ExperimentPhase::Over, state_.reason, now);
    ++revision_;
  }
  return Order::None;
}

ingest::ChangePlan ExperimentRun::fault() const {
  ingest::ChangePlan plan;
  plan.id = state_.plan.id;
  plan.who = state_.plan.who;
  plan.from = state_.plan.from;
  plan.comment = "experiment " + state_.plan.name + (state_.plan.comment.empty() ? "" : ": " + state_.plan.comment);
  plan.targets = state_.plan.targets;
  plan.values = state_.plan.fault;
  plan.lease = state_.plan.time;
  plan.guards = state_.plan.aborts;
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
      const auto reading = target.meters[i].judge();
      if (!isEvidence(reading)) {
        return fmt::format("it gathers what {} of {} is before: {}", metric(i).series, process.value,
                           reading.reason.empty() ? "nothing has come" : reading.reason);
      }
      if (metric(i).basis != GuardBasis::Absolute || !GuardMeter::breaches(metric(i), reading.value, 0)) continue;
      return fmt::format("the steady state is not given: {} of {} is {:.4g}", metric(i).series, process.value,
                         reading.value);
    }
  }
  return {};
}

void ExperimentRun::measure(std::optional<double> Measure::*when) {
  for (const auto& [process, target] : targets_) {
    for (std::uint32_t i = 0; i < metrics(); ++i) {
      const auto reading = target.meters[i].judge();
      if (!isEvidence(reading)) continue;
      auto known = std::find_if(state_.measures.begin(), state_.measures.end(),
                                [&](const auto& m) { return m.metric == i && m.process == process; });
      if (known == state_.measures.end()) known = state_.measures.insert(known, {i, process, {}, {}, {}});
      (*known).*when = reading.value;
    }
  }
  ++revision_;
}

// What the time of the fault says about the hypothesis.
std::string ExperimentRun::findings() const {
  std::string refuted, lacking;
  for (const auto& [process, target] : targets_) {
    for (auto i = static_cast<std::uint32_t>(state_.plan.aborts.size()); i < metrics(); ++i) {
      const auto reading = target.meters[i].judge();
      if (!isEvidence(reading) && lacking.empty()) {
        lacking = fmt::format("too little evidence for {} of {}: {}", metric(i).series, process.value, reading.reason);
      }
      if (reading.state != GuardState::Breached) continue;
      refuted += fmt::format("{}{} of {} was {:.4g}", refuted.empty() ? "" : ", ", metric(i).series, process.value,
                             reading.value);
    }
  }
  if (!refuted.empty()) return "refuted: " + refuted;
  return lacking.empty() ? "held" : "not shown: " + lacking;
}

}  // namespace qd::control
