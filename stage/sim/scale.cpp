// SPDX-License-Identifier: Apache-2.0
#include "stage/sim/scale.h"

#include <fmt/format.h>

#include <cmath>
#include <ctime>

namespace qd::stage {
namespace {

constexpr int kIpHeaders = 28;  // UDP and IPv4

std::int64_t processorNs() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * kNsPerSecond + now.tv_nsec;
}

double us(std::int64_t ns) {
  return static_cast<double>(ns) / 1e3;
}

}  // namespace

ScaleResult runScale(const ScaleCase& wanted) {
  SimulationOptions made;
  made.players = wanted.players;
  made.seed = 5;
  made.path.each.latencyNs = 20 * kNsPerMs;
  made.arenaHalfUm = wanted.arenaHalfUm;
  made.npcDensity = wanted.npcDensity;
  Simulation stage(made);
  stage.settings.npcDensity = wanted.npcDensity;
  if (wanted.storm) {
    stage.settings.weatherIntensity = 1;
    stage.settings.weatherKind = static_cast<std::int32_t>(Weather::Storm);
  }
  stage.setWorkClock(processorNs);
  stage.run(std::llround(wanted.settleSeconds * kNsPerSecond));
  ScaleResult r{.made = wanted};
  double playersNs = 0, npcsNs = 0, ticks = 0, rounds = 0;
  stage.onTick = [&](Tick) {
    const auto& work = stage.work();
    const auto& events = stage.world().events();
    r.tickUs.add(us(work.tickNs));
    playersNs += static_cast<double>(events.playersNs);
    npcsNs += static_cast<double>(events.npcsNs);
    ++ticks;
    if (work.snapshotsNs == 0) return;
    r.snapshotsUs.add(us(work.snapshotsNs));
    r.snapshotBytes += static_cast<double>(stage.lastRound().meanBytes);
    r.visible += stage.lastRound().meanVisible;
    ++rounds;
  };
  stage.run(std::llround(wanted.seconds * kNsPerSecond));
  r.npcs = stage.world().npcCount();
  r.visible /= rounds;
  r.snapshotBytes /= rounds;
  r.bytesPerSecond = (r.snapshotBytes + kIpHeaders) * rounds / wanted.seconds;
  r.playerUs = playersNs / ticks / wanted.players / 1e3;
  r.npcUs = r.npcs == 0 ? 0 : npcsNs / ticks / static_cast<double>(r.npcs) / 1e3;
  r.clientUs = r.snapshotsUs.mean() / wanted.players;
  r.core = (r.tickUs.mean() * ticks + r.snapshotsUs.mean() * rounds) / wanted.seconds / 1e6;
  return r;
}

ScaleCase grown(int times) {
  return {.players = 8 * times,
          .npcDensity = 0.125 * times,
          .arenaHalfUm = std::llround(60 * std::sqrt(times)) * kUmPerMetre,
          .storm = true};
}

std::string growthTable() {
  std::string table =
      "| players | NPCs | arena m | entities in a snapshot | snapshot B | B/s a client |\n"
      "| --: | --: | --: | --: | --: | --: |\n";
  for (const int times : {1, 2, 4, 8, 16, 32}) {
    const auto r = runScale(grown(times));
    const auto side = 2 * r.made.arenaHalfUm / kUmPerMetre;
    table += fmt::format("| {} | {} | {} × {} | {:.1f} | {:.0f} | {:.0f} |\n", r.made.players, r.npcs, side, side,
                         r.visible, r.snapshotBytes, r.bytesPerSecond);
  }
  return table;
}

std::string crowdTable() {
  std::string table =
      "| players | NPCs | tick p50 ms | p99 | max | a player µs | an NPC µs | round of snapshots p50 ms | p99 | a "
      "client "
      "µs | entities in it | B/s a client | share of a core % |\n"
      "| --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |\n";
  const std::pair<int, double> cases[] = {{50, 1}, {100, 1}, {200, 1}, {500, 1}, {1'000, 1}, {50, 4}, {50, 10}};
  for (const auto& [players, density] : cases) {
    auto r = runScale({.players = players, .npcDensity = density, .arenaHalfUm = kArenaHalf, .seconds = 5});
    table += fmt::format(
        "| {} | {} | {:.3f} | {:.3f} | {:.3f} | {:.2f} | {:.2f} | {:.2f} | {:.2f} | {:.1f} | {:.1f} | {:.0f} | {:.1f} "
        "|\n",
        players, r.npcs, r.tickUs.quantile(0.5) / 1e3, r.tickUs.quantile(0.99) / 1e3, r.tickUs.max() / 1e3, r.playerUs,
        r.npcUs, r.snapshotsUs.quantile(0.5) / 1e3, r.snapshotsUs.quantile(0.99) / 1e3, r.clientUs, r.visible,
        r.bytesPerSecond, 100 * r.core);
  }
  return table;
}

}  // namespace qd::stage
