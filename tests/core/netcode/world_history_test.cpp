// SPDX-License-Identifier: Apache-2.0
#include "core/netcode/world_history.h"

#include <gtest/gtest.h>

#include "tests/core/ingest/make.h"
#include "tests/core/netcode/circle.h"

namespace qd::netcode {
namespace {

using namespace qd::ingest;

const ProcessId kServer("server-1");

std::uint64_t fixed(double tick) {
  return static_cast<std::uint64_t>(std::llround(tick * 65536));
}

}  // namespace

TEST(WorldHistory, HermiteFollowsTheCircle) {
  WorldHistory history;
  const ProcessInfo info = serverInfo();
  history.on(envelope(ProcessChange{info, ""}));
  const Circle circle;
  for (Tick tick = 100; tick <= 160; ++tick) history.on(envelope(circle.server(ref(info), tick, {9, 3, 5})));
  for (double tick = 100; tick <= 160; tick += 0.13) {
    for (const std::uint32_t id : {3u, 5u, 9u}) {
      const auto pose = history.authoritativeAt(kServer, id, fixed(tick));
      ASSERT_TRUE(pose) << tick;
      const Circle::State s = circle.at(static_cast<double>(fixed(tick)) / 65536, id);
      EXPECT_NEAR(pose->x, s.x, 2e-6);
      EXPECT_NEAR(pose->y, s.y, 2e-6);
      EXPECT_NEAR(pose->vx, s.vx, 2e-3);
      EXPECT_NEAR(pose->vy, s.vy, 2e-3);
    }
  }
  EXPECT_FALSE(history.authoritativeAt(kServer, 3, fixed(99.9)));
  EXPECT_FALSE(history.authoritativeAt(kServer, 3, fixed(160.1)));
  EXPECT_FALSE(history.authoritativeAt(kServer, 4, fixed(120)));
  EXPECT_FALSE(history.authoritativeAt(ProcessId("nobody"), 3, fixed(120)));
}

TEST(WorldHistory, NoCurveAcrossATeleportOrAHole) {
  WorldHistory history;
  const ProcessInfo info = serverInfo();
  history.on(envelope(ProcessChange{info, ""}));
  const Circle circle;
  history.on(envelope(circle.server(ref(info), 10, {1})));
  EntityFrame jumped = circle.server(ref(info), 11, {1});
  jumped.flags[0] |= kEntityTeleported;
  history.on(envelope(jumped));
  history.on(envelope(circle.server(ref(info), 40, {1})));
  EXPECT_FALSE(history.authoritativeAt(kServer, 1, fixed(10.5)));
  EXPECT_TRUE(history.authoritativeAt(kServer, 1, fixed(11)));
  EXPECT_FALSE(history.authoritativeAt(kServer, 1, fixed(20)));
}

TEST(WorldHistory, FramesByTimeAndTickWhateverTheOrder) {
  WorldHistory history;
  const ProcessInfo info = serverInfo();
  const Circle circle;
  for (const Tick tick : {30, 10, 20, 20, 10}) history.on(envelope(circle.server(ref(info), tick, {1})));
  EXPECT_EQ(history.frameAt(kServer, kNsPerSecond)->tick, 30);
  EXPECT_EQ(history.frameAtTick(kServer, 29)->tick, 20);
  EXPECT_EQ(history.frameAtTick(kServer, 10)->tick, 10);
  EXPECT_EQ(history.frameAtTick(kServer, 9), nullptr);
  EXPECT_EQ(history.frameAt(kServer, history.frameAtTick(kServer, 10)->time - 1), nullptr);
  // After a restart the ticks are those of the new instance, the times of both.
  EntityFrame anew = circle.server({kServer, InstanceId(77)}, 5, {1});
  anew.time = 10 * kNsPerSecond;
  history.on(envelope(anew));
  EXPECT_EQ(history.frameAtTick(kServer, 29)->tick, 5);
  EXPECT_EQ(history.frameAt(kServer, kNsPerSecond)->tick, 30);
  EXPECT_EQ(history.frameAt(kServer, 11 * kNsPerSecond)->tick, 5);
}

TEST(WorldHistory, FramesOfAStretchAndTheNearest) {
  WorldHistory history;
  const ProcessInfo info = serverInfo();
  const Circle circle;
  for (Tick tick = 1; tick <= 100; ++tick) history.on(envelope(circle.server(ref(info), tick, {1})));
  const auto timeOf = [&](Tick tick) { return history.frameAtTick(kServer, tick)->time; };
  const auto all = history.framesBetween(kServer, timeOf(11), timeOf(50), 1000);
  ASSERT_EQ(all.size(), 40U);
  EXPECT_EQ(all.front()->tick, 11);
  EXPECT_EQ(all.back()->tick, 50);
  const auto few = history.framesBetween(kServer, timeOf(11), timeOf(50), 12);
  EXPECT_LE(few.size(), 12U);
  EXPECT_GE(few.size(), 10U);
  EXPECT_EQ(few.back()->tick, 50);  // the newest is never left out
  EXPECT_TRUE(history.framesBetween(kServer, timeOf(50), timeOf(11), 12).empty());
  EXPECT_TRUE(history.framesBetween(ProcessId("nobody"), 0, kNsPerSecond, 12).empty());
  EXPECT_EQ(history.nearestTime(kServer, 0), timeOf(1));
  EXPECT_EQ(history.nearestTime(kServer, timeOf(100) + kNsPerSecond), timeOf(100));
  EXPECT_EQ(history.nearestTime(kServer, timeOf(30) + 1), timeOf(30));
  EXPECT_EQ(history.nearestTime(kServer, timeOf(30) - 1), timeOf(30));
  EXPECT_FALSE(history.nearestTime(ProcessId("nobody"), 0));
}

TEST(WorldHistory, BoundedAndUnsoundFramesAreRefused) {
  WorldHistory history(200'000);
  const ProcessInfo info = serverInfo();
  const Circle circle;
  EntityFrame bad = circle.server(ref(info), 1, {1, 2, 3});
  bad.x.pop_back();
  history.on(envelope(bad));
  EXPECT_EQ(history.frameAtTick(kServer, 1), nullptr);
  for (Tick tick = 1; tick <= 5000; ++tick) history.on(envelope(circle.server(ref(info), tick, {1, 2, 3, 4})));
  EXPECT_EQ(history.frameAtTick(kServer, 5000)->tick, 5000);
  EXPECT_EQ(history.frameAtTick(kServer, 4000), nullptr);
  EXPECT_NE(history.frameAtTick(kServer, 4990), nullptr);
}

}  // namespace qd::netcode
