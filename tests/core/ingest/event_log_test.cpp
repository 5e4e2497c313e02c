// SPDX-License-Identifier: Apache-2.0
#include "core/ingest/event_log.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/core/ingest/make.h"

namespace qd::ingest {
namespace {

constexpr TimeNs kAll = std::numeric_limits<TimeNs>::max();

EnvelopePtr logLine(TimeNs time, const std::string& text, LogLevel level = LogLevel::Info) {
  return envelope(LogLine{.process = ref(serverInfo()),
                          .tick = time / 10,
                          .time = time,
                          .level = level,
                          .category = "LogNet",
                          .text = text});
}

std::vector<std::string> texts(const EventLog& log, const MomentFilter& filter = {}, std::size_t most = 1000) {
  std::vector<std::string> result;
  for (const Moment& moment : log.query(0, kAll, filter, most)) result.push_back(moment.text);
  return result;
}

LinkGroup group(GroupState state) {
  LinkGroup g;
  g.id = "g1";
  g.state = state;
  g.tick = 77;
  g.stoppedAt = 4000;
  g.breakpoint = "b1";
  g.leader = ProcessId("server-1");
  g.members = {{ProcessId("server-1"), MemberState::Stopped, 77, 0, 0},
               {ProcessId("editor-1"), MemberState::Stopped, 78, 1, 0}};
  return g;
}

}  // namespace

TEST(EventLog, AnOperatorReadsOneLine) {
  EventLog log;
  PushResult push;
  push.process = ref(serverInfo());
  push.status = PushStatus::Applied;
  push.tick = 1234;
  push.time = 5;
  push.parameters = {{"npc.density", Value(1.0), Value(1.5), 2, ""}};
  push.who = "ana";
  push.comment = "storm test";
  log.on(envelope(push));
  push.status = PushStatus::Rejected;
  push.time = 6;
  push.parameters[0].reason = "above 10";
  log.on(envelope(push));
  EXPECT_EQ(texts(log),
            (std::vector<std::string>{"server-1: npc.density 1 → 1.5 applied at tick 1234 by ana: storm test",
                                      "server-1: npc.density = 1.5 (above 10) rejected by ana"}));
}

TEST(EventLog, InTimeOrderWhateverTheOrderOfArrival) {
  EventLog log;
  for (const TimeNs time : {30, 10, 20}) log.on(logLine(time, std::to_string(time)));
  EXPECT_EQ(texts(log), (std::vector<std::string>{"10", "20", "30"}));
  EXPECT_EQ(texts(log, {}, 2), (std::vector<std::string>{"20", "30"}));
  EXPECT_EQ(log.query(10, 20, {}, 100).size(), 2u);
  EXPECT_EQ(log.query(11, 19, {}, 100).size(), 0u);
}

TEST(EventLog, Filters) {
  EventLog log;
  log.on(logLine(1, "Player JOINED"));
  log.on(logLine(2, "late packet", LogLevel::Warning));
  log.on(envelope(Mark{.time = 3, .tick = 1, .domain = "server-1", .text = "look here", .who = "bo"}));
  MomentFilter filter;
  filter.text = "joined";
  EXPECT_EQ(texts(log, filter), std::vector<std::string>{"Player JOINED"});
  filter = {};
  filter.minimumLevel = LogLevel::Warning;
  EXPECT_EQ(texts(log, filter), (std::vector<std::string>{"late packet", "look here"}));
  filter = {};
  filter.kinds = {MomentKind::Mark};
  EXPECT_EQ(texts(log, filter), std::vector<std::string>{"look here"});
  filter = {};
  filter.processes = {ProcessId("server-2")};
  EXPECT_TRUE(texts(log, filter).empty());
}

TEST(EventLog, ManyGameEventsDoNotCrowdOutTheRest) {
  EventLog log;
  PushResult push;
  push.process = ref(serverInfo());
  push.status = PushStatus::Applied;
  push.time = 5;
  log.on(envelope(push));
  for (int i = 0; i < 200; ++i) {
    log.on(envelope(GameEvent{.process = ref(serverInfo()), .tick = 10 + i, .time = 10 + i, .name = "combat.hit"}));
  }
  log.on(envelope(GameEvent{.process = ref(serverInfo()), .tick = 300, .time = 300, .name = "alert.cheat"}));
  const MomentFilter filter{.kinds = {MomentKind::Push, MomentKind::Game}, .gamePrefix = "alert"};
  const auto found = log.query(0, kAll, filter, 10);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].kind, MomentKind::Push);
  EXPECT_EQ(found[1].category, "alert.cheat");
}

TEST(EventLog, ManyMomentsAreSearchedToTheEnd) {
  EventLog log;
  log.on(logLine(1, "needle"));
  for (int i = 2; i < 5000; ++i) log.on(logLine(i, "hay"));
  MomentFilter filter;
  filter.text = "needle";
  EXPECT_EQ(texts(log, filter), std::vector<std::string>{"needle"});
}

