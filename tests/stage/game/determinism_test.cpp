// SPDX-License-Identifier: Apache-2.0
// One seed and one sequence of inputs give one game: over repetition, over roll-back and replay at every tick, over the
// wrap-around of narrow tick counters, and over builds (the golden checksum below is the same at -O0, at -O2 and under
// the sanitizers; every preset runs this test, and test_stage_game_O0 the same sources without optimisation).
#include <gtest/gtest.h>

#include <deque>

#include "stage/sim/measures.h"
#include "tests/stage/game/make.h"

namespace qd::stage {
namespace {

SimulationOptions busy(std::uint64_t seed) {
  auto made = options(6, seed, path(40, 8, 0.02));
  made.arenaHalfUm = 40 * kUmPerMetre;
  made.npcDensity = 0.2;
  made.habits = {.shotEverySeconds = 0.5, .spread = 300, .shootsNpcs = true};
  return made;
}

}  // namespace

// After a wanted change of the game's rules the new value stands in the failure; put it here.
TEST(Determinism, GoldenChecksum) {
  Simulation stage(busy(7));
  stage.run(6 * kNsPerSecond);
  EXPECT_EQ(stage.checksum(), 6859905902187733795ULL) << std::hex << stage.checksum();
}

TEST(Determinism, OneSeedGivesOneGame) {
  const auto hash = [](std::uint64_t seed) {
    Simulation stage(busy(seed));
    stage.run(4 * kNsPerSecond);
    return stage.checksum();
  };
  EXPECT_EQ(hash(4), hash(4));
  EXPECT_NE(hash(4), hash(5));
}

// In two halves or in a hundred pieces: the game does not know how it is driven.
TEST(Determinism, TheStepOfTheCallerDoesNotMatter) {
  Simulation whole(busy(4)), pieces(busy(4));
  whole.run(2 * kNsPerSecond);
  for (int i = 0; i < 200; ++i) pieces.run(10 * kNsPerMs);
  EXPECT_EQ(whole.checksum(), pieces.checksum());
}

// Every tick: roll back N, replay the same inputs, compare checksums.
TEST(Determinism, EveryTickRolledBackAndReplayedIsTheSame) {
  constexpr std::size_t kBack = 8;
  struct Step {
    World before;
    std::vector<Inputs> inputs;
    Settings settings;
    std::int64_t timeNs;
    std::uint64_t after;
  };
  Random random(11);
  const Map map(3, 40 * kUmPerMetre);
  World world(3, 3, 40 * kUmPerMetre);
  for (EntityId id = 1; id <= 6; ++id) world.join({id, Role::Bot, "p", ""});
  Settings settings;
  settings.npcDensity = 0.2;
  std::deque<Step> steps;
  const auto play = [](World& w, Tick tick, const Step& step) {
    for (const auto& inputs : step.inputs) w.input(inputs);
    w.step(tick, step.settings, step.timeNs);
  };
  std::size_t compared = 0, shots = 0;
  for (Tick tick = 1; tick <= 400; ++tick) {
    Step step{world, {}, settings, tick * kNsPerSecond / 60, 0};
    for (EntityId id = 1; id <= 6; ++id) {
      if (random.chance(0.1)) continue;  // lost: bridged
      InputCommand c{.tick = tick, .moveX = static_cast<float>(random.uniform() * 2 - 1)};
      c.moveY = static_cast<float>(random.uniform() * 2 - 1);
      c.yaw = static_cast<std::uint16_t>(random.next());
      if (tick > 20 && random.chance(0.2)) {
        c.buttons = kFire;
        c.shot.view = {tick - 12, tick - 10, random.between(0, kFixedOne - 1), View::Mode::Interpolated};
      }
      step.inputs.push_back({id, 100 * kNsPerMs, {c}});
    }
    play(world, tick, step);
    shots += world.events().shots.size();
    step.after = world.checksum();
    steps.push_back(std::move(step));
    if (steps.size() > kBack) steps.pop_front();
    World replayed = steps.front().before;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      play(replayed, tick - static_cast<Tick>(steps.size()) + 1 + static_cast<Tick>(i), steps[i]);
      ASSERT_EQ(replayed.checksum(), steps[i].after) << "tick " << tick << ", replayed step " << i;
      ++compared;
    }
  }
  EXPECT_GT(compared, 3'000u);
  EXPECT_GT(shots, 100u);
}

// Rewinding reads; it must leave the world as it was, to the bit.
TEST(Determinism, JudgingAShotRestoresTheWorldExactly) {
  World world(3, 3, 40 * kUmPerMetre);
  world.join({1, Role::Bot, "p", ""});
  Settings settings;
  settings.npcDensity = 0.2;
  for (Tick t = 1; t <= 40; ++t) world.step(t, settings, t * kNsPerSecond / 60);
  World quiet = world;
  InputCommand miss{.tick = 41, .buttons = kFire};
  miss.shot.view = {30, 32, 1'000, View::Mode::Interpolated};
  miss.yaw = 1;
  world.input({1, 0, {miss}});
  InputCommand still{.tick = 41};
  still.yaw = 1;
  quiet.input({1, 0, {still}});
  world.step(41, settings, 0);
  quiet.step(41, settings, 0);
  ASSERT_EQ(world.events().shots.size(), 1u);
  if (world.events().shots[0].victim == 0) {
    EXPECT_EQ(world.entities(), quiet.entities());
  }
}

TEST(Monotonic, UnderChangingDelays) {
  Simulation stage(options(4, 7, path(35)));
  Measures measures(stage);
  for (const int rtt : {70, 100, 200, 150, 100}) {
    stage.impairAll(path(rtt / 2.0, 3, 0.01));
    stage.run(3 * kNsPerSecond);
  }
  EXPECT_EQ(measures.figures().viewBackwards, 0u);
  EXPECT_EQ(measures.figures().predictBackwards, 0u);
  EXPECT_GT(measures.figures().frames, 3'000u);
}

TEST(Monotonic, AtAThirdLost) {
  Simulation stage(options(4, 8, path(50, 10, 0.33)));
  Measures measures(stage);
  stage.run(20 * kNsPerSecond);
  EXPECT_EQ(measures.figures().viewBackwards, 0u);
  EXPECT_EQ(measures.figures().predictBackwards, 0u);
  for (const auto& p : stage.players()) EXPECT_EQ(p.client->state(stage.now()), NetState::Connected);
}

// Where a 16-, 31-, 32- or 40-bit counter of ticks would turn over, nothing happens.
TEST(Monotonic, AcrossTheWrapAroundOfTickNumbers) {
  for (const int bits : {16, 31, 32, 40}) {
    SCOPED_TRACE(bits);
    auto made = busy(9);
    made.path = path(40);
    made.firstTick = (Tick{1} << bits) - 240;
    Simulation stage(made);
    Measures measures(stage);
    stage.run(3 * kNsPerSecond);
    measures.reset();
    stage.run(4 * kNsPerSecond);
    auto& f = measures.figures();
    EXPECT_GT(stage.tick(), Tick{1} << bits);
    EXPECT_EQ(f.viewBackwards, 0u);
    EXPECT_EQ(f.predictBackwards, 0u);
    EXPECT_EQ(f.undecodable, 0u);
    EXPECT_EQ(f.inputsMissing, 0u);
    EXPECT_LE(f.rewindError.max(), 0.001);
    EXPECT_GT(f.agreement.shots, 5u);
  }
}

}  // namespace qd::stage
