// SPDX-License-Identifier: Apache-2.0
#include "core/control/change_coordinator.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/control/guard_meter.h"

namespace qd::control {

using ingest::ChangePhase;
using ingest::TargetState;

namespace {

std::unexpected<Error> bad(std::string sentence) {
  return fail(ErrorCode::InvalidArgument, std::move(sentence));
}

}  // namespace

double placeOf(const std::string& change, const ProcessId& process) {
  std::uint64_t hash = 1469598103934665603ULL;
  for (const char c : change + "/" + process.value) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  hash ^= hash >> 32;  // the low bits of FNV alone are poor
  hash *= 0x9E3779B97F4A7C15ULL;
  return static_cast<double>(hash >> 11) * 0x1.0p-53;
}

Result<> ChangeCoordinator::check(const ingest::ChangePlan& plan) {
  if (plan.id.empty() || plan.id.size() > 40) return bad("A change needs an id of 1 to 40 bytes, unique to it.");
  std::size_t targets = plan.targets.size();
  for (const auto& peer : plan.peers) targets += peer.targets.size();
  if (targets == 0 && plan.selector.empty()) return bad("The change names no process.");
  if (plan.values.empty()) return bad("The change sets no parameter.");
  for (const auto& value : plan.values) {
    const auto* real = std::get_if<double>(&value.value);
    if (std::holds_alternative<std::monostate>(value.value) || (real && !std::isfinite(*real))) {
      return bad(fmt::format("There is no finite value for {}.", value.name));
    }
  }
  if (plan.atTick > 0 && plan.atTime > 0) return bad("A change begins at a tick or at a time, not at both.");
  if (plan.ramp != ingest::RampShape::None && plan.rampTime.ns <= 0) return bad("A ramp needs a duration.");
  double share = 0;
  for (const auto& wave : plan.waves) {
    if (wave.count == 0 && (!(wave.percent > 0) || wave.percent > 100)) {
      return bad("A wave takes a number of processes, or more than 0 and at most 100 percent of them.");
    }
    if (wave.count == 0 && wave.percent < share) return bad("Each wave must take at least as many as the one before.");
    if (wave.count == 0) share = wave.percent;
  }
  for (const auto& guard : plan.guards) {
    if (guard.series.empty() || !std::isfinite(guard.threshold)) return bad("A guard names a series and a threshold.");
    if (guard.ticks == 0 || guard.ticks > GuardMeter::kMostTicks) return bad("A guard looks at 1 to 36000 ticks.");
  }
  return {};
}

ChangeCoordinator::ChangeCoordinator(ingest::ChangePlan plan, std::uint64_t fence, const std::vector<Candidate>& here,
                                     TimeNs now)
    : fence_(fence) {
  const auto add = [this](const ProcessId& process, std::size_t agent, const std::string& endpoint) {
    auto& target = state_.targets.emplace_back();
    target.process = process;
    target.agent = endpoint;
    rows_.push_back({agent, false, Goal::Untouched});
  };
  for (const ProcessId& target : plan.targets) add(target, 0, "");
  for (std::size_t i = 0; i < plan.peers.size(); ++i) {
    for (const ProcessId& target : plan.peers[i].targets) add(target, i + 1, plan.peers[i].endpoint);
  }
  state_.plan = std::move(plan);
  if (state_.plan.holdTtl.ns > 0) heldUntil_ = now + state_.plan.holdTtl.ns;
  for (const Candidate& candidate : here) onBorn(candidate, now);
  assignWaves();
  state_.since = now;
  state_.until = state_.plan.atTime;
  state_.revision = 1;
}

ChangeCoordinator::ChangeCoordinator(ingest::ChangeState before, std::uint64_t fence, TimeNs now) : fence_(fence) {
  state_ = std::move(before);
  state_.readings.clear();
  for (const auto& target : state_.targets) {
    Row row;
    const auto& peers = state_.plan.peers;
    for (std::size_t i = 0; i < peers.size(); ++i) {
      if (peers[i].endpoint == target.agent) row.agent = i + 1;
    }
    const bool over = target.state == TargetState::Reverted || target.state == TargetState::Rejected;
    // What an agent was told may have come through, also where the answer was never heard.
    const bool told = state_.phase != ChangePhase::Planned && target.wave <= state_.wave;
    const bool begun = (target.state != TargetState::Waiting || told) && !over;
    row.goal = begun ? (this->over() ? Goal::Settle : Goal::Apply) : Goal::Untouched;
    rows_.push_back(row);
  }
  if (state_.phase == ChangePhase::Leased) leaseUntil_ = state_.until;
  if (state_.plan.holdTtl.ns > 0) heldUntil_ = now + state_.plan.holdTtl.ns;
  if (over() || state_.phase == ChangePhase::Planned) return;
  if (state_.phase == ChangePhase::Reverting || rollout()) {
    revert("its coordinator was started anew, and nobody watched it meanwhile", 0, now);
  }
}

// The first wave prefers processes with enough players; beyond that the order is a stable hash.
void ChangeCoordinator::assignWaves() {
  std::vector<std::size_t> order(state_.targets.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const bool choosy = state_.plan.canaryPlayers > 0;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (choosy && rows_[a].canary != rows_[b].canary) return rows_[a].canary;
    return placeOf(state_.plan.id, state_.targets[a].process) < placeOf(state_.plan.id, state_.targets[b].process);
  });
  for (std::uint32_t wave = 0; wave <= lastWave(); ++wave) {
    const std::size_t from = wave == 0 ? 0 : wanted(wave - 1);
    for (std::size_t i = from; i < std::min(order.size(), wanted(wave)); ++i) state_.targets[order[i]].wave = wave;
  }
  for (std::size_t i = wanted(lastWave()); i < order.size(); ++i) state_.targets[order[i]].wave = UINT32_MAX;
}