TEST(EventLog, StopsAndRestartsAreToldOnce) {
  EventLog log;
  log.on(envelope(ProcessChange{serverInfo("server-1", 1), ""}, 0, 1000));
  log.on(envelope(ProcessChange{serverInfo("server-1", 1), ""}, 1, 1001));
  ProcessInfo gone = serverInfo("server-1", 1);
  gone.state = ProcessState::Gone;
  log.on(envelope(ProcessChange{gone, "killed by signal 9"}, 2, 2000));
  log.on(envelope(ProcessChange{serverInfo("server-1", 9), ""}, 3, 3000));
  for (const auto state : {GroupState::Running, GroupState::Gathering, GroupState::Stopped, GroupState::Stopped,
                           GroupState::Resuming, GroupState::Running}) {
    log.on(envelope(group(state), 4, 5000));
  }
  EXPECT_EQ(texts(log),
            (std::vector<std::string>{"server-1: here", "server-1: gone: killed by signal 9", "server-1: started anew",
                                      "server-1, editor-1 stopped at tick 77 by breakpoint b1, editor-1 off by 1 ticks",
                                      "server-1, editor-1 running"}));
}

TEST(EventLog, AHitThatComesAgainReplacesItself) {
  EventLog log;
  Hit hit{.id = "h1",
          .group = "g1",
          .breakpoint = "b1",
          .leader = ProcessId("server-1"),
          .tick = 5,
          .time = 50,
          .cause = "breakpoint",
          .members = {}};
  log.on(envelope(hit));
  hit.members.push_back({{ProcessId("server-1")}, {{"combat.hit_resolved", "combat.cpp", 12}}, {}, {}});
  log.on(envelope(hit));
  EXPECT_EQ(texts(log),
            std::vector<std::string>{"Stopped at tick 5 by breakpoint b1 in server-1, combat.hit_resolved"});
}

TEST(EventLog, WhatIsAboutOnePlayer) {
  EventLog log;
  log.on(logLine(1, "bot-7 joined as player 12 from 127.0.0.1"));
  log.on(logLine(2, "player 121 is gone"));
  log.on(logLine(3, "bot-7 killed bot-71"));
  log.on(logLine(4, "bot-71 killed bot-9"));
  const auto hit = [](TimeNs time, std::int64_t shooter, std::int64_t victim) {
    GameEvent e{ref(serverInfo()), time, time, "combat.hit", {}};
    e.fields = {{"shooter", Value(shooter)}, {"victim", Value(victim)}, {"damage", Value(std::int64_t{12})}};
    return envelope(e);
  };
  log.on(hit(5, 12, 3));
  log.on(hit(6, 3, 12));
  log.on(hit(7, 3, 4));  // 12 damage is no player 12
  MomentFilter filter;
  filter.player = 12;
  const auto ticks = [&] {
    std::vector<TimeNs> out;
    for (const Moment& moment : log.query(0, kAll, filter, 100)) out.push_back(moment.time);
    return out;
  };
  EXPECT_EQ(ticks(), (std::vector<TimeNs>{1, 5, 6}));
  filter.playerName = "bot-7";
  EXPECT_EQ(ticks(), (std::vector<TimeNs>{1, 3, 5, 6}));
}

TEST(EventLog, BoundedAndTheOldestLogLinesGoFirst) {
  EventLog log(64 << 10);
  log.on(envelope(Mark{.time = 1, .tick = 1, .domain = "server-1", .text = "kept", .who = ""}));
  for (int i = 0; i < 2000; ++i) log.on(logLine(10 + i, "line " + std::to_string(i)));
  const auto all = texts(log, {}, 5000);
  EXPECT_EQ(all.front(), "kept");
  EXPECT_EQ(all.back(), "line 1999");
  EXPECT_EQ(all.size() + log.forgotten(), 2001u);
  EXPECT_GT(log.forgotten(), 1500u);
}

// What one looks for afterwards outlives any number of shots.
TEST(EventLog, GameEventsGoBeforePushesAndMarks) {
  EventLog log(64 << 10);
  log.on(envelope(Mark{.time = 1, .tick = 1, .domain = "server-1", .text = "kept", .who = ""}));
  PushResult push;
  push.pushId = "p";
  push.time = 2;
  push.status = PushStatus::Applied;
  log.on(envelope(push));
  for (int i = 0; i < 2000; ++i) {
    GameEvent shot;
    shot.time = 10 + i;
    shot.name = "combat.hit";
    log.on(envelope(shot));
  }
  MomentFilter filter;
  filter.kinds = {MomentKind::Mark, MomentKind::Push};
  EXPECT_EQ(log.query(0, kAll, filter, 10).size(), 2u);
  EXPECT_GT(log.forgotten(), 1000u);
  EXPECT_EQ(log.query(0, kAll, {}, 10).back().time, 10 + 1999);
}

// Logged when it is sent on, and again when it is applied: one moment, which is how it ended.
TEST(EventLog, APushThatIsAppliedTakesThePlaceOfItsPending) {
  EventLog log;
  PushResult push;
  push.pushId = "p1";
  push.process = ref(serverInfo());
  push.status = PushStatus::Pending;
  push.time = 1000;
  log.on(envelope(push, 1));
  push.status = PushStatus::Applied;
  push.time = 1020;
  push.tick = 77;
  log.on(envelope(push, 2));
  push.process = ref(serverInfo("server-2", 2));
  log.on(envelope(push, 3));
  const auto moments = log.query(0, INT64_MAX, {.kinds = {MomentKind::Push}}, 10);
  ASSERT_EQ(moments.size(), 2u) << "one for each process";
  EXPECT_EQ(moments[0].time, 1020);
  EXPECT_EQ(moments[0].tick, 77);
}

}  // namespace qd::ingest
