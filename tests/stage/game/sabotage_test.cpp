// SPDX-License-Identifier: Apache-2.0
// The sabotage table: a fault is put in, and the series that it must move move by the amount that they must, and no
// other does. Checked both ways, in duels whose figures are known: targets run at 5 m/s, 83.3 mm a tick.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <string>

#include "stage/sim/measures.h"
#include "tests/stage/game/duel.h"

namespace qd::stage {
namespace {

using Row = std::map<std::string, double>;

// `wandering`: nobody shoots, everybody keeps changing direction, so that a missing input shows.
Row measure(const std::function<void(Simulation&)>& fault, bool wandering) {
  Duel duel(path(50), 3, 2);
  if (wandering) wanderAll(duel.stage);
  Measures measures(duel.stage);
  duel.stage.settings.maxRewindNs = 400 * kNsPerMs;
  if (fault) fault(duel.stage);
  duel.stage.run(3 * kNsPerSecond);
  measures.reset();
  double loss = 0;
  for (int half = 0; half < 40; ++half) {
    duel.stage.run(kNsPerSecond / 2);
    for (const auto& c : duel.stage.lastReport().clients) loss += c.loss / 40 / 4;
  }
  auto& f = measures.figures();
  const auto perSecond = [&f](std::uint64_t n) { return static_cast<double>(n) / f.playerSeconds; };
  return {{"interp.error p50 m", f.interpError.quantile(0.5)},
          {"interp.view_age p50 ms", f.viewAge.quantile(0.5)},
          {"interp.starved /s", perSecond(f.starved)},
          {"interp.time_scale p50", f.timeScale.quantile(0.5)},
          {"predict.corrections /s", perSecond(f.corrections)},
          {"lagcomp.rewind_time p50 ms", f.rewindTime.quantile(0.5)},
          {"lagcomp.rewind_error p50 m", f.rewindError.quantile(0.5)},
          {"input.missing /s", perSecond(f.inputsMissing)},
          {"input.latency p50 ms", f.inputLatency.quantile(0.5)},
          {"net.loss up", loss}};
}

struct Expected {
  double low, high;  // of the rise
};

// Every series that is not in `moves` must stay where it was.
void check(const std::function<void(Simulation&)>& fault, const std::map<std::string, Expected>& moves,
           bool wandering = false) {
  const Row sound = measure(nullptr, wandering);
  // What may differ without a fault being to blame: the games differ after the first hit that was judged otherwise.
  static const std::map<std::string, double> kSlack = {{"interp.error p50 m", 0.002},
                                                       {"interp.view_age p50 ms", 1},
                                                       {"interp.starved /s", 0.01},
                                                       {"interp.time_scale p50", 0.001},
                                                       {"predict.corrections /s", 0.6},
                                                       {"lagcomp.rewind_time p50 ms", 1},
                                                       {"lagcomp.rewind_error p50 m", 0.0005},
                                                       {"input.missing /s", 0.01},
                                                       {"input.latency p50 ms", 1},
                                                       {"net.loss up", 0.001}};
  const Row row = measure(fault, wandering);
  for (const auto& [name, value] : row) {
    if (std::isnan(value) && std::isnan(sound.at(name))) continue;  // nobody shot in either
    const double rise = value - sound.at(name);
    const auto expected = moves.find(name);
    if (expected == moves.end()) {
      EXPECT_LE(std::abs(rise), kSlack.at(name)) << name << " must not move: " << sound.at(name) << " -> " << value;
    } else {
      EXPECT_GE(rise, expected->second.low) << name << ": " << sound.at(name) << " -> " << value;
      EXPECT_LE(rise, expected->second.high) << name << ": " << sound.at(name) << " -> " << value;
    }
  }
}

}  // namespace

TEST(Sabotage, NoFaultMovesNothing) {
  check(nullptr, {});
}

TEST(Sabotage, RewindOffByOneTick) {
  check([](Simulation& s) { s.settings.debugRewindTicks = 1; },
        {{"lagcomp.rewind_error p50 m", {0.0825, 0.0842}}, {"lagcomp.rewind_time p50 ms", {16, 17.5}}});
}

TEST(Sabotage, FiveCentimetresOfRenderBias) {
  check(
      [](Simulation& s) {
        for (auto& p : s.players()) p.client->setRenderBias({50 * kUmPerMm, 0, 0});
      },
      {{"interp.error p50 m", {0.048, 0.0505}}, {"lagcomp.rewind_error p50 m", {0.0485, 0.0505}}});
}

// 12 of 60 packets are lost in a row, 8 inputs fit into one: at least four ticks a second never arrive, and what
// arrives later than the lead allows is missing too.
TEST(Sabotage, InputsDroppedBeyondTheRedundancy) {
  check(
      [](Simulation& s) {
        for (auto& p : s.players()) p.client->setInputDrop(12);
      },
      {{"input.missing /s", {4, 12}},
       {"predict.corrections /s", {0.5, 12}},
       {"net.loss up", {0.14, 0.22}},  // 20 %, less where a report settles a burst in two parts
       // Confirmations of inputs come in fewer packets, and the echo of the clocks with them.
       {"input.latency p50 ms", {-2, 25}}},
      true);
}

TEST(Sabotage, InputsDroppedWithinTheRedundancyMoveOnlyTheLoss) {
  check(
      [](Simulation& s) {
        for (auto& p : s.players()) p.client->setInputDrop(1);
      },
      {{"net.loss up", {0.014, 0.019}}}, true);
}

}  // namespace qd::stage
