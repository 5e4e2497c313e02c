// SPDX-License-Identifier: Apache-2.0
// Games for the tests of changes: each has one parameter that costs tick time, answers pushes at its next tick as the
// probe does (versions checked, all or nothing), and reports tick.duration. No clock but the test's own.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/control/change_coordinator.h"
#include "core/control/change_member.h"

namespace qd::control::testing {

constexpr TimeNs kStart = 1'700'000'000 * kNsPerSecond;
constexpr std::int64_t kTickNs = kNsPerSecond / 60;

struct Game {
  ProcessId id;
  std::uint64_t instance = 1;
  double density = 1;
  std::uint64_t version = 1;
  Tick tick = 1000;
  double baseMs = 2, costPerDensity = 0;  // ms that each density above 1 adds
  bool alive = true, mute = false;        // mute: does not answer pushes (but carries them out)
  std::vector<PushOrder> inbox;
  std::map<std::string, ingest::PushResult> results;
  int applications = 0;

  ingest::ProcessInfo info() const {
    ingest::ProcessInfo out;
    out.id = id;
    out.instance = InstanceId(instance);
    out.kind = ingest::ProcessKind::Server;
    out.tickHz = 60;
    ingest::SeriesInfo series;
    series.index = SeriesIndex(0);
    series.name = "tick.duration";
    series.unit = "ms";
    series.scale = 6;
    out.series = {series};
    return out;
  }
  ingest::SampleBlock block() const {
    ingest::SampleBlock out;
    out.process = {id, InstanceId(instance)};
    out.ticks = {tick};
    out.times = {kStart};
    out.count = 1;
    const double ms = baseMs + static_cast<double>(tick % 7) * 0.05 + (density - 1) * costPerDensity;
    out.columns.push_back({SeriesIndex(0), {}, std::vector<std::int64_t>{static_cast<std::int64_t>(ms * 1e6)}});
    return out;
  }
  // Carries out what came for it.
  std::vector<ingest::PushResult> step() {
    ++tick;
    std::vector<ingest::PushResult> out;
    for (const PushOrder& order : inbox) {
      auto [known, fresh] = results.try_emplace(order.pushId);
      if (fresh) known->second = carryOut(order);
      if (!mute) out.push_back(known->second);
    }
    inbox.clear();
    return out;
  }
  ingest::PushResult carryOut(const PushOrder& order) {
    ingest::PushResult out;
    out.pushId = order.pushId;
    out.process = {id, InstanceId(instance)};
    out.tick = tick;
    const Assignment& wanted = order.assignments.front();
    if (wanted.expectedVersion && *wanted.expectedVersion != version) {
      out.status = ingest::PushStatus::Rejected;
      out.reason = "stale version";
      return out;
    }
    out.status = ingest::PushStatus::Applied;
    out.parameters.push_back({wanted.name, density, wanted.value, ++version, ""});
    density = std::get<double>(wanted.value);
    ++applications;
    return out;
  }
};

// One agent with its games; with a coordinator it is the home of the change.
struct Sim {
  std::map<ProcessId, Game> games;
  std::optional<ChangeCoordinator> coordinator;
  std::optional<ChangeMember> member;
  TimeNs now = kStart;
  bool agentGone = false;
  std::optional<double> players = 20;  // on each

  Game& game(const std::string& id) { return games[ProcessId(id)]; }
  void add(const std::string& id) { game(id).id = ProcessId(id); }

  ChangeMember::Live live() {
    return [this](const ProcessId& id, const std::string&) -> std::optional<ingest::ParameterValue> {
      const auto found = games.find(id);
      if (found == games.end() || !found->second.alive) return std::nullopt;
      ingest::ParameterValue out;
      out.name = "npc.density";
      out.value = found->second.density;
      out.version = found->second.version;
      return out;
    };
  }
  std::vector<Candidate> candidates() {
    std::vector<Candidate> out;
    for (auto& [id, game] : games) out.push_back({id, true, {{"region", "eu"}}, 20.0});
    return out;
  }
  void start(const ingest::ChangePlan& plan) {
    coordinator.emplace(plan, 1, candidates(), now);
    member.emplace(plan, live());
  }
  // One tick of everything.
  void tick() {
    now += kTickNs;
    for (auto& [id, game] : games) {
      if (!game.alive) continue;
      for (const auto& result : game.step()) {
        if (member) member->result(result);
      }
      if (!member) continue;
      member->tick(id, game.tick);
      member->samples(game.block());
    }
    if (agentGone) return;
    if (coordinator) {
      coordinator->onReport(0, member->report(), now);
      coordinator->step(now);
      (void)member->sync(coordinator->sync(0), now);
    }
    if (member) stepMember();
  }
  void stepMember() {
    for (auto& [id, game] : games) {
      if (game.alive) member->up(game.info(), players);
    }
    for (const MemberAction& action : member->step(now)) {
      if (const auto* push = std::get_if<PushOrder>(&action)) {
        games[push->targets.front()].inbox.push_back(*push);
      } else {
        const auto& ask = std::get<AskAgain>(action);
        const auto& known = games[ask.process].results;
        if (const auto found = known.find(ask.pushId); found != known.end()) member->result(found->second);
      }
    }
  }
  // True when it held within so many ticks.
  bool until(const std::function<bool()>& condition, int ticks = 4000) {
    for (int i = 0; i < ticks && !condition(); ++i) tick();
    return condition();
  }
  bool untilPhase(ingest::ChangePhase phase, int ticks = 4000) {
    return until([&] { return coordinator->state().phase == phase; }, ticks);
  }
  int touched() {
    int out = 0;
    for (auto& [id, game] : games) out += game.density != 1 ? 1 : 0;
    return out;
  }
};

inline ingest::ChangePlan planFor(std::vector<ProcessId> targets, double to = 2) {
  ingest::ChangePlan plan;
  plan.id = "c-1";
  plan.who = "ann";
  plan.targets = std::move(targets);
  plan.values = {{"npc.density", to, std::nullopt}};
  return plan;
}

inline ingest::Guard guardFor(double threshold, std::uint32_t ticks = 60) {
  ingest::Guard guard;
  guard.series = "tick.duration";
  guard.threshold = threshold;
  guard.ticks = ticks;
  return guard;
}

}  // namespace qd::control::testing
