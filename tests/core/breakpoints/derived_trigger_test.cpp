// SPDX-License-Identifier: Apache-2.0
// A metric that a console joins arms what waits for it: once, for whoever of the group it belongs to, and only then.
#include "core/breakpoints/derived_trigger.h"

#include <gtest/gtest.h>

#include "tests/core/ingest/make.h"

namespace qd::breakpoints {
namespace {

using namespace qd::ingest;

const ProcessRef kEditor{ProcessId("editor-1"), InstanceId(7)};

struct Seen {
  std::vector<Breakpoint> breakpoints;
  std::vector<control::MetricWatch::Crossed> crossings;
  DerivedTrigger trigger{[this](const Breakpoint& breakpoint, const control::MetricWatch::Crossed& at) {
    breakpoints.push_back(breakpoint);
    crossings.push_back(at);
  }};
  std::uint64_t sequence = 0;
  void tell(Event event) { trigger.on(envelope(std::move(event), ++sequence, 100)); }
  void value(Tick tick, double metres, std::uint32_t ring = kDerivedRing) {
    SampleBlock block;
    block.process = kEditor;
    block.ring = ring;
    block.count = 1;
    block.ticks = {tick};
    block.times = {tick * 16'000'000};
    block.columns.push_back({SeriesIndex(kFirstDerivedSeries), {}, std::vector<double>{metres}});
    tell(block);
  }
  void waiting(const std::string& when, std::uint64_t revision = 1) {
    Breakpoint b;
    b.id = "bp-1";
    b.revision = revision;
    b.group = "g1";
    b.site = "/game/combat.cpp";
    b.kind = BreakpointKind::Source;
    b.members.push_back({ProcessId("server-1"), MemberAck::Draft, "", 0});  // the line is the server's
    b.armWhen = when;
    b.waiting = true;
    tell(b);
  }
};

void begin(Seen& seen) {
  LinkGroup group;
  group.id = "g1";
  group.members = {{ProcessId("server-1")}, {kEditor.id}};
  seen.tell(group);
  SeriesInfo info;
  info.index = SeriesIndex(kFirstDerivedSeries);
  info.name = "interp.error";
  info.unit = "m";
  info.integer = false;
  info.derived = true;
  seen.tell(DerivedSeries{kEditor, info});
}

}  // namespace

TEST(DerivedTrigger, TheEditorsErrorArmsTheServersLineOnce) {
  Seen seen;
  begin(seen);
  seen.value(1, 9);  // nobody waits
  seen.waiting("interp.error > 0.3 m");
  seen.value(2, 0.29);
  EXPECT_TRUE(seen.crossings.empty());
  seen.value(3, 0.31);
  seen.value(4, 0.5);  // what was ordered is not ordered again
  ASSERT_EQ(seen.crossings.size(), 1u);
  EXPECT_EQ(seen.crossings[0].process, kEditor.id);
  EXPECT_EQ(seen.crossings[0].tick, 3);
  EXPECT_EQ(seen.breakpoints[0].id, "bp-1");
  ASSERT_EQ(seen.breakpoints[0].members.size(), 1u);  // as the agent knows it
  EXPECT_EQ(seen.breakpoints[0].members[0].process, ProcessId("server-1"));
  seen.waiting("interp.error > 0.3 m", 2);  // somebody sets it again
  seen.value(5, 0.4);
  EXPECT_EQ(seen.crossings.size(), 2u);
}

TEST(DerivedTrigger, WhatDoesNotWaitOrIsNotJoinedHereIsLeftAlone) {
  Seen seen;
  begin(seen);
  seen.waiting("tick.duration > 1 ms");  // the agent's own affair
  seen.value(1, 9);
  seen.waiting("interp.error > 0.3 mm");  // another unit
  seen.value(2, 9);
  seen.waiting("interp.error > 0.3 m");
  seen.value(3, 9, 0);  // a ring of the process itself
  Breakpoint gone;
  gone.id = "bp-1";
  gone.removed = true;
  seen.tell(gone);
  seen.value(4, 9);
  EXPECT_TRUE(seen.crossings.empty());
}

}  // namespace qd::breakpoints
