// SPDX-License-Identifier: Apache-2.0
// Breakpoints that wait (for a metric, for another's hit), members that go on alone, and live processes.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/control/live_guard.h"
#include "core/control/metric_watch.h"
#include "tests/core/control/sim.h"

namespace qd::control {
namespace {

using ingest::GroupState;
using ingest::MemberAck;
using ingest::MemberState;
using ingest::ProcessKind;

class Kinds : public testing::Test {
 protected:
  void SetUp() override {
    sim.add("server-1", ProcessKind::Server, "server-1");
    sim.add("editor-1", ProcessKind::Editor, "server-1", 6);
    sim.run(20);
    ASSERT_FALSE(sim.linkAll().empty());
    ingest::ProcessInfo info;
    info.id = ProcessId("server-1");
    info.series = {{}};
    info.series[0].index = SeriesIndex(3);
    info.series[0].name = "net.rtt";
    info.series[0].unit = "ms";
    info.series[0].integer = true;
    info.series[0].scale = 1;
    take(sim.desk.describe(info));
  }
  void take(DebugActions actions) {
    for (auto& action : actions) {
      if (auto* arm = std::get_if<ArmSite>(&action)) armed.push_back(arm->breakpoint.id);
      if (auto* stop = std::get_if<OrderStop>(&action)) stopped.push_back(stop->process);
    }
  }
  // One sample of net.rtt, in ms.
  void sample(Tick tick, double ms) {
    ingest::SampleBlock block;
    block.process.id = ProcessId("server-1");
    block.ticks = {tick};
    block.times = {sim.now};
    ingest::Column column;
    column.series = SeriesIndex(3);
    column.values = std::vector<std::int64_t>{static_cast<std::int64_t>(ms * 10)};
    block.columns.push_back(std::move(column));
    take(sim.desk.samples(block, sim.now));
  }
  ingest::Breakpoint made(const std::string& id) {
    const auto all = sim.desk.breakpoints();
    return *std::find_if(all.begin(), all.end(), [&](const auto& b) { return b.id == id; });
  }

