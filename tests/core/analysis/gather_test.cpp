// SPDX-License-Identifier: Apache-2.0
// From the stream to the verdict: what a store holds is found, lined up in ticks and judged.
#include <gmock/gmock.h>

#include "core/analysis/stutter_gather.h"
#include "tests/support/stutter_feed.h"

namespace qd::analysis {
namespace {

using ::testing::HasSubstr;
using Feed = qd::testing::StutterFeed;

struct Fed {
  explicit Fed(Feed::Fault fault) {
    fan.add(directory);
    fan.add(store);
    fan.add(log);
    Feed(fan, fault).run();
  }
  Result<StutterReport> why(StutterQuestion question) const {
    const auto gathered = gatherStutter(store, directory, log, question);
    if (!gathered) return std::unexpected(gathered.error());
    return whyStuttered(gathered->input);
  }
  StutterReport atTick(Tick tick) const {
    StutterQuestion question;
    question.tick = tick;
    const auto report = why(question);
    EXPECT_TRUE(report) << report.error().message;
    return report.value_or(StutterReport{});
  }
  StutterReport atTime(TimeNs time) const {
    StutterQuestion question;
    question.time = time;
    const auto report = why(question);
    EXPECT_TRUE(report) << report.error().message;
    return report.value_or(StutterReport{});
  }

  series::Store store;
  ingest::Directory directory;
  ingest::EventLog log;
  ingest::FanOut fan;
};

TEST(Gather, ACalmStreamIsCalm) {
  const Fed fed(Feed::Fault::None);
  for (Tick tick = 200; tick < 850; tick += 47) {
    const StutterReport report = fed.atTick(tick);
    EXPECT_FALSE(report.first) << report.headline;
    for (const LayerFinding& layer : report.layers) EXPECT_EQ(layer.verdict, Verdict::Ok) << layer.says;
  }
}

TEST(Gather, SamplesFindTheTickThatTheyAreAbout) {
  const Fed fed(Feed::Fault::None);
  StutterQuestion question;
  question.tick = 700;
  const auto gathered = gatherStutter(fed.store, fed.directory, fed.log, question);
  ASSERT_TRUE(gathered);
  const StutterInput& in = gathered->input;
  for (const TickPoint& p : in.tickDuration.points) EXPECT_EQ(p.time, Feed::timeOf(static_cast<Tick>(p.tick)));
  // A frame shows a tick eight ticks after it was simulated.
  ASSERT_GT(in.bufferDepth.points.size(), 600U);
  for (const TickPoint& p : in.bufferDepth.points)
    EXPECT_NEAR(p.tick, static_cast<double>(p.time - Feed::kStart) / Feed::kTickNs - Feed::kBehind, 0.1);
  // The snapshot of tick 700 comes three ticks later and ends the gap that began after that of 698.
  bool found = false;
  for (const TickPoint& p : in.snapshotInterval.points)
    if (p.time == Feed::timeOf(702)) {
      found = true;
      EXPECT_EQ(p.tick, 698);  // the snapshot before it was of tick 697
    }
  EXPECT_TRUE(found);
}

TEST(Gather, EachFaultIsNamedByTickAndByTime) {
  const struct {
    Feed::Fault fault;
    Layer layer;
    double tick, within;
  } cases[] = {{Feed::Fault::SlowTick, Layer::ServerTick, 700, 0},
               {Feed::Fault::Blackout, Layer::SnapshotArrival, 698, 2},
               {Feed::Fault::FrameStall, Layer::ClientFrame, 692, 1}};
  for (const auto& c : cases) {
    const Fed fed(c.fault);
    // Asked by the tick, by what the screen showed then, and by the time at which the server was there.
    for (const StutterReport& report :
         {fed.atTick(700), fed.atTime(Feed::timeOf(700 + Feed::kBehind)), fed.atTime(Feed::timeOf(703))}) {
      ASSERT_EQ(report.first, c.layer) << report.headline;
      EXPECT_NEAR(*report.of(c.layer).tick, c.tick, c.within) << report.headline;
      EXPECT_FALSE(report.of(c.layer).evidence.empty());
    }
    EXPECT_FALSE(fed.atTick(400).first);
  }
}

TEST(Gather, WhoIsAsked) {
  const Fed fed(Feed::Fault::SlowTick);
  StutterQuestion question;
  question.tick = 700;
  for (const char* id : {"", "server-1", "editor-1"}) {
    question.client = ProcessId(id);
    const auto report = fed.why(question);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->client.value, "editor-1");
  }
  question.client = ProcessId("server-9");
  EXPECT_THAT(fed.why(question).error().message, HasSubstr("server-9"));
}

TEST(Gather, WhatIsNotHereIsSaid) {
  const Fed fed(Feed::Fault::None);
  StutterQuestion question;
  question.tick = 10'000'000;
  EXPECT_THAT(fed.why(question).error().message, HasSubstr("Tick 10000000"));
  question.tick.reset();
  question.time = 5;
  EXPECT_THAT(fed.why(question).error().message, HasSubstr("outside"));
  const series::Store empty;
  const ingest::Directory nobody;
  const ingest::EventLog log;
  EXPECT_THAT(gatherStutter(empty, nobody, log, {}).error().message, HasSubstr("No editor"));
}

TEST(Gather, AStopIsFoundInTheLog) {
  Fed fed(Feed::Fault::SlowTick);
  ingest::LinkGroup group;
  group.id = "g";
  group.domain = "server-1";
  group.state = ingest::GroupState::Stopped;
  group.leader = ProcessId("server-1");
  group.tick = 700;
  group.stoppedAt = Feed::timeOf(700);
  ingest::GroupMember member;
  member.process = ProcessId("server-1");
  group.members = {member};
  const auto put = [&](TimeNs received) {
    auto envelope = std::make_shared<ingest::Envelope>();
    envelope->event = group;
    envelope->received = received;
    fed.fan.on(envelope);
  };
  put(Feed::timeOf(700));
  group.state = ingest::GroupState::Running;
  put(Feed::timeOf(706));
  const StutterReport report = fed.atTick(700);
  EXPECT_FALSE(report.first) << report.headline;
  ASSERT_EQ(report.notes.size(), 1U);
  EXPECT_THAT(report.notes[0], HasSubstr("breakpoint"));
}

}  // namespace
}  // namespace qd::analysis
