// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "core/control/ramp.h"
#include "tests/core/control/change_sim.h"

namespace qd::control {
namespace {

using namespace testing;
using ingest::ChangePhase;
using ingest::GuardState;
using ingest::TargetState;

class Change : public ::testing::Test {
 protected:
  void servers(int n) {
    for (int i = 1; i <= n; ++i) {
      sim.add("server-" + std::to_string(i));
      ids.emplace_back("server-" + std::to_string(i));
    }
  }
  const ingest::ChangeState& state() { return sim.coordinator->state(); }
  Sim sim;
  std::vector<ProcessId> ids;
};

TEST_F(Change, APlainPushIsThereAndStays) {
  servers(3);
  sim.start(planFor(ids));
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Done, 60));
  EXPECT_EQ(sim.touched(), 3);
  for (auto& [id, game] : sim.games) EXPECT_EQ(game.applications, 1);
}

TEST_F(Change, ALeaseGoesBackWhenItsTimeIsOver) {
  servers(2);
  auto plan = planFor(ids);
  plan.lease.ns = 10 * kNsPerSecond;
  sim.start(plan);
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Leased, 60));
  EXPECT_EQ(sim.touched(), 2);
  EXPECT_FALSE(sim.untilPhase(ChangePhase::Reverting, 560));
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Reverted, 120));
  EXPECT_EQ(sim.touched(), 0);
}

TEST_F(Change, ALeaseGoesBackAlsoWhenItIsPaused) {
  servers(2);
  auto plan = planFor(ids);
  plan.lease.ns = 2 * kNsPerSecond;
  sim.start(plan);
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Leased, 60));
  sim.coordinator->order({plan.id, ChangeWord::Pause, "ann", "", ""}, sim.now);
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Reverted, 200));
  EXPECT_EQ(sim.touched(), 0);
}

TEST_F(Change, ARevertTouchesOnlyWhatIsStillOurs) {
  servers(2);
  auto plan = planFor(ids);
  plan.lease.ns = 2 * kNsPerSecond;
  sim.start(plan);
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Leased, 60));
  sim.game("server-2").density = 7;
  ++sim.game("server-2").version;
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Reverted, 400));
  EXPECT_EQ(sim.game("server-1").density, 1);
  EXPECT_EQ(sim.game("server-2").density, 7);
  EXPECT_EQ(state().targets[1].state, TargetState::Foreign);
}

TEST_F(Change, ARampMovesInStepsAndEndsAtTheValue) {
  servers(1);
  auto plan = planFor(ids, 3);
  plan.ramp = ingest::RampShape::Linear;
  plan.rampTime.ns = 5 * kNsPerSecond;
  sim.start(plan);
  double last = 1;
  bool monotone = true;
  ASSERT_TRUE(sim.until(
      [&] {
        const double density = sim.game("server-1").density;
        monotone = monotone && density >= last;
        last = density;
        return state().phase == ChangePhase::Done;
      },
      500));
  EXPECT_TRUE(monotone);
  EXPECT_EQ(last, 3);
  EXPECT_GT(sim.game("server-1").applications, 20);
  EXPECT_LE(sim.game("server-1").applications, 52);
}

TEST_F(Change, InAPauseARampStandsStillAndThenGoesOn) {
  servers(1);
  auto plan = planFor(ids, 3);
  plan.ramp = ingest::RampShape::Linear;
  plan.rampTime.ns = 5 * kNsPerSecond;
  sim.start(plan);
  ASSERT_TRUE(sim.until([&] { return sim.game("server-1").density > 1.5; }, 400));
  sim.coordinator->order({"c-1", ChangeWord::Pause, "ann", "", ""}, sim.now);
  for (int i = 0; i < 10; ++i) sim.tick();
  const double stood = sim.game("server-1").density;
  for (int i = 0; i < 600; ++i) sim.tick();
  EXPECT_EQ(sim.game("server-1").density, stood);
  sim.coordinator->order({"c-1", ChangeWord::GoOn, "ann", "", ""}, sim.now);
  for (int i = 0; i < 10; ++i) sim.tick();
  EXPECT_LT(sim.game("server-1").density, stood + 0.3) << "no jump";
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Done, 500));
  EXPECT_EQ(sim.game("server-1").density, 3);
}