std::uint32_t ChangeCoordinator::lastWave() const {
  return state_.plan.waves.empty() ? 0 : static_cast<std::uint32_t>(state_.plan.waves.size() - 1);
}

std::size_t ChangeCoordinator::wanted(std::uint32_t wave) const {
  const std::size_t all = state_.targets.size();
  if (wave >= state_.plan.waves.size()) return all;
  const ingest::Wave& w = state_.plan.waves[wave];
  if (w.count > 0) return std::min<std::size_t>(w.count, all);
  return std::min(all, static_cast<std::size_t>(std::ceil(w.percent / 100 * static_cast<double>(all) - 1e-9)));
}

void ChangeCoordinator::to(ChangePhase phase, const std::string& reason, TimeNs now) {
  if (state_.phase == phase && state_.reason == reason) return;
  if (state_.phase != phase) state_.since = now;
  state_.phase = phase;
  state_.reason = reason;
  ++state_.revision;
}

void ChangeCoordinator::apply(std::uint32_t wave) {
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (state_.targets[i].wave <= wave && rows_[i].goal == Goal::Untouched) rows_[i].goal = Goal::Apply;
  }
  state_.wave = wave;
  ++state_.revision;
}

void ChangeCoordinator::revert(const std::string& reason, Tick breachTick, TimeNs now) {
  if (state_.phase == ChangePhase::Reverting || over()) return;
  for (Row& row : rows_) {
    if (row.goal == Goal::Apply || row.goal == Goal::Settle) row.goal = Goal::Revert;
  }
  if (breachTick != 0) state_.breachTick = breachTick;
  state_.until = 0;
  to(ChangePhase::Reverting, reason, now);
}

void ChangeCoordinator::settle() {
  for (Row& row : rows_) {
    if (row.goal == Goal::Apply) row.goal = Goal::Settle;
  }
}

bool ChangeCoordinator::allAre(Goal goal, std::initializer_list<TargetState> states) const {
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (goal == Goal::Revert && silent_.contains(rows_[i].agent)) continue;
    if (rows_[i].goal == goal && std::find(states.begin(), states.end(), state_.targets[i].state) == states.end()) {
      return false;
    }
  }
  return true;
}

void ChangeCoordinator::onReport(std::size_t agent, const ingest::ChangeState& report, TimeNs now) {
  bool turned = false;
  for (const auto& told : report.targets) {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      auto& target = state_.targets[i];
      if (rows_[i].agent != agent || target.process != told.process) continue;
      turned = turned || target.state != told.state || target.reason != told.reason || target.pushId != told.pushId;
      if (told.state == TargetState::Reverted && target.state != told.state) state_.revertTick = told.tick;
      target.state = told.state;
      target.tick = told.tick;
      target.pushId = told.pushId;
      target.reason = told.reason;
      target.base = told.base;
      target.players = told.players;
    }
  }
  readings_[agent] = report.readings;
  silent_.erase(agent);
  if (turned) {
    state_.readings = together();  // they are of the same moment as the targets' states
    ++state_.revision;
  }
  if (report.phase == ChangePhase::Reverting && state_.phase != ChangePhase::Reverting && !over()) {
    breached_ = breached_ || report.breachTick != 0;
    revert(report.reason, report.breachTick, now);
  }
}

