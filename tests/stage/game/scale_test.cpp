// SPDX-License-Identifier: Apache-2.0
// Interest management: when the world grows at the same density, what one client is sent stays the same.
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/stage/game/make.h"

namespace qd::stage {
namespace {

struct Load {
  double bytes = 0, visible = 0;  // of one client's snapshot, mean of the rounds of a second
};

// `times` the area of a quarter of the usual arena, with as many times the players and NPCs.
Load loadOf(int times) {
  auto made = options(8 * times, 5, path(20));
  made.arenaHalfUm = std::llround(60 * std::sqrt(times)) * kUmPerMetre;
  made.npcDensity = 0.125 * times;
  Simulation stage(made);
  stage.settings.weatherIntensity = 1;
  stage.settings.weatherKind = static_cast<std::int32_t>(Weather::Storm);  // one sees 28 m
  stage.run(2 * kNsPerSecond);
  Load load;
  for (int i = 0; i < 30; ++i) {
    stage.run(kNsPerSecond / 30);
    load.bytes += static_cast<double>(stage.lastRound().meanBytes) / 30;
    load.visible += stage.lastRound().meanVisible / 30;
  }
  return load;
}

}  // namespace

TEST(Scale, BandwidthOfAClientStaysFlatAsTheWorldGrows) {
  const Load small = loadOf(1), large = loadOf(16);
  std::printf("snapshot of one client: %.0f B, %.1f entities at 8 players; %.0f B, %.1f entities at 128 players\n",
              small.bytes, small.visible, large.bytes, large.visible);
  // The rim of a small arena has fewer neighbours, so growing is not exactly nothing; sixteen times the world would be
  // sixteen.
  EXPECT_LE(large.bytes, 1.8 * small.bytes);
  EXPECT_GE(large.bytes, 0.6 * small.bytes);
}

}  // namespace qd::stage