TEST_F(Change, SomebodyElseAlongTheRampEndsItThere) {
  servers(1);
  auto plan = planFor(ids, 3);
  plan.ramp = ingest::RampShape::Smooth;
  plan.rampTime.ns = 5 * kNsPerSecond;
  sim.start(plan);
  ASSERT_TRUE(sim.until([&] { return sim.game("server-1").density > 1.5; }, 400));
  sim.game("server-1").density = 9;
  ++sim.game("server-1").version;
  for (int i = 0; i < 400; ++i) sim.tick();
  EXPECT_EQ(sim.game("server-1").density, 9);
  EXPECT_EQ(state().targets[0].state, TargetState::Foreign);
}

TEST_F(Change, WavesGoOutOneAfterTheOther) {
  servers(10);
  auto plan = planFor(ids);
  plan.waves = {{1, 0, Duration{kNsPerSecond}}, {0, 50, Duration{kNsPerSecond}}, {0, 100, Duration{kNsPerSecond}}};
  plan.guards = {guardFor(16)};
  sim.start(plan);
  ASSERT_TRUE(sim.until([&] { return sim.touched() == 1; }, 60));
  EXPECT_FALSE(sim.until([&] { return sim.touched() > 1; }, 55)) << "the soak of one second";
  ASSERT_TRUE(sim.until([&] { return sim.touched() == 5; }, 60));
  ASSERT_TRUE(sim.until([&] { return sim.touched() == 10; }, 120));
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Done, 200));
}

TEST_F(Change, ABreachRevertsByItselfWithinTenTicksAndSaysThatItRecovered) {
  servers(4);
  for (const auto& id : ids) sim.games[id].costPerDensity = 20;
  auto plan = planFor(ids);
  plan.waves = {{1, 0, Duration{10 * kNsPerSecond}}, {0, 100, Duration{}}};
  plan.guards = {guardFor(16, 60)};
  sim.start(plan);
  ASSERT_TRUE(sim.until([&] { return sim.touched() == 1; }, 60));
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Reverting, 200));
  ASSERT_TRUE(sim.until([&] { return sim.touched() == 0; }, 10));
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Reverted, 400));
  EXPECT_EQ(state().verdict, "reverted, recovered");
  EXPECT_GT(state().breachTick, 0);
  EXPECT_LE(state().revertTick - state().breachTick, 10);
}

TEST_F(Change, WhatDoesNotRecoverIsNotCalledRecovered) {
  servers(2);
  sim.game("server-1").costPerDensity = sim.game("server-2").costPerDensity = 20;
  auto plan = planFor(ids);
  plan.waves = {{0, 100, Duration{10 * kNsPerSecond}}};
  plan.guards = {guardFor(16, 60)};
  sim.start(plan);
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Reverting, 300));
  for (const auto& id : ids) sim.games[id].baseMs = 30;  // the damage stays
  ASSERT_TRUE(sim.until([&] { return sim.touched() == 0; }, 20));
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Reverted, 400));
  EXPECT_EQ(state().verdict, "reverted, not recovered");
}

TEST_F(Change, TooLittleEvidenceHoldsAndNeverPasses) {
  servers(2);
  auto plan = planFor(ids);
  plan.waves = {{1, 0, Duration{kNsPerSecond}}, {0, 100, Duration{}}};
  plan.guards = {guardFor(16, 60)};
  plan.guards[0].series = "no.such";
  sim.start(plan);
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Holding, 200));
  EXPECT_FALSE(sim.until([&] { return sim.touched() > 1; }, 2000));
  EXPECT_NE(state().reason.find("no.such"), std::string::npos) << state().reason;
}

