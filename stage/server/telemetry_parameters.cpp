// SPDX-License-Identifier: Apache-2.0
#include "stage/runtime/probe_kit.h"
#include "stage/server/telemetry.h"

namespace qd::stage {

void Telemetry::declareParameters() {
  const auto add = [this](const qd_param_desc& desc) {
    parameters_[desc.name] = {qd_param_declare(probe_, &desc), desc.initial};
  };
  gameParameters(add);
  networkParameters(add);
  lagcompParameters(add);
  debugParameters(add);
}

void Telemetry::gameParameters(const AddParameter& add) {
  auto& s = settings_;
  auto weather =
      describe("weather.intensity", "weather", "How strong the weather is; limits how far one sees", QD_SAFE);
  bindReal(weather, s.weatherIntensity, 0.2, 0, 1, 0.05, "");
  add(weather);
  auto kind = describe("weather.kind", "weather", "At full intensity one sees 50 m when clear, 15 m in fog; 70 m at 0",
                       QD_SAFE);
  bindChoice(kind, s.weatherKind, kWeatherNames, 5, 0);
  add(kind);
  auto density = describe("npc.density", "npc", "120 NPCs for each 1: simulated, thinking and replicated", QD_GUARDED);
  bindReal(density, s.npcDensity, s.npcDensity, 0, 10, 0.1, "");
  add(density);
  auto tick = describe("server.tick_hz", "server", "Simulation steps a second", QD_DANGEROUS);
  bindInt(tick, s.tickHz, s.tickHz, 10, 240, 10, "Hz");
  add(tick);
  auto snapshot =
      describe("server.snapshot_hz", "server", "Snapshots to each client a second, at most the tick rate", QD_GUARDED);
  bindInt(snapshot, s.snapshotHz, 30, 5, 120, 5, "Hz");
  add(snapshot);
}

void Telemetry::networkParameters(const AddParameter& add) {
  auto& s = settings_;
  const auto duration = [&](const char* name, const char* text, std::int64_t& variable, std::int64_t most,
                            std::int64_t step) {
    auto desc = describe(name, "net", text, QD_GUARDED);
    bindDuration(desc, variable, variable, most, step);
    add(desc);
  };
  const auto share = [&](const char* name, const char* text, double& variable) {
    auto desc = describe(name, "net", text, QD_GUARDED);
    bindReal(desc, variable, variable, 0, 1, 0.01, "");
    add(desc);
  };
  duration("net.latency", "One way, added in both directions", s.netLatencyNs, 2 * kNsPerSecond, 5 * kNsPerMs);
  duration("net.jitter", "Gaussian deviation of that latency, in each direction", s.netJitterNs, 500 * kNsPerMs,
           kNsPerMs);
  duration("net.blackout", "Loses everything for this long, from the push on; goes back to 0 by itself",
           s.netBlackoutNs, 60 * kNsPerSecond, 50 * kNsPerMs);
  share("net.loss", "Share of packets lost, in each direction", s.netLoss);
  share("net.duplicate", "Share of packets that arrive twice", s.netDuplicate);
  share("net.reorder", "Share of packets held back 50 ms, so that later ones overtake them", s.netReorder);
  share("net.asymmetry", "Share of the round trip's latency on the way to the players; 0.5 is even", s.netAsymmetry);
  share("net.burst_enter", "Gilbert-Elliott: chance a packet that a burst of loss begins; 0: no bursts",
        s.netBurstEnter);
  share("net.burst_leave", "Gilbert-Elliott: chance a packet that the burst ends", s.netBurstLeave);
  share("net.burst_loss", "Gilbert-Elliott: share of packets lost in a burst", s.netBurstLoss);
  auto player = describe("net.player", "net", "0: these faults are everybody's; else this player's alone", QD_GUARDED);
  bindInt(player, s.netPlayer, 0, 0, kFirstNpc - 1, 1, "");
  add(player);
}

void Telemetry::lagcompParameters(const AddParameter& add) {
  auto& s = settings_;
  auto enabled = describe("lagcomp.enabled", "lagcomp", "Judge shots by what the shooter saw", QD_GUARDED);
  bindBool(enabled, s.lagcompEnabled, true);
  add(enabled);
  auto rewind = describe("lagcomp.max_rewind", "lagcomp", "Older claims are clamped to this", QD_GUARDED);
  bindDuration(rewind, s.maxRewindNs, 250 * kNsPerMs, kNsPerSecond, 10 * kNsPerMs);
  add(rewind);
  static const char* const kMethods[] = {"claim", "rtt_half"};
  auto method =
      describe("lagcomp.method", "lagcomp", "claim: the drawn moment; rtt_half: the classic estimate", QD_GUARDED);
  bindChoice(method, s.lagcompMethod, kMethods, 2, 0);
  add(method);
}

// Faults put in on purpose: for drills, and to see that the metrics show what they should.
void Telemetry::debugParameters(const AddParameter& add) {
  auto& s = settings_;
  const auto duration = [&](const char* name, const char* text, std::int64_t& variable, std::int64_t most) {
    auto desc = describe(name, "debug", text, QD_DANGEROUS);
    bindDuration(desc, variable, 0, most, kNsPerMs);
    add(desc);
  };
  duration("debug.cpu_hog", "Burns this much processor time in every tick", s.debugHogNs, kNsPerSecond);
  duration("debug.slow_tick", "Makes the next tick this much longer; goes back to 0 by itself", s.debugSlowTickNs,
           5 * kNsPerSecond);
  auto leak =
      describe("debug.leak", "debug", "Memory lost each second, at most 1 GiB in all; 0 gives it back", QD_DANGEROUS);
  bindInt(leak, s.debugLeakBytes, 0, 0, 256 << 20, 1 << 20, "B/s");
  add(leak);
  auto offset = describe("debug.rewind_offset", "debug", "Shots are judged so many ticks too far back", QD_DANGEROUS);
  bindInt(offset, s.debugRewindTicks, 0, 0, 10, 1, "ticks");
  add(offset);
}

}  // namespace qd::stage
