// SPDX-License-Identifier: Apache-2.0
// Which layer is named for which fault, and that none is where nothing happened.
#include "core/analysis/stutter.h"

#include <gmock/gmock.h>

#include "core/analysis/baseline.h"
#include "tests/core/analysis/calm.h"

namespace qd::analysis {
namespace {

using namespace testing;
using ::testing::HasSubstr;

TEST(Baseline, WildValuesDoNotMoveIt) {
  std::vector<double> values;
  for (int i = 0; i < 100; ++i) values.push_back(10 + i % 3);
  values.insert(values.end(), {1e6, 1e6, std::nan(""), HUGE_VAL});
  const Baseline b = baselineOf(values);
  EXPECT_EQ(b.n, 102U);
  EXPECT_EQ(b.median, 11);
  EXPECT_NEAR(b.sigma, 1.4826, 1e-9);
  EXPECT_EQ(baselineOf({}).n, 0U);
}

TEST(Stutter, CalmIsCalm) {
  // Everywhere, not at one lucky moment.
  StutterInput in = calm();
  for (double moment = 120; moment <= 660; moment += 13) {
    in.moment = moment;
    in.from = moment - 15;
    in.to = moment + 15;
    const StutterReport report = whyStuttered(in);
    EXPECT_FALSE(report.first) << report.headline;
    for (const LayerFinding& layer : report.layers) EXPECT_EQ(layer.verdict, Verdict::Ok) << layer.says;
    EXPECT_THAT(report.headline, HasSubstr("Nothing went wrong"));
  }
}

TEST(Stutter, OneSlowTick) {
  StutterInput in = calm();
  at(in.tickDuration, 655).value = 80;
  at(in.startJitter, 656).value = 80 - kTickMs;  // its own overrun, not the host's
  at(in.startJitter, 657).value = 2 * (40 - kTickMs) - 1;
  const StutterReport report = whyStuttered(in);
  ASSERT_EQ(report.first, Layer::ServerTick) << report.headline;
  EXPECT_EQ(report.of(Layer::ServerTick).tick, 655);
  EXPECT_NEAR(report.of(Layer::ServerTick).lateMs, 77.5, 1);
  EXPECT_EQ(report.of(Layer::ServerTick).evidence.front().value, 80);
  EXPECT_THAT(report.headline, HasSubstr("Server tick went wrong first, at tick 655"));
}

TEST(Stutter, SlowTickHoldsUpWhatFollows) {
  StutterInput in = calm();
  at(in.tickDuration, 655).value = 180;
  blackout(in, 654, 200);
  starve(in, 656, 662);
  const StutterReport report = whyStuttered(in);
  EXPECT_EQ(report.first, Layer::ServerTick) << report.headline;
  EXPECT_EQ(report.of(Layer::SnapshotArrival).verdict, Verdict::Wrong);
  EXPECT_EQ(report.of(Layer::InterpolationBuffer).verdict, Verdict::Wrong);
  EXPECT_EQ(report.of(Layer::ClientFrame).verdict, Verdict::Ok);
}

TEST(Stutter, TheHostLetATickWait) {
  StutterInput in = calm();
  at(in.startJitter, 655).value = 25;
  at(in.tickSchedDelay, 655).value = 24;
  const StutterReport report = whyStuttered(in);
  ASSERT_EQ(report.first, Layer::Host) << report.headline;
  EXPECT_EQ(report.of(Layer::Host).tick, 655);
}

TEST(Stutter, PreemptedWithinATickIsTheHost) {
  StutterInput in = calm();
  at(in.tickDuration, 655).value = 60;
  at(in.tickSchedDelay, 655).value = 57;
  at(in.hostCpu, 600).value = 100;
  const StutterReport report = whyStuttered(in);
  EXPECT_EQ(report.first, Layer::Host) << report.headline;
  EXPECT_THAT(report.headline, HasSubstr("waited 57 ms for a processor"));
  EXPECT_EQ(report.of(Layer::ServerTick).verdict, Verdict::Wrong);
}

TEST(Stutter, ABusyHostAloneIsNoStutter) {
  StutterInput in = calm();
  for (TickPoint& p : in.hostCpu.points) p.value = 100;
  EXPECT_FALSE(whyStuttered(in).first);
}

TEST(Stutter, Blackout) {
  StutterInput in = calm();
  blackout(in, 654, 283);
  starve(in, 655, 668);
  at(in.lossBurst, 660).value = 8;
  const StutterReport report = whyStuttered(in);
  ASSERT_EQ(report.first, Layer::SnapshotArrival) << report.headline;
  EXPECT_EQ(report.of(Layer::SnapshotArrival).tick, 655);
  EXPECT_EQ(report.of(Layer::InterpolationBuffer).tick, 655);
  EXPECT_EQ(report.of(Layer::ServerTick).verdict, Verdict::Ok);
  EXPECT_THAT(report.headline, HasSubstr("8 packets were lost in a row"));
}

TEST(Stutter, ABlackoutThatIsNotOverYet) {
  StutterInput in = calm();
  std::erase_if(in.snapshotInterval.points, [](const TickPoint& p) { return p.time > timeOf(660); });
  const StutterReport report = whyStuttered(in);
  ASSERT_EQ(report.first, Layer::SnapshotArrival) << report.headline;
  EXPECT_NEAR(report.of(Layer::SnapshotArrival).evidence.front().value, 60 * kTickMs, 40);
}

TEST(Stutter, ABlackoutIsNotBlamedOnASlightlySlowTick) {
  StutterInput in = calm();
  at(in.tickDuration, 650).value = 18;
  blackout(in, 654, 283);
  const StutterReport report = whyStuttered(in);
  EXPECT_EQ(report.first, Layer::SnapshotArrival) << report.headline;
  EXPECT_TRUE(report.of(Layer::ServerTick).minor);
  EXPECT_EQ(report.of(Layer::ServerTick).verdict, Verdict::Wrong);
}

TEST(Stutter, OneLostSnapshotIsBridged) {
  StutterInput in = calm();
  blackout(in, 654, 66);
  EXPECT_FALSE(whyStuttered(in).first);
}

TEST(Stutter, ADelayTooShortIsTheBuffer) {
  StutterInput in = calm();
  for (TickPoint& p : in.delayTicks.points) p.value = 0.3;
  starve(in, 650, 656);
  const StutterReport report = whyStuttered(in);
  ASSERT_EQ(report.first, Layer::InterpolationBuffer) << report.headline;
  EXPECT_EQ(report.of(Layer::InterpolationBuffer).tick, 650);
  EXPECT_EQ(report.of(Layer::SnapshotArrival).verdict, Verdict::Ok);
}

TEST(Stutter, OneFrameBeyondTheNewestSnapshotIsNotSeen) {
  StutterInput in = calm();
  starve(in, 650, 651);
  EXPECT_FALSE(whyStuttered(in).first);
}

TEST(Stutter, AFrameThatTookLong) {
  StutterInput in = calm();
  frameStall(in, 655, 150);
  const StutterReport report = whyStuttered(in);
  ASSERT_EQ(report.first, Layer::ClientFrame) << report.headline;
  EXPECT_EQ(report.of(Layer::ClientFrame).tick, 655);
  EXPECT_THAT(report.headline, HasSubstr("it worked 148 ms on one"));
}

TEST(Stutter, WhileTheClientStoodStillNothingCouldArrive) {
  StutterInput in = calm();
  // Stopped from outside: its network thread too.
  frameStall(in, 651, 200);
  const TimeNs begin = at(in.frameInterval, 651).time;
  blackout(in, static_cast<double>(begin - kStart) / 1e6 / kTickMs - 3, 205);
  const StutterReport report = whyStuttered(in);
  EXPECT_EQ(report.first, Layer::ClientFrame) << report.headline;
}

TEST(Stutter, AStopAtABreakpointIsNobodysFault) {
  StutterInput in = calm();
  at(in.tickDuration, 655).value = 5000;
  in.parked.push_back({in.server, 655, 656});
  const StutterReport report = whyStuttered(in);
  EXPECT_FALSE(report.first) << report.headline;
  ASSERT_EQ(report.notes.size(), 1U);
  EXPECT_THAT(report.notes[0], HasSubstr("server-1 stood at a breakpoint at tick 655"));
}

TEST(Stutter, WhatIsNotKnownIsSaidAndNotGuessed) {
  const StutterReport nothing = whyStuttered(StutterInput{});
  for (const LayerFinding& layer : nothing.layers) EXPECT_EQ(layer.verdict, Verdict::NoData);
  EXPECT_THAT(nothing.headline, HasSubstr("nothing is known of: host, server tick"));
  StutterInput coarse = calm();
  coarse.tickDuration.coarse = true;
  EXPECT_EQ(whyStuttered(coarse).of(Layer::ServerTick).verdict, Verdict::NoData);
}

TEST(Stutter, NotANumberIsNoEvidence) {
  StutterInput in = calm();
  for (TickTrack* t : {&in.tickDuration, &in.snapshotInterval, &in.bufferDepth, &in.frameInterval, &in.startJitter})
    at(*t, 655).value = std::nan("");
  EXPECT_FALSE(whyStuttered(in).first);
}

TEST(Stutter, ANoisyPastRaisesTheLimit) {
  StutterInput in = calm();
  int i = 0;
  for (TickPoint& p : in.snapshotInterval.points) p.value = 60 + 60 * noise(++i);
  at(in.snapshotInterval, 655).value = 170;
  const StutterReport report = whyStuttered(in);
  EXPECT_EQ(report.of(Layer::SnapshotArrival).verdict, Verdict::Ok);
}

}  // namespace
}  // namespace qd::analysis