TEST_F(Change, LostSamplesPauseTheGuard) {
  servers(2);
  auto plan = planFor(ids);
  plan.waves = {{1, 0, Duration{kNsPerSecond}}, {0, 100, Duration{}}};
  plan.guards = {guardFor(16, 60)};
  sim.start(plan);
  ASSERT_TRUE(sim.until([&] { return sim.touched() == 1; }, 60));
  for (int i = 0; i < 300; ++i) {
    if (i % 20 == 0) {
      for (const auto& id : ids) sim.member->gap(id);
    }
    sim.tick();
  }
  EXPECT_EQ(sim.touched(), 1);
  EXPECT_EQ(state().phase, ChangePhase::Holding);
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Done, 400));
}

TEST_F(Change, AnUnknownOutcomeHoldsUntilItIsKnown) {
  servers(2);
  sim.game("server-1").mute = sim.game("server-2").mute = true;
  auto plan = planFor(ids);
  plan.waves = {{1, 0, Duration{}}, {0, 100, Duration{}}};
  sim.start(plan);
  ASSERT_TRUE(sim.until([&] { return sim.touched() == 1; }, 60));
  for (auto& [id, game] : sim.games) {
    for (auto& [push, result] : game.results) result.status = ingest::PushStatus::Unknown;
  }
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Holding, 600));
  EXPECT_FALSE(sim.until([&] { return sim.touched() > 1; }, 1000));
  for (auto& [id, game] : sim.games) {
    for (auto& [push, result] : game.results) result.status = ingest::PushStatus::Applied;
    game.mute = false;
  }
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Done, 600));
  for (auto& [id, game] : sim.games) EXPECT_EQ(game.applications, 1);
}

TEST_F(Change, AgainstUntouchedServersALoadThatAllShareIsNoBreach) {
  servers(4);
  auto plan = planFor(ids);
  plan.waves = {{0, 50, Duration{5 * kNsPerSecond}}};
  plan.guards = {guardFor(20, 60)};
  plan.guards[0].basis = ingest::GuardBasis::Untouched;
  plan.guards[0].statistic = ingest::GuardStatistic::Mean;
  sim.start(plan);
  ASSERT_TRUE(sim.until([&] { return sim.touched() == 2; }, 60));
  EXPECT_FALSE(sim.untilPhase(ChangePhase::Reverting, 280));
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Done, 200)) << state().reason;
}

TEST_F(Change, AgainstUntouchedServersARealEffectIsABreach) {
  servers(4);
  for (const auto& id : ids) sim.games[id].costPerDensity = 1;  // 2 ms become 3
  auto plan = planFor(ids);
  plan.waves = {{0, 50, Duration{5 * kNsPerSecond}}};
  plan.guards = {guardFor(20, 60)};
  plan.guards[0].basis = ingest::GuardBasis::Untouched;
  plan.guards[0].statistic = ingest::GuardStatistic::Mean;
  sim.start(plan);
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Reverting, 300)) << state().reason;
  ASSERT_TRUE(sim.until([&] { return sim.touched() == 0; }, 20));
}

TEST_F(Change, AgainstBeforeItGathersFirst) {
  servers(2);
  for (const auto& id : ids) sim.games[id].costPerDensity = 1;
  auto plan = planFor(ids);
  plan.waves = {{0, 100, Duration{5 * kNsPerSecond}}};
  plan.guards = {guardFor(20, 60)};
  plan.guards[0].basis = ingest::GuardBasis::Before;
  sim.start(plan);
  EXPECT_FALSE(sim.until([&] { return sim.touched() > 0; }, 55));
  ASSERT_TRUE(sim.until([&] { return sim.touched() == 2; }, 30));
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Reverting, 120));
}