void ChangeCoordinator::onSilence(std::size_t agent, const std::string& why, TimeNs now) {
  const bool begun = std::any_of(rows_.begin(), rows_.end(),
                                 [agent](const Row& row) { return row.agent == agent && row.goal == Goal::Apply; });
  readings_.erase(agent);
  silent_.insert(agent);
  if (begun && agent > 0) {
    revert(fmt::format("agent {} cannot be reached: {}", state_.plan.peers[agent - 1].endpoint, why), 0, now);
  }
}

void ChangeCoordinator::onBorn(const Candidate& process, TimeNs) {
  const bool enough = process.players.value_or(0) >= state_.plan.canaryPlayers;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (rows_[i].agent == 0 && state_.targets[i].process == process.process) {
      rows_[i].canary = enough;
      return;
    }
  }
  const auto& wantedLabels = state_.plan.selector;
  const bool matches = !wantedLabels.empty() && process.server &&
                       std::all_of(wantedLabels.begin(), wantedLabels.end(), [&](const auto& l) {
                         return std::find(process.labels.begin(), process.labels.end(), l) != process.labels.end();
                       });
  const bool revoked = state_.phase == ChangePhase::Reverting || state_.phase == ChangePhase::Reverted ||
                       state_.phase == ChangePhase::Failed;
  if (!matches || revoked) {
    if (process.server && std::find(controls_.begin(), controls_.end(), process.process) == controls_.end()) {
      controls_.push_back(process.process);
    }
    return;
  }
  auto& target = state_.targets.emplace_back();
  target.process = process.process;
  rows_.push_back({0, enough, Goal::Untouched});
  if (state_.revision == 0) return;  // the first ones: their waves are assigned together
  const double place = placeOf(state_.plan.id, process.process) * 100;
  target.wave = lastWave();
  for (std::uint32_t wave = 0; wave < state_.plan.waves.size(); ++wave) {
    if (state_.plan.waves[wave].count > 0 || place >= state_.plan.waves[wave].percent) continue;
    target.wave = wave;
    break;
  }
  const bool due = state_.phase == ChangePhase::Done || target.wave <= state_.wave;
  if (due && state_.phase != ChangePhase::Planned) rows_.back().goal = Goal::Apply;
  ++state_.revision;
}

void ChangeCoordinator::order(const ChangeVerb& verb, TimeNs now) {
  const std::string by =
      fmt::format("{}{}{}", verb.who.empty() ? "somebody" : verb.who, verb.comment.empty() ? "" : ": ", verb.comment);
  if (verb.word == ChangeWord::Hold) {
    if (state_.plan.holdTtl.ns > 0) heldUntil_ = now + state_.plan.holdTtl.ns;
    return;
  }
  if (verb.word == ChangeWord::Revert && state_.phase == ChangePhase::Planned) {
    return to(ChangePhase::Failed, "given up before it began, by " + by, now);
  }
  if (verb.word == ChangeWord::Revert && state_.phase == ChangePhase::Done) {
    state_.phase = ChangePhase::Pushing;  // what is done may still be taken back
    state_.plan.selector.clear();
    return revert("taken back by " + by, 0, now);
  }
  if (over() || state_.phase == ChangePhase::Reverting) return;
  switch (verb.word) {
    case ChangeWord::Pause:
      if (state_.phase != ChangePhase::Paused) before_ = state_.phase;
      return to(ChangePhase::Paused, "paused by " + by, now);
    case ChangeWord::GoOn:
      forced_ = state_.phase == ChangePhase::Holding;
      word_ = word_ || state_.phase == ChangePhase::Planned;
      if (state_.phase == ChangePhase::Paused) to(before_, "continued by " + by, now);
      return;
    case ChangeWord::Revert:
      return revert("taken back by " + by, 0, now);
    case ChangeWord::Keep:
      settle();
      return to(ChangePhase::Done, "kept as it is by " + by, now);
    case ChangeWord::Hold:
      return;
  }
}

ChangeSync ChangeCoordinator::sync(std::size_t agent) const {
  ChangeSync out;
  out.plan = state_.plan;
  out.fence = fence_;
  out.ttl.ns = agent == 0 ? 0 : kTtl;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (rows_[i].agent != agent) continue;
    // In a pause a ramp stands where it is.
    const bool still = state_.phase == ChangePhase::Paused && rows_[i].goal == Goal::Apply &&
                       state_.targets[i].state == TargetState::Pushing;
    out.goals.emplace_back(state_.targets[i].process, still ? Goal::Settle : rows_[i].goal);
  }
  if (agent == 0) {
    for (const ProcessId& control : controls_) out.goals.emplace_back(control, Goal::Untouched);
  }
  return out;
}

}  // namespace qd::control
