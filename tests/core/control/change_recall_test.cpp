// SPDX-License-Identifier: Apache-2.0
// An agent that is killed and started again takes its changes up: what its log says of the pushes counts, and what is
// open is asked for; nothing is assumed.
#include <gtest/gtest.h>

#include "tests/core/control/change_sim.h"

namespace qd::control {
namespace {

using namespace testing;
using ingest::ChangePhase;
using ingest::PushStatus;
using ingest::TargetState;

class Recall : public ::testing::Test {
 protected:
  // A change with a lease of 10 s to one server, until `condition`; then its agent is gone.
  ingest::ChangeState killedWhen(const std::function<bool()>& condition, ingest::ChangePlan plan) {
    sim.add("server-1");
    sim.start(plan);
    EXPECT_TRUE(sim.until(condition, 600));
    sim.agentGone = true;
    return sim.coordinator->state();
  }
  static ingest::ChangePlan leased() {
    auto plan = planFor({ProcessId("server-1")});
    plan.lease.ns = 10 * kNsPerSecond;
    return plan;
  }
  void startAnew(ingest::ChangeState told, const std::vector<ingest::PushResult>& pushes) {
    sim.agentGone = false;
    sim.member.emplace(told.plan, sim.live());
    sim.member->restore(told.targets, pushes, Duration{}, sim.now);
    told.targets.front().state = sim.member->report().targets.front().state;
    sim.coordinator.emplace(told, 2, sim.now);
  }
  ingest::PushResult logged(PushStatus status) {
    auto result = server().results.begin()->second;
    result.status = status;
    return result;
  }
  Game& server() { return sim.game("server-1"); }
  Sim sim;
};

TEST_F(Recall, TheLogIsNewerThanWhatWasToldOfTheTarget) {
  auto told = killedWhen([&] { return server().density == 2; }, leased());
  auto& target = told.targets.front();
  target.state = TargetState::Waiting;
  target.pushId.clear();
  target.base.clear();
  startAnew(told, {logged(PushStatus::Applied)});
  EXPECT_EQ(sim.member->report().targets.front().state, TargetState::Applied);
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Reverted, 1000));
  EXPECT_EQ(server().density, 1);
}

TEST_F(Recall, AnOpenPushIsAskedForAgain) {
  auto told = killedWhen([&] { return server().density == 2; }, leased());
  told.targets.front().state = TargetState::Waiting;
  told.targets.front().base.clear();
  startAnew(told, {logged(PushStatus::Pending)});
  EXPECT_EQ(sim.member->report().targets.front().state, TargetState::Unknown);
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Leased, 60));
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Reverted, 1000));
  EXPECT_EQ(server().density, 1);
}

TEST_F(Recall, WhatNeverCameThroughIsMadeAnew) {
  auto told = killedWhen([&] { return sim.coordinator->state().phase == ChangePhase::Pushing; }, leased());
  ingest::PushResult pending;
  pending.pushId = "c-1.00000000.1";
  pending.process = {ProcessId("server-1"), InstanceId(1)};
  pending.status = PushStatus::Pending;
  server().inbox.clear();
  startAnew(told, {pending});
  EXPECT_FALSE(sim.until([&] { return server().density == 2; }, 30)) << "its outcome is not known";
  sim.member->neverArrived(ProcessId("server-1"), pending.pushId);
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Leased, 60));
  EXPECT_EQ(server().density, 2);
  EXPECT_EQ(server().applications, 1);
}

TEST_F(Recall, AProcessThatIsNotBackYetIsWaitedFor) {
  auto told = killedWhen([&] { return sim.coordinator->state().phase == ChangePhase::Leased; }, leased());
  sim.now += 20 * kNsPerSecond;  // the lease is over meanwhile
  startAnew(told, {logged(PushStatus::Applied)});
  server().alive = false;
  EXPECT_FALSE(sim.untilPhase(ChangePhase::Reverted, 60)) << "nobody knows what it has";
  EXPECT_EQ(sim.coordinator->state().targets.front().state, TargetState::Unknown);
  server().alive = true;
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Reverted, 60));
  EXPECT_EQ(server().density, 1);
}

TEST_F(Recall, AProcessThatDoesNotComeBackIsGoneWithItsValues) {
  auto told = killedWhen([&] { return sim.coordinator->state().phase == ChangePhase::Leased; }, leased());
  sim.now += 20 * kNsPerSecond;
  startAnew(told, {logged(PushStatus::Applied)});
  server().alive = false;
  ASSERT_TRUE(sim.untilPhase(ChangePhase::Reverted, 660));
  EXPECT_NE(sim.coordinator->state().targets.front().reason.find("gone"), std::string::npos);
}

TEST_F(Recall, ARampGoesOnFromWhereItWas) {
  auto plan = planFor({ProcessId("server-1")}, 3);
  plan.ramp = ingest::RampShape::Linear;
  plan.rampTime.ns = 10 * kNsPerSecond;
  auto told = killedWhen([&] { return server().density >= 2; }, plan);
  std::vector<ingest::PushResult> log;
  for (const auto& [id, result] : server().results) log.push_back(result);
  startAnew(told, log);
  double lowest = server().density;
  EXPECT_TRUE(sim.until(
      [&] {
        lowest = std::min(lowest, server().density);
        return server().density == 3;
      },
      400))
      << server().density;
  EXPECT_GE(lowest, 1.9) << "it does not begin anew";
}

TEST_F(Recall, WhatItsCoordinatorToldAnotherAgentIsTakenBackToo) {
  auto plan = planFor({ProcessId("server-1")});
  plan.peers = {{"other:1", {ProcessId("server-2")}}};
  plan.waves = {{0, 100, Duration{60 * kNsPerSecond}}};
  plan.guards = {guardFor(100)};
  ChangeCoordinator first(plan, 1, {}, kStart);
  first.step(kStart);
  first.step(kStart + kNsPerSecond);
  ASSERT_EQ(first.sync(1).goals.front().second, Goal::Apply);
  const ChangeCoordinator again(first.state(), 2, kStart + 2 * kNsPerSecond);
  EXPECT_EQ(again.sync(1).goals.front().second, Goal::Revert) << "its answer was never heard";
}

}  // namespace
}  // namespace qd::control