TEST_F(Change, AVanishedConsoleRevertsOnlyWhereItWasAsked) {
  servers(1);
  auto plan = planFor(ids);
  plan.lease.ns = 60 * kNsPerSecond;
  plan.holdTtl.ns = 3 * kNsPerSecond;
  plan.onVanish = ingest::OnVanish::Revert;
  sim.start(plan);
  for (int i = 0; i < 300; ++i) {
    if (i % 60 == 0) sim.coordinator->order({"c-1", ChangeWord::Hold, "ann", "", ""}, sim.now);
    sim.tick();
  }
  EXPECT_EQ(sim.touched(), 1);
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Reverted, 300));
  EXPECT_EQ(sim.touched(), 0);
}

TEST_F(Change, WithoutItsCoordinatorAMemberReverts) {
  servers(2);
  sim.member.emplace(planFor(ids), sim.live());
  ChangeSync word{planFor(ids), 1, Duration{1500 * kNsPerMs}, {{ids[0], Goal::Apply}, {ids[1], Goal::Apply}}};
  ASSERT_TRUE(sim.member->sync(word, sim.now));
  ASSERT_TRUE(sim.until([&] { return sim.touched() == 2; }, 30));
  EXPECT_FALSE(sim.until([&] { return sim.touched() == 0; }, 60));
  EXPECT_TRUE(sim.until([&] { return sim.touched() == 0; }, 60));
  word.fence = 0;
  EXPECT_EQ(sim.member->sync(word, sim.now).error().code, ErrorCode::Conflict);
}

TEST_F(Change, ARolloutWhoseCoordinatorWasRestartedGoesBack) {
  servers(2);
  auto plan = planFor(ids);
  plan.waves = {{1, 0, Duration{60 * kNsPerSecond}}, {0, 100, Duration{}}};
  sim.start(plan);
  ASSERT_TRUE(sim.until(
      [&] {
        return state().targets[0].state == TargetState::Applied || state().targets[1].state == TargetState::Applied;
      },
      60));
  const ingest::ChangeState before = state();
  sim.coordinator.emplace(before, 2, sim.now);
  sim.member.emplace(plan, sim.live());
  sim.member->restore(before.targets, {}, Duration{}, sim.now);
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Reverted, 120)) << state().reason;
  EXPECT_EQ(sim.touched(), 0);
}

TEST_F(Change, PauseHaltsAndGoOnContinues) {
  servers(4);
  auto plan = planFor(ids);
  plan.waves = {{1, 0, Duration{kNsPerSecond}}, {0, 100, Duration{}}};
  sim.start(plan);
  ASSERT_TRUE(sim.until([&] { return sim.touched() == 1; }, 60));
  sim.coordinator->order({"c-1", ChangeWord::Pause, "ann", "", ""}, sim.now);
  EXPECT_FALSE(sim.until([&] { return sim.touched() > 1; }, 300));
  sim.coordinator->order({"c-1", ChangeWord::GoOn, "ann", "", ""}, sim.now);
  EXPECT_TRUE(sim.until([&] { return sim.touched() == 4; }, 200));
}

TEST_F(Change, KeepLeavesWhatIsApplied) {
  servers(4);
  auto plan = planFor(ids);
  plan.waves = {{0, 50, Duration{60 * kNsPerSecond}}, {0, 100, Duration{}}};
  sim.start(plan);
  ASSERT_TRUE(sim.until([&] { return sim.touched() == 2; }, 60));
  sim.tick();
  sim.coordinator->order({"c-1", ChangeWord::Keep, "ann", "", ""}, sim.now);
  for (int i = 0; i < 300; ++i) sim.tick();
  EXPECT_EQ(sim.touched(), 2);
  EXPECT_EQ(state().phase, ChangePhase::Done);
}

