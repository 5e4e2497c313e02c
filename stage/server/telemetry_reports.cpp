// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <utility>

#include "stage/runtime/process_stats.h"
#include "stage/server/telemetry.h"

namespace qd::stage {

bool Telemetry::set(const std::string& parameter, qd_value value) {
  const auto found = parameters_.find(parameter);
  return found != parameters_.end() && qd_param_set(probe_, found->second.handle, value) >= 0;
}

bool Telemetry::reset(const std::string& parameter) {
  const auto found = parameters_.find(parameter);
  return found != parameters_.end() && qd_param_set(probe_, found->second.handle, found->second.initial) >= 0;
}

void Telemetry::watchNetwork() {
  auto path = pathOf(settings_);
  const bool blackout = settings_.netBlackoutNs > 0;
  if (!blackout && path == pathOf(seen_) && settings_.netPlayer == seen_.netPlayer) return;
  if (blackout) {
    path.each.blackoutUntilNs = monotonicNs() + settings_.netBlackoutNs;
    qd_logf(probe_, QD_WARNING, "net", "link goes dark for %.0f ms", settings_.netBlackoutNs / 1e6);
    set("net.blackout", qd_duration_ns(0));
  } else {
    qd_logf(probe_, QD_WARNING, "net", "link impaired: %.1f ms, jitter %.1f ms, loss %.2f %%",
            settings_.netLatencyNs / 1e6, settings_.netJitterNs / 1e6, settings_.netLoss * 100);
  }
  exchange_.toNetwork.push(NetworkFaults{baseFaults_, path, static_cast<EntityId>(settings_.netPlayer)});
  exchange_.wakeNetwork.wake();
}

// What a tick and a snapshot round cost, and for each player, NPC and client: what tells where growth will end.
void Telemetry::costs(const SnapshotReport* round) {
  const auto& events = world_.events();
  qd_sample_i64(probe_, s_.simPlayers, events.playersNs);
  qd_sample_i64(probe_, s_.simNpcs, events.npcsNs);
  if (!events.shots.empty()) qd_sample_i64(probe_, s_.simShots, events.shotsNs);
  costs_.playersNs += events.playersNs;
  costs_.npcsNs += events.npcsNs;
  costs_.players += world_.players().size();
  costs_.npcs += world_.npcCount();
  if (round != nullptr && round->clients > 0) {
    const auto each = static_cast<double>(round->costNs) / static_cast<double>(round->clients);
    qd_sample_f64(probe_, s_.clientCost, each / 1e3);
    totals_.clientCostUs += each / 1e3;
    ++totals_.rounds;
  }
}

void Telemetry::process(std::int64_t elapsedNs) {
  const auto each = [this](qd_series series, std::int64_t ns, std::uint64_t count) {
    if (count > 0) qd_sample_f64(probe_, series, static_cast<double>(ns) / 1e3 / static_cast<double>(count));
  };
  each(s_.playerCost, costs_.playersNs, costs_.players);
  each(s_.npcCost, costs_.npcsNs, costs_.npcs);
  costs_ = {};
  qd_sample_f64(probe_, s_.memory, residentMiB());
  const auto cpu = processorNs();
  qd_sample_f64(probe_, s_.cpu,
                100.0 * static_cast<double>(cpu - std::exchange(cpuNs_, cpu)) / static_cast<double>(elapsedNs));
}

void Telemetry::perSecond(std::int64_t nowNs) {
  if (secondNs_ == 0) {
    secondNs_ = nowNs;
    second_ = totals_;
    return;
  }
  const auto elapsed = nowNs - secondNs_ - secondParkedNs_;
  if (elapsed < kNsPerSecond) return;
  const auto ticks = static_cast<std::int64_t>(totals_.ticks - second_.ticks);
  qd_sample_f64(probe_, s_.tickRate, static_cast<double>(ticks) * kNsPerSecond / static_cast<double>(elapsed));
  qd_sample_i64(probe_, s_.gameTps, ticks);
  const auto overruns = static_cast<std::int64_t>(totals_.overruns - second_.overruns);
  qd_sample_i64(probe_, s_.tickOverruns, overruns);
  qd_sample_i64(probe_, s_.tickSkipped, static_cast<std::int64_t>(totals_.skipped - second_.skipped));
  if (overruns > settings_.tickHz / 10) {
    qd_logf(probe_, QD_WARNING, "server", "%ld of %ld ticks took longer than %.1f ms", static_cast<long>(overruns),
            static_cast<long>(ticks), 1e3 / static_cast<double>(settings_.tickHz));
  }
  const auto& events = world_.events();
  qd_sample_i64(probe_, s_.inputLate, static_cast<std::int64_t>(events.inputsLate - lastEvents_.inputsLate));
  qd_sample_i64(probe_, s_.inputMissing, static_cast<std::int64_t>(events.inputsMissing - lastEvents_.inputsMissing));
  qd_sample_i64(probe_, s_.rejectedLate, static_cast<std::int64_t>(events.inputsLate));
  qd_sample_i64(probe_, s_.rejectedEarly, static_cast<std::int64_t>(events.inputsEarly));
  qd_sample_i64(probe_, s_.rejectedView, static_cast<std::int64_t>(events.viewsForged));
  lastEvents_.inputsLate = events.inputsLate;
  lastEvents_.inputsMissing = events.inputsMissing;
  qd_sample_i64(probe_, s_.rewinds, static_cast<std::int64_t>(std::exchange(rewindsThisSecond_, 0)));
  agreement();
  process(elapsed);
  secondNs_ = nowNs;
  secondParkedNs_ = 0;
  second_ = totals_;
}

int Telemetry::onReload(void* user, const qd_field*, std::uint32_t, char* result, std::size_t size) {
  auto& self = *static_cast<Telemetry*>(user);
  const auto seed = self.world_.map().seed() * 1'664'525U + 1'013'904'223U;
  self.world_.reload(seed);
  self.matchEnds_ = 0;
  qd_logf(self.probe_, QD_WARNING, "match", "map reloaded by an operator: now %08x, everybody respawned", seed);
  std::snprintf(result, size, "map %08x, %zu players respawned", seed, self.world_.players().size());
  return 0;
}

int Telemetry::onKick(void* user, const qd_field* args, std::uint32_t count, char* result, std::size_t size) {
  auto& self = *static_cast<Telemetry*>(user);
  const auto id = count > 0 ? args[0].value.i64 : -1;
  const auto* player = id < 0 || id >= kFirstNpc ? nullptr : self.world_.player(static_cast<EntityId>(id));
  if (player == nullptr) {
    std::snprintf(result, size, "No player %ld is here; take an id from the players table.", static_cast<long>(id));
    return 1;
  }
  self.exchange_.toNetwork.push(Kick{player->id, "kicked by an operator"});
  self.exchange_.wakeNetwork.wake();
  std::snprintf(result, size, "%s kicked", player->name.c_str());
  return 0;
}

int Telemetry::onBroadcast(void* user, const qd_field* args, std::uint32_t count, char* result, std::size_t size) {
  auto& self = *static_cast<Telemetry*>(user);
  std::string text = count > 0 && args[0].value.text != nullptr ? args[0].value.text : "";
  if (text.empty()) {
    std::snprintf(result, size, "Nothing to say: the text is empty.");
    return 1;
  }
  text.resize(std::min<std::size_t>(text.size(), 200));
  qd_logf(self.probe_, QD_INFO, "chat", "[operator] %s", text.c_str());
  self.exchange_.toNetwork.push(Broadcast{text});
  self.exchange_.wakeNetwork.wake();
  std::snprintf(result, size, "shown to %zu players", self.world_.players().size());
  return 0;
}

}  // namespace qd::stage
