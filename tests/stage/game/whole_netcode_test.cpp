// SPDX-License-Identifier: Apache-2.0
// Properties of the netcode as a whole, in virtual time.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/stage/game/make.h"

namespace qd::stage {
TEST(Prediction, ErrorIsExactlyZeroWithoutLossAtAnyRoundTrip) {
  for (const int oneWay : {0, 25, 50, 100, 150}) {
    Simulation stage(options(3, 7, path(oneWay)));
    wanderAll(stage);
    stage.run(2 * kNsPerSecond);  // the clocks settle
    for (auto& p : stage.players()) p.confirmed.clear();
    const auto missing = stage.world().events().inputsMissing;
    stage.run(8 * kNsPerSecond);
    EXPECT_EQ(stage.world().events().inputsMissing, missing) << oneWay;
    for (auto& p : stage.players()) {
      ASSERT_GT(p.confirmed.size(), 200u) << oneWay;
      for (const auto& c : p.confirmed) {
        ASSERT_EQ(c.errorUm, 0) << oneWay;
        ASSERT_EQ(c.replayed, 0) << oneWay;
      }
    }
  }
}

TEST(Prediction, RecoversFromWhatItCannotKnow) {
  Simulation stage(options(2, 7, path(50)));
  wanderAll(stage);
  stage.run(2 * kNsPerSecond);
  stage.world().reload(99);  // everybody is elsewhere, on another map
  stage.run(kNsPerSecond);
  for (auto& p : stage.players()) p.confirmed.clear();
  stage.run(2 * kNsPerSecond);
  for (auto& p : stage.players()) {
    EXPECT_EQ(p.client->own().teleports, stage.world().player(p.client->player())->state.teleports);
    for (const auto& c : p.confirmed) ASSERT_EQ(c.errorUm, 0);
  }
}

TEST(Prediction, CorrectsUnderLossAndJitterAndStaysClose) {
  Simulation stage(options(4, 3, path(60, 20, 0.05)));
  wanderAll(stage);
  stage.run(10 * kNsPerSecond);
  std::uint64_t corrections = 0;
  for (auto& p : stage.players()) {
    corrections += p.client->counters().corrections;
    std::int64_t worst = 0;
    for (const auto& c : p.confirmed) worst = std::max(worst, c.joined ? c.errorUm : 0);
    EXPECT_LT(worst, 2 * kUmPerMetre);
    EXPECT_EQ(p.client->counters().undecodable, 0u);
  }
  EXPECT_GT(corrections, 0u);
}

TEST(Prediction, FollowsAChangeOfTheTickRate) {
  Simulation stage(options(2, 7, path(40)));
  wanderAll(stage);
  stage.run(2 * kNsPerSecond);
  for (const int hz : {30, 120, 60}) {
    stage.settings.tickHz = hz;
    stage.run(3 * kNsPerSecond);
    for (auto& p : stage.players()) p.confirmed.clear();
    stage.run(2 * kNsPerSecond);
    for (auto& p : stage.players()) {
      EXPECT_EQ(p.client->state(stage.now()), NetState::Connected);
      ASSERT_GT(p.confirmed.size(), 30u) << hz;
      for (const auto& c : p.confirmed) ASSERT_EQ(c.errorUm, 0) << hz;
    }
  }
}

TEST(Parked, PlayersStayAndTheClientRunsOnToTheTickExactly) {
  Simulation stage(options(2, 5, path(60, 8, 0.01)));
  stage.run(3 * kNsPerSecond);
  stage.parked = true;
  const Tick stopped = stage.tick();
  stage.run(20 * kNsPerSecond);
  EXPECT_EQ(stage.tick(), stopped);
  for (auto& p : stage.players()) {
    EXPECT_EQ(p.client->renderClock().value(), stopped * kFixedOne);
    EXPECT_EQ(p.client->state(stage.now()), NetState::Connected);
    EXPECT_LT(p.client->predictedTick(), stopped + 30);
    p.confirmed.clear();
  }
  stage.parked = false;
  stage.run(3 * kNsPerSecond);
  for (auto& p : stage.players()) {
    EXPECT_GT(p.client->renderClock().value(), (stopped + 150) * kFixedOne);
    EXPECT_GT(p.confirmed.size(), 50u);
    EXPECT_EQ(p.client->counters().reconnects, 0u);
  }
}

TEST(Combat, RewoundPositionsAreWhatWasDrawn) {
  Simulation stage(options(12, 9, path(60, 8, 0.01)));
  stage.settings.npcDensity = 1;
  std::int64_t shots = 0, agreed = 0, worst = 0, rewound = 0;
  stage.onTick = [&](Tick) {
    for (const auto& shot : stage.world().events().shots) {
      if (shot.policy) continue;
      ++shots;
      agreed += shot.claimed == shot.victim ? 1 : 0;
      worst = std::max(worst, shot.rewindErrorUm);
      rewound = std::max(rewound, shot.rewindNs);
    }
  };
  stage.run(20 * kNsPerSecond);
  EXPECT_GT(shots, 60);
  EXPECT_LE(worst, 1'000) << "µm: quantization alone";
  EXPECT_GE(static_cast<double>(agreed) / static_cast<double>(shots), 0.97);
  EXPECT_GT(rewound, 100 * kNsPerMs);
}

TEST(Combat, WithoutCompensationTheServerSeesOtherThings) {
  const auto agreement = [](bool enabled) {
    Simulation stage(options(12, 9, path(80)));
    stage.settings.npcDensity = 1;
    stage.settings.lagcompEnabled = enabled ? 1 : 0;
    double shots = 0, agreed = 0;
    stage.onTick = [&](Tick) {
      for (const auto& shot : stage.world().events().shots) {
        ++shots;
        agreed += shot.claimed == shot.victim ? 1 : 0;
      }
    };
    stage.run(20 * kNsPerSecond);
    return agreed / shots;
  };
  EXPECT_GT(agreement(true), agreement(false) + 0.1);
}

TEST(Combat, RewindIsClampedToTheParameter) {
  Simulation stage(options(12, 9, path(150)));
  stage.settings.npcDensity = 1;
  std::int64_t most = 0;
  int clamped = 0;
  stage.onTick = [&](Tick) {
    for (const auto& shot : stage.world().events().shots) {
      most = std::max(most, shot.rewindNs);
      clamped += shot.policy ? 1 : 0;
    }
  };
  stage.run(15 * kNsPerSecond);
  EXPECT_GT(clamped, 10);
  EXPECT_LE(most, 251 * kNsPerMs);
  stage.settings.maxRewindNs = 500 * kNsPerMs;
  clamped = 0;
  stage.run(15 * kNsPerSecond);
  EXPECT_GT(most, 300 * kNsPerMs);
}

TEST(World, DensityAndWeatherChangeWhatIsSimulatedAndSent) {
  Simulation stage(options(4, 2, path(10)));
  stage.settings.npcDensity = 1;
  stage.run(2 * kNsPerSecond);
  EXPECT_EQ(stage.world().npcCount(), 120u);
  const auto calm = stage.lastRound().meanVisible;
  stage.settings.npcDensity = 5;
  stage.run(2 * kNsPerSecond);
  EXPECT_EQ(stage.world().npcCount(), 600u);
  const auto crowded = stage.lastRound().meanVisible;
  EXPECT_GT(crowded, calm);
  stage.settings.weatherKind = static_cast<std::int32_t>(Weather::Fog);
  stage.settings.weatherIntensity = 1;
  stage.run(kNsPerSecond);
  EXPECT_LT(stage.lastRound().meanVisible, crowded);
  stage.settings.npcDensity = 0;
  stage.run(kNsPerSecond);
  EXPECT_EQ(stage.world().npcCount(), 0u);
}

}  // namespace qd::stage
