// SPDX-License-Identifier: Apache-2.0
#include "core/breakpoints/registry_view.h"

#include <gtest/gtest.h>

#include "tests/core/ingest/make.h"

namespace qd::breakpoints {
namespace {

using namespace qd::ingest;

Breakpoint breakpoint(const std::string& id, std::uint64_t revision) {
  Breakpoint b;
  b.id = id;
  b.revision = revision;
  b.site = "combat.hit_resolved";
  return b;
}

LinkGroup group(GroupState state, std::uint64_t epoch = 1) {
  LinkGroup g;
  g.id = "g1";
  g.state = state;
  g.epoch = epoch;
  return g;
}

EnvelopePtr from(const std::string& agent, Event event, TimeNs received) {
  auto e = std::make_shared<Envelope>();
  e->agent = AgentId(agent);
  e->event = std::move(event);
  e->received = received;
  return e;
}

}  // namespace

TEST(RegistryView, NowAndAtAnyMoment) {
  RegistryView view;
  view.on(envelope(breakpoint("b1", 1), 1, 100));
  view.on(envelope(group(GroupState::Running), 2, 110));
  view.on(envelope(group(GroupState::Stopped), 3, 200));
  view.on(envelope(group(GroupState::Running, 2), 4, 300));
  Breakpoint gone = breakpoint("b1", 2);
  gone.removed = true;
  view.on(envelope(gone, 5, 400));
  EXPECT_TRUE(view.breakpoints(99).empty());
  EXPECT_EQ(view.breakpoints(399).size(), 1u);
  EXPECT_TRUE(view.breakpoints().empty());
  EXPECT_FALSE(view.stopped(199));
  EXPECT_EQ(view.stopped(250)->id, "g1");
  EXPECT_FALSE(view.stopped());
  EXPECT_EQ(view.groups().size(), 1u);
  EXPECT_EQ(view.revision(), 5u);
}

TEST(RegistryView, AnOldCopyFromAnotherAgentIsIgnored) {
  RegistryView view;
  view.on(from("home", breakpoint("b1", 5), 10));
  view.on(from("other", breakpoint("b1", 4), 20));
  EXPECT_EQ(view.breakpoints()[0].revision, 5u);
  view.on(from("other", breakpoint("b1", 6), 30));
  EXPECT_EQ(view.breakpoints()[0].revision, 6u);
}

TEST(RegistryView, ANewAttachForgetsWhatIsNotToldAgain) {
  RegistryView view;
  view.on(from("a", AgentChange{AgentState::Connected, {}, {}, {}}, 1));
  view.on(from("a", breakpoint("b1", 1), 10));
  view.on(from("a", breakpoint("b2", 1), 10));
  view.on(from("b", breakpoint("b3", 1), 10));
  view.on(from("a", AgentChange{AgentState::Lost, {}, {}, {}}, 20));
  EXPECT_EQ(view.breakpoints().size(), 3u);
  view.on(from("a", breakpoint("b2", 1), 30));
  view.on(from("a", AgentChange{AgentState::Connected, {}, {}, {}}, 31));
  ASSERT_EQ(view.breakpoints().size(), 2u);
  EXPECT_EQ(view.breakpoints()[0].id, "b2");
  EXPECT_EQ(view.breakpoints(25).size(), 3u);
}

TEST(RegistryView, HitsAreReplacedAndBounded) {
  RegistryView view;
  for (int i = 0; i < 1200; ++i) {
    Hit hit;
    hit.id = "h" + std::to_string(i);
    hit.tick = i;
    view.on(envelope(hit));
  }
  Hit more;
  more.id = "h1199";
  more.tick = 7;
  view.on(envelope(more));
  EXPECT_EQ(view.hits().size(), 1000u);
  EXPECT_EQ(view.hits().front().id, "h200");
  EXPECT_EQ(view.hit("h1199")->tick, 7);
  EXPECT_FALSE(view.hit("h0"));
}

// A hit is when the first of its group came to it; its group stands later.
TEST(RegistryView, FromWhenOnAHitsGroupStood) {
  RegistryView view;
  LinkGroup gathering = group(GroupState::Gathering), stopped = group(GroupState::Stopped);
  gathering.hitId = stopped.hitId = "h1";
  stopped.stoppedAt = 205;
  view.on(envelope(gathering, 1, 200));
  EXPECT_FALSE(view.standsAt("h1"));
  view.on(envelope(stopped, 2, 240));
  view.on(envelope(stopped, 3, 300));
  view.on(envelope(group(GroupState::Running, 2), 4, 400));
  EXPECT_EQ(view.standsAt("h1"), std::optional<TimeNs>(240));
  EXPECT_TRUE(view.stopped(*view.standsAt("h1")));
  EXPECT_FALSE(view.standsAt("h2"));
}

}  // namespace qd::breakpoints