  Sim sim;
  std::vector<std::string> armed;
  std::vector<ProcessId> stopped;
};

TEST_F(Kinds, AMetricArmsALineWhenItCrossesAndNotBefore) {
  BreakpointOrder order;
  order.wanted.site = "site";
  order.wanted.armWhen = "net.rtt > 200 ms";
  const std::string id = sim.order(order).value();
  sim.run(2);
  EXPECT_TRUE(made(id).waiting);
  EXPECT_FALSE(made(id).armed);
  EXPECT_TRUE(sim.at("server-1").armed.empty());
  sample(200, 150);
  EXPECT_TRUE(armed.empty());
  sample(201, 201);
  ASSERT_FALSE(armed.empty());
  EXPECT_FALSE(made(id).waiting);
}

TEST_F(Kinds, AMetricStopsAllOnceWhenItCrosses) {
  BreakpointOrder order;
  order.wanted.kind = ingest::BreakpointKind::Metric;
  order.wanted.armWhen = "last net.rtt > 200 ms for 1 ticks";
  const std::string id = sim.order(order).value();
  sample(200, 199);
  EXPECT_EQ(sim.group().state, GroupState::Running);
  sample(201, 250);
  EXPECT_EQ(sim.group().state, GroupState::Gathering);
  EXPECT_EQ(sim.group().breakpoint, id);
  EXPECT_EQ(stopped, std::vector<ProcessId>{ProcessId("server-1")});
  EXPECT_FALSE(made(id).enabled);  // spent
}

TEST_F(Kinds, WhatCannotBeWatchedIsRejectedAndNeverArmed) {
  BreakpointOrder order;
  order.wanted.site = "site";
  order.wanted.armWhen = "interp.error > 0.3 m";
  const std::string id = sim.order(order).value();
  EXPECT_EQ(made(id).members.front().ack, MemberAck::Rejected);
  EXPECT_NE(made(id).members.front().reason.find("interp.error"), std::string::npos);
  EXPECT_FALSE(made(id).armed);
  order.wanted.armWhen = "net.rtt > 0.2 s";
  const std::string unit = sim.order(order).value();
  EXPECT_NE(made(unit).members.front().reason.find("ms"), std::string::npos);
  order.wanted.armWhen = "net.rtt is bad";
  EXPECT_EQ(sim.order(order).error().code, ErrorCode::InvalidArgument);
}

TEST_F(Kinds, ADependentOneIsArmedWhenTheOtherWasHitInAnotherProcess) {
  BreakpointOrder first;
  first.wanted.site = "site";
  first.members = {ProcessId("server-1")};
  const std::string a = sim.order(first).value();
  BreakpointOrder second = first;
  second.members = {ProcessId("editor-1")};
  second.wanted.afterHitOf = a;
  const std::string b = sim.order(second).value();
  sim.run(3);
  EXPECT_TRUE(made(b).waiting);
  EXPECT_TRUE(sim.at("editor-1").armed.empty());
  sim.hit(sim.at("server-1"));
  sim.run(12);
  EXPECT_FALSE(made(b).waiting);
  EXPECT_TRUE(made(b).armed);
  EXPECT_TRUE(sim.at("editor-1").armed.contains(b));
}

TEST_F(Kinds, AChainThatNeverEndsIsRefused) {
  BreakpointOrder order;
  order.wanted.site = "site";
  order.wanted.afterHitOf = "bp-9";
  EXPECT_EQ(sim.order(order).error().code, ErrorCode::NotFound);
  order.wanted.afterHitOf.clear();
  const std::string a = sim.order(order).value();
  order.wanted.afterHitOf = a;
  const std::string b = sim.order(order).value();
  order.wanted.id = a;
  order.wanted.revision = made(a).revision;
  order.wanted.afterHitOf = b;
  EXPECT_EQ(sim.order(order).error().code, ErrorCode::InvalidArgument);
}

TEST_F(Kinds, OneMemberRunsOnAloneAndTheLastOneEndsTheStop) {
  ASSERT_TRUE(sim.arm());
  sim.run(2);
  sim.hit(sim.at("server-1"));
  sim.run(12);
  ASSERT_EQ(sim.group().state, GroupState::Stopped);
  ASSERT_TRUE(sim.order(ResumeOrder{"", ProcessId("editor-1")}));
  sim.run(5);
  EXPECT_EQ(sim.group().state, GroupState::Partial);
  EXPECT_TRUE(sim.at("server-1").parked);
  EXPECT_FALSE(sim.at("editor-1").parked);
  EXPECT_NE(sim.group().reason.find("ann let editor-1"), std::string::npos) << sim.group().reason;
  EXPECT_EQ(sim.order(ResumeOrder{"", ProcessId("editor-1")}).error().code, ErrorCode::Conflict);
  ASSERT_TRUE(sim.order(ResumeOrder{"", ProcessId("server-1")}));
  sim.run(5);
  EXPECT_EQ(sim.group().state, GroupState::Running);
}

// A hit while the group still resumes opens the next stop; what it showed before that is in the bundle all the same.
TEST_F(Kinds, TheContextOfAHitThatCameWhileResumingIsKept) {
  ASSERT_TRUE(sim.arm());
  sim.run(2);
  sim.hit(sim.at("server-1"));
  sim.run(12);
  ASSERT_TRUE(sim.order(ResumeOrder{}));
  ASSERT_EQ(sim.group().state, GroupState::Resuming);
  const auto tell = [&](const ProcessEvent& event) {
    for (auto& action : sim.desk.on(event, sim.now)) {
      if (const auto* hit = std::get_if<PublishHit>(&action)) sim.hits.push_back(hit->hit);
    }
  };
  const ProcessId editor("editor-1"), server("server-1");
  tell(Resumed{editor, 1, sim.now, true, ""});
  tell(SiteHit{editor, 1, "bp-1", 1, true, 130, sim.now, {}, {}});
  tell(Parked{editor, 1, 0, "bp-1", 130, sim.now});
  tell(StopContext{editor, 1, {{"encounter", "game.cpp", 7}}, {}, "thread 1", {}});
  tell(Resumed{server, 1, sim.now, true, ""});
  EXPECT_EQ(sim.group().leader, editor);
  tell(Parked{server, 1, 0, "", 131, sim.now});
  ASSERT_FALSE(sim.hits.empty());
  const auto& members = sim.hits.back().members;
  const auto its =
      std::find_if(members.begin(), members.end(), [&](const auto& m) { return m.state.process == editor; });
  ASSERT_EQ(its->frames.size(), 1U);
  EXPECT_EQ(its->frames[0].function, "encounter");
}

TEST(Live, ALiveProcessIsArmedOnlyByItsName) {
  EXPECT_FALSE(liveProcess(ProcessId("a"), {{"environment", "staging"}, {"live", "false"}}));
  auto live = liveProcess(ProcessId("server-1"), {{"environment", "production"}, {"timeout.client", "10s"}});
  ASSERT_TRUE(live);
  live->players = 84;
  const auto refused = confirmed({*live}, "");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::PermissionDenied);
  for (const char* part : {"server-1", "environment=production", "84 players", "client 10s"}) {
    EXPECT_NE(refused.error().message.find(part), std::string::npos) << refused.error().message;
  }
  EXPECT_FALSE(confirmed({*live}, "server-2"));
  EXPECT_TRUE(confirmed({*live}, "server-1"));
  EXPECT_TRUE(confirmed({}, ""));
}

}  // namespace
}  // namespace qd::control