TEST_F(Change, AServerBornLaterJoinsByTheSelector) {
  servers(2);
  auto plan = planFor({});
  plan.selector = {{"region", "eu"}};
  sim.start(plan);
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Done, 60));
  EXPECT_EQ(sim.touched(), 2);
  sim.add("server-9");
  sim.coordinator->onBorn({ProcessId("server-9"), true, {{"region", "us"}}, std::nullopt}, sim.now);
  for (int i = 0; i < 60; ++i) sim.tick();
  EXPECT_EQ(sim.touched(), 2) << "another region is not meant";
  sim.add("server-8");
  sim.coordinator->onBorn({ProcessId("server-8"), true, {{"region", "eu"}}, std::nullopt}, sim.now);
  EXPECT_TRUE(sim.until([&] { return sim.touched() == 3; }, 60));
  EXPECT_EQ(sim.game("server-9").density, 1);
}

TEST_F(Change, ACanaryNeedsEnoughPlayers) {
  servers(2);
  auto plan = planFor(ids);
  plan.waves = {{1, 0, Duration{kNsPerSecond}}, {0, 100, Duration{}}};
  plan.canaryPlayers = 50;
  sim.start(plan);
  EXPECT_FALSE(sim.until([&] { return sim.touched() > 0; }, 200));
  sim.coordinator->onBorn({ids[1], true, {}, 60.0}, sim.now);
  ASSERT_TRUE(sim.until([&] { return sim.touched() == 1; }, 60));
  EXPECT_NE(sim.games[ids[1]].density, 1);
}

TEST_F(Change, ADeathAfterThePushHaltsTheRollout) {
  servers(4);
  auto plan = planFor(ids);
  plan.waves = {{0, 50, Duration{60 * kNsPerSecond}}, {0, 100, Duration{}}};
  sim.start(plan);
  ASSERT_TRUE(sim.until([&] { return sim.touched() == 2; }, 60));
  for (int i = 0; i < 5; ++i) sim.tick();
  for (auto& [id, game] : sim.games) {
    if (game.density == 1) continue;
    game.alive = false;
    sim.member->down(id, sim.now);
    break;
  }
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Reverted, 120)) << state().reason;
  EXPECT_NE(state().reason.find("ended"), std::string::npos) << state().reason;
}

TEST(Ramp, SharesRiseToOne) {
  ingest::ChangePlan plan;
  plan.ramp = ingest::RampShape::Steps;
  plan.rampTime.ns = 4 * kNsPerSecond;
  plan.rampSteps = 4;
  double last = 0;
  int moves = 0;
  for (TimeNs at = 0; at <= plan.rampTime.ns; at += 10 * kNsPerMs) {
    const double share = rampShare(plan, at);
    ASSERT_GE(share, last);
    moves += share > last ? 1 : 0;
    last = share;
  }
  EXPECT_EQ(last, 1);
  EXPECT_EQ(moves, 4);
  EXPECT_EQ(rampValue(Value(std::int64_t{10}), Value(std::int64_t{20}), 0.5), Value(std::int64_t{15}));
  EXPECT_EQ(rampValue(Value(std::string("a")), Value(std::string("b")), 0.5), Value(std::string("a")));
  EXPECT_EQ(rampValue(Value(Duration{0}), Value(Duration{100}), 1), Value(Duration{100}));
}

TEST(Plan, NonsenseIsRefusedInASentence) {
  auto plan = planFor({ProcessId("server-1")});
  EXPECT_TRUE(ChangeCoordinator::check(plan));
  plan.guards = {guardFor(16, 0)};
  EXPECT_FALSE(ChangeCoordinator::check(plan));
  plan.guards.clear();
  plan.waves = {{0, 150, Duration{}}};
  EXPECT_FALSE(ChangeCoordinator::check(plan));
  plan.waves = {{0, 50, Duration{}}, {0, 10, Duration{}}};
  EXPECT_FALSE(ChangeCoordinator::check(plan));
  plan.waves.clear();
  plan.values.clear();
  EXPECT_FALSE(ChangeCoordinator::check(plan));
  EXPECT_FALSE(ChangeCoordinator::check(planFor({})));
}

}  // namespace
}  // namespace qd::control
