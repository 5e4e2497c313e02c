// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/core/control/sim.h"

namespace qd::control {
namespace {

using ingest::GroupState;
using ingest::MemberState;
using ingest::ProcessKind;

class LinkGroupTest : public testing::Test {
 protected:
  void SetUp() override {
    sim.add("server-1", ProcessKind::Server, "server-1");
    sim.add("editor-1", ProcessKind::Editor, "server-1", 6);
    sim.run(20);
    ASSERT_FALSE(sim.linkAll().empty());
    ASSERT_TRUE(sim.arm());
    sim.run(2);
    ASSERT_TRUE(sim.desk.breakpoints().at(0).armed);
  }
  void hitServer() {
    sim.hit(sim.at("server-1"));
    sim.run(12);
  }
  Sim sim;
};

TEST_F(LinkGroupTest, BothStandAtTheSameTick) {
  const Tick tick = sim.at("server-1").tick;
  hitServer();
  const auto group = sim.group();
  EXPECT_EQ(group.state, GroupState::Stopped);
  EXPECT_EQ(group.leader, ProcessId("server-1"));
  for (const auto& member : group.members) {
    EXPECT_EQ(member.state, MemberState::Stopped);
    EXPECT_EQ(member.skewTicks, 0);
    EXPECT_EQ(member.tick, group.tick);
  }
  EXPECT_GE(group.tick, tick);
  ASSERT_EQ(sim.hits.size(), 1U);
  EXPECT_EQ(sim.hits[0].cause, "breakpoint");
  EXPECT_EQ(sim.hits[0].members.size(), 2U);
  EXPECT_TRUE(std::any_of(sim.hits[0].members.begin(), sim.hits[0].members.end(),
                          [](const auto& m) { return !m.locals.empty(); }));
}

TEST_F(LinkGroupTest, HitInTheEditorShowsTheServersTrueSkew) {
  sim.hit(sim.at("editor-1"));
  sim.run(12);
  const auto group = sim.group();
  EXPECT_EQ(group.state, GroupState::Stopped);
  EXPECT_EQ(group.leader, ProcessId("editor-1"));
  const auto server = std::find_if(group.members.begin(), group.members.end(),
                                   [](const auto& m) { return m.process == ProcessId("server-1"); });
  EXPECT_GT(server->skewTicks, 0);
}

TEST_F(LinkGroupTest, ResumesTheLeaderLast) {
  hitServer();
  ASSERT_TRUE(sim.order(ResumeOrder{}));
  EXPECT_EQ(sim.group().state, GroupState::Resuming);
  sim.run(5);
  EXPECT_EQ(sim.group().state, GroupState::Running);
  EXPECT_EQ(sim.group().epoch, 1U);
  EXPECT_EQ(sim.resumed, (std::vector<ProcessId>{ProcessId("editor-1"), ProcessId("server-1")}));
  EXPECT_EQ(sim.hits.size(), 1U);  // no echo
}

TEST_F(LinkGroupTest, StepsBothByTheSameTicks) {
  hitServer();
  const Tick before = sim.group().tick;
  ASSERT_TRUE(sim.order(StepOrder{"", 3}));
  sim.run(20);
  const auto group = sim.group();
  EXPECT_EQ(group.state, GroupState::Stopped);
  EXPECT_EQ(group.tick, before + 3);
  for (const auto& member : group.members) EXPECT_EQ(member.tick, before + 3);
  EXPECT_EQ(sim.hits.back().cause, "step");
}

TEST_F(LinkGroupTest, PauseIsSkewFree) {
  ASSERT_TRUE(sim.order(PauseOrder{}));
  sim.run(12);
  const auto group = sim.group();
  EXPECT_EQ(group.state, GroupState::Stopped);
  for (const auto& member : group.members) EXPECT_EQ(member.skewTicks, 0);
  EXPECT_EQ(sim.hits.back().cause, "user");
  EXPECT_TRUE(sim.order(PauseOrder{}));  // idempotent
}

TEST_F(LinkGroupTest, TickBreakpointStopsAllAtThatTick) {
  BreakpointOrder order;
  order.wanted.kind = ingest::BreakpointKind::Tick;
  order.wanted.tick = sim.at("server-1").tick + 10;
  ASSERT_TRUE(sim.order(order));
  sim.run(30);
  const auto group = sim.group();
  EXPECT_EQ(group.state, GroupState::Stopped);
  for (const auto& member : group.members) EXPECT_EQ(member.tick, order.wanted.tick);
}

TEST_F(LinkGroupTest, LeaseEndsEveryStopAndSwitchesTheBreakpointOff) {
  hitServer();
  sim.run(60 * 14);
  EXPECT_EQ(sim.group().state, GroupState::Stopped);
  sim.run(60 * 2);
  EXPECT_EQ(sim.group().state, GroupState::Running);
  EXPECT_FALSE(sim.desk.breakpoints().at(0).enabled);
  EXPECT_EQ(sim.audits.size(), 1U);
  EXPECT_FALSE(sim.at("server-1").parked);
  EXPECT_TRUE(sim.at("server-1").armed.empty());
}

TEST_F(LinkGroupTest, RenewedLeaseHoldsUpToTheMaximum) {
  hitServer();
  for (int second = 0; second < 290; ++second) {
    ASSERT_TRUE(sim.order(RenewLeaseOrder{}));
    sim.run(60);
  }
  EXPECT_EQ(sim.group().state, GroupState::Stopped);
  for (int second = 0; second < 15; ++second) {
    ASSERT_TRUE(sim.order(RenewLeaseOrder{}));
    sim.run(60);
  }
  EXPECT_EQ(sim.group().state, GroupState::Running);
}

TEST_F(LinkGroupTest, PartialNamesWhoStillRuns) {
  sim.at("editor-1").stalled = true;
  sim.hit(sim.at("server-1"));
  sim.run(40);
  EXPECT_EQ(sim.group().state, GroupState::Partial);
  EXPECT_NE(sim.group().reason.find("editor-1"), std::string::npos) << sim.group().reason;
  sim.at("editor-1").stalled = false;
  sim.run(20);
  EXPECT_EQ(sim.group().state, GroupState::Stopped);
}

TEST_F(LinkGroupTest, MemberThatDiesDoesNotHoldUpTheRest) {
  sim.hit(sim.at("server-1"));
  sim.kill(sim.at("editor-1"));
  sim.run(5);
  EXPECT_EQ(sim.group().state, GroupState::Stopped);
  ASSERT_TRUE(sim.order(ResumeOrder{}));
  sim.run(5);
  EXPECT_EQ(sim.group().state, GroupState::Running);
  sim.restart(sim.at("editor-1"));
  sim.run(2);
  hitServer();
  EXPECT_EQ(sim.group().state, GroupState::Stopped);
  EXPECT_TRUE(sim.at("editor-1").parked);
}

TEST_F(LinkGroupTest, ProcessThatFreesItselfMakesTheStopPartial) {
  hitServer();
  const Resumed freed{ProcessId("editor-1"), 1, sim.now, false, "its own maximum"};
  sim.at("editor-1").parked = false;
  sim.at("editor-1").stopTick.reset();
  sim.at("editor-1").epoch = 1;
  sim.at("editor-1").events.emplace_back(sim.now, freed);
  sim.run(1);
  EXPECT_EQ(sim.group().state, GroupState::Partial);
}

TEST_F(LinkGroupTest, ParkedFromAnEarlierAgentIsRunOn) {
  const Parked stale{ProcessId("server-1"), 0, 77, "bp-of-another-life", 10, sim.now};
  sim.at("server-1").parked = true;
  sim.at("server-1").events.emplace_back(sim.now, stale);
  sim.run(2);
  EXPECT_FALSE(sim.at("server-1").parked);
  EXPECT_EQ(sim.group().state, GroupState::Running);
}

TEST_F(LinkGroupTest, OrdersThatDoNotFitAreRefused) {
  EXPECT_EQ(sim.order(StepOrder{"", 1}).error().code, ErrorCode::Conflict);
  EXPECT_EQ(sim.order(PauseOrder{"group-9"}).error().code, ErrorCode::NotFound);
  EXPECT_EQ(sim.order(LinkOrder{{ProcessId("nobody")}}).error().code, ErrorCode::NotFound);
  EXPECT_EQ(sim.order(LinkOrder{{ProcessId("server-1")}}).error().code, ErrorCode::Conflict);
  EXPECT_EQ(sim.order(LinkOrder{}).value(), "group-1");  // the same again
  hitServer();
  EXPECT_EQ(sim.order(UnlinkOrder{}).error().code, ErrorCode::Conflict);
  ASSERT_TRUE(sim.order(ResumeOrder{}));
  sim.run(5);
  ASSERT_TRUE(sim.order(UnlinkOrder{}));
  EXPECT_TRUE(sim.desk.groups().empty());
  EXPECT_TRUE(sim.desk.breakpoints().empty());
}

// Random interleavings: hits anywhere, orders at any moment, processes killed and restarted, everything late.
class Interleavings : public testing::TestWithParam<unsigned> {};

void disturb(Sim& sim) {
  const auto chance = [&](int oneIn) { return std::uniform_int_distribution<int>(1, oneIn)(sim.random) == 1; };
  for (auto& [id, p] : sim.processes) {
    if (chance(40)) sim.hit(p);
    if (chance(900)) p.alive ? sim.kill(p) : sim.restart(p);
  }
  if (chance(60)) (void)sim.order(ResumeOrder{});
  if (chance(120)) (void)sim.order(PauseOrder{});
  if (chance(50)) (void)sim.order(StepOrder{"", static_cast<std::uint32_t>(1 + sim.random() % 3)});
  if (chance(90)) (void)sim.order(RenewLeaseOrder{});
  const auto breakpoints = sim.desk.breakpoints();
  if (chance(100) && breakpoints.size() < 5) (void)sim.arm();
  if (chance(150) && !breakpoints.empty()) (void)sim.order(RemoveOrder{breakpoints.front().id});
}

TEST_P(Interleavings, NothingIsLostOrLeftFrozen) {
  Sim sim(GetParam());
  sim.add("server-1", ProcessKind::Server, "server-1");
  sim.add("server-2", ProcessKind::Server, "server-2");
  sim.add("editor-1", ProcessKind::Editor, "server-1", 6);
  sim.add("editor-2", ProcessKind::Editor, "server-1", 12);
  sim.run(20);
  ASSERT_FALSE(sim.linkAll().empty());
  ASSERT_TRUE(sim.arm());
  sim.maxDelay = (GetParam() % 4) * 30 * kNsPerMs;
  for (int i = 0; i < 4000; ++i) {
    disturb(sim);
    sim.step();
    // Whoever stands is wanted so, or becomes free: never parked and unheld for longer than the probe's own way out.
    for (auto& [id, p] : sim.processes) {
      if (!p.parked) continue;
      ASSERT_LT(sim.now - std::max(p.lastHeld, p.parkedAt), 3 * kNsPerSecond) << id.value << " at step " << i;
    }
    const auto group = sim.group();
    if (group.state != GroupState::Stopped || sim.maxDelay != 0) continue;
    for (const auto& member : group.members) {
      if (member.state == MemberState::Exited) continue;
      ASSERT_TRUE(sim.processes.at(member.process).parked) << "claims that " << member.process.value << " stands";
    }
  }
  // Left alone, everything runs again when the leases are over, and a hit stops all of it once more.
  sim.maxDelay = 0;
  for (auto& [id, p] : sim.processes) {
    if (!p.alive) sim.restart(p);
  }
  sim.run(60 * 25);
  for (auto& [id, p] : sim.processes) ASSERT_FALSE(p.parked) << id.value << " is left frozen";
  EXPECT_EQ(sim.orphans, 0) << "a process was parked and nobody cared";
  ASSERT_EQ(sim.group().state, GroupState::Running);
  for (const auto& breakpoint : sim.desk.breakpoints()) ASSERT_TRUE(sim.order(RemoveOrder{breakpoint.id}));
  for (auto& [id, p] : sim.processes) {
    if (p.kind == ProcessKind::Editor) p.tick = sim.at(p.domain).tick - p.behind;
  }
  ASSERT_TRUE(sim.arm());
  sim.run(5);
  const std::size_t hits = sim.hits.size();
  sim.hit(sim.at("server-1"));
  sim.run(30);
  EXPECT_EQ(sim.group().state, GroupState::Stopped);
  EXPECT_EQ(sim.hits.size(), hits + 1);
  for (auto& [id, p] : sim.processes) EXPECT_TRUE(p.parked) << id.value;
  ASSERT_TRUE(sim.order(ResumeOrder{}));
  sim.run(120);
  EXPECT_EQ(sim.group().state, GroupState::Running);
  EXPECT_EQ(sim.hits.size(), hits + 1) << "an echo";
}

INSTANTIATE_TEST_SUITE_P(Seeds, Interleavings, testing::Range(0U, 60U));

}  // namespace
}  // namespace qd::control
