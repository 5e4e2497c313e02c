// SPDX-License-Identifier: Apache-2.0
#include "core/ingest/rollup_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/ingest/interest_planner.h"
#include "core/ingest/interest_set.h"

namespace qd::ingest {
namespace {

constexpr TimeNs kStart = 1000 * kNsPerSecond;

struct Fed {
  RollupBook book{{"tick.duration"}};

  void put(Event event) {
    auto envelope = std::make_shared<Envelope>();
    envelope->event = std::move(event);
    book.on(envelope);
  }
  void declare(const std::string& id, std::uint64_t instance, std::vector<std::string> clients = {}) {
    ProcessInfo info;
    info.id = ProcessId(id);
    info.instance = InstanceId(instance);
    SeriesInfo duration, other;
    duration.index = SeriesIndex(0);
    duration.name = "tick.duration";
    other.index = SeriesIndex(1);
    other.name = "net.bandwidth";
    info.series = {duration, other};
    for (const auto& client : clients) {
      SeriesInfo rtt;
      rtt.index = SeriesIndex(static_cast<std::uint32_t>(info.series.size()));
      rtt.name = "net.rtt";
      rtt.dimensions = {{"client", client}};
      info.series.push_back(rtt);
    }
    put(ProcessChange{info, ""});
  }
  static RollupRow row(std::uint32_t index, const std::vector<double>& values) {
    RollupRow out;
    out.series = SeriesIndex(index);
    out.count = values.size();
    out.min = *std::ranges::min_element(values);
    out.max = *std::ranges::max_element(values);
    for (const double v : values) out.mean += v / static_cast<double>(values.size());
    out.last = values.back();
    out.p99 = out.max;
    out.sketch = encodedSketch(values);
    return out;
  }
  void second(const std::string& id, std::uint64_t instance, int at, std::vector<RollupRow> rows) {
    put(Rollup{{ProcessId(id), InstanceId(instance)}, kStart + at * kNsPerSecond, at, std::move(rows)});
  }
};

TEST(RollupBook, ADigestIsOfTheNewestWholeSeconds) {
  Fed fed;
  fed.declare("a", 1);
  for (int s = 0; s < 20; ++s) fed.second("a", 1, s, {Fed::row(0, {double(s), double(s) + 1})});
  const TimeNs now = kStart + 20 * kNsPerSecond;
  const auto digest = fed.book.digest(ProcessId("a"), "tick.duration", now, 10);
  ASSERT_TRUE(digest);
  EXPECT_EQ(digest->count, 20u);
  EXPECT_EQ(digest->min, 10);
  EXPECT_EQ(digest->max, 20);
  EXPECT_EQ(digest->last, 20);
  EXPECT_DOUBLE_EQ(digest->mean, 15);
  EXPECT_NEAR(digest->quantile(0.5), 15, 0.2);
  // As of an earlier moment: what had been then.
  EXPECT_EQ(fed.book.digest(ProcessId("a"), "tick.duration", now - 5 * kNsPerSecond, 3)->max, 15);
  // What is long past is not of now.
  EXPECT_FALSE(fed.book.digest(ProcessId("a"), "tick.duration", now + 10 * kNsPerSecond, 10));
  EXPECT_FALSE(fed.book.digest(ProcessId("a"), "net.bandwidth", now, 10));
}

TEST(RollupBook, TheP99OfTwoIsThatOfTheirValuesNotTheMeanOfTheirP99s) {
  Fed fed;
  fed.declare("fast", 1);
  fed.declare("slow", 2);
  fed.second("fast", 1, 0, {Fed::row(0, std::vector<double>(990, 1.0))});
  fed.second("slow", 2, 0, {Fed::row(0, std::vector<double>(10, 100.0))});
  const TimeNs now = kStart + kNsPerSecond;
  Digest both = *fed.book.digest(ProcessId("fast"), "tick.duration", now, 10);
  both.merge(*fed.book.digest(ProcessId("slow"), "tick.duration", now, 10));
  EXPECT_EQ(both.count, 1000u);
  EXPECT_NEAR(both.quantile(0.99), 1.0, 0.01);  // the 990th of 1,000
  EXPECT_NEAR(both.quantile(0.995), 100, 1);
}

TEST(RollupBook, TheTrendHasHolesWhereNothingCame) {
  Fed fed;
  fed.declare("a", 1);
  fed.second("a", 1, 0, {Fed::row(0, {5.0})});
  fed.second("a", 1, 2, {Fed::row(0, {7.0})});
  const auto trend = fed.book.p99s(ProcessId("a"), "tick.duration", kStart + 3 * kNsPerSecond, 4);
  ASSERT_EQ(trend.size(), 4u);
  EXPECT_TRUE(std::isnan(trend[0]));
  EXPECT_EQ(trend[1], 5);
  EXPECT_TRUE(std::isnan(trend[2]));
  EXPECT_EQ(trend[3], 7);
}

// Who looks back further than the minute that is kept whole still sees how it went then.
TEST(RollupBook, TheTrendReachesBackAnHour) {
  Fed fed;
  fed.declare("a", 1);
  constexpr int kAll = static_cast<int>(RollupBook::kTrendSeconds) + 10;
  for (int i = 0; i < kAll; ++i) fed.second("a", 1, i, {Fed::row(0, {static_cast<double>(i)})});
  const auto at = [&](int second) {
    return fed.book.p99s(ProcessId("a"), "tick.duration", kStart + second * kNsPerSecond, 2);
  };
  EXPECT_EQ(at(600)[0], 598);
  EXPECT_EQ(at(600)[1], 599);
  EXPECT_TRUE(std::isnan(at(10)[1]));  // more than an hour ago
  EXPECT_EQ(at(12)[1], 11);
  EXPECT_TRUE(std::isnan(at(kAll + 1)[1]));            // not there yet
  fed.second("a", 1, 3 * kAll, {Fed::row(0, {5.0})});  // after a long silence
  EXPECT_EQ(at(3 * kAll + 1)[1], 5);
  EXPECT_TRUE(std::isnan(at(600)[1]));
}

TEST(RollupBook, ARestartBeginsAnewAndAPastInstanceIsNotMixedIn) {
  Fed fed;
  fed.declare("a", 1);
  fed.second("a", 1, 0, {Fed::row(0, {5.0})});
  fed.declare("a", 2);
  EXPECT_FALSE(fed.book.digest(ProcessId("a"), "tick.duration", kStart + kNsPerSecond, 10));
  fed.second("a", 1, 1, {Fed::row(0, {9.0})});
  EXPECT_FALSE(fed.book.digest(ProcessId("a"), "tick.duration", kStart + 2 * kNsPerSecond, 10));
}

TEST(RollupBook, FindsPlayersByIdAndByName) {
  Fed fed;
  fed.declare("server-1", 1, {"7", "8"});
  fed.declare("server-2", 2, {"17"});
  fed.second("server-1", 1, 0, {Fed::row(2, {30.0}), Fed::row(3, {30.0})});
  fed.second("server-2", 2, 0, {Fed::row(2, {30.0})});
  fed.put(GameEvent{{ProcessId("server-2"), InstanceId(2)},
                    1,
                    kStart,
                    "player.joined",
                    {{"player", Value(std::int64_t{17})}, {"name", Value(std::string("Mona Lisa"))}}});
  const auto byId = fed.book.findPlayers("7", 10);
  ASSERT_EQ(byId.size(), 1u);  // 17 is another one
  EXPECT_EQ(byId[0].process, ProcessId("server-1"));
  const auto byName = fed.book.findPlayers("mona", 10);
  ASSERT_EQ(byName.size(), 1u);
  EXPECT_EQ(byName[0].process, ProcessId("server-2"));
  EXPECT_EQ(byName[0].client, "17");
  fed.put(GameEvent{
      {ProcessId("server-2"), InstanceId(2)}, 2, kStart, "player.left", {{"player", Value(std::int64_t{17})}}});
  EXPECT_TRUE(fed.book.findPlayers("mona", 10).empty());
  EXPECT_TRUE(fed.book.findPlayers("", 10).empty());
}

// A recording has none: those of its declarations.
TEST(RollupBook, WithoutRollupsWhoeverWasDeclaredIsFound) {
  Fed fed;
  fed.declare("server-1", 1, {"7", "8"});
  const auto found = fed.book.findPlayers("8", 10);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].process, ProcessId("server-1"));
}

// 60 samples a second of tick.duration and 40 of another series, on two processes.
void fillTwo(Fed& fed) {
  for (std::uint64_t i = 1; i <= 2; ++i) {
    fed.declare("server-" + std::to_string(i), i);
    fed.second("server-" + std::to_string(i), i, 0,
               {Fed::row(0, std::vector<double>(60, 1.0)), Fed::row(1, std::vector<double>(40, 1.0))});
  }
}

TEST(RollupBook, SaysWhatSelectorsCost) {
  Fed fed;
  fillTwo(fed);
  EXPECT_EQ(fed.book.pointsPerSecond({}), 200);
  EXPECT_EQ(fed.book.pointsPerSecond({Selector{}}), 200);
  EXPECT_EQ(fed.book.pointsPerSecond({{{"server-2"}, {}, {}}}), 100);
  EXPECT_EQ(fed.book.pointsPerSecond({{{}, {"tick.*"}, {}}, {{"server-1"}, {"tick.duration"}, {}}}), 120);
  EXPECT_EQ(fed.book.pointsPerSecond({{{}, {"net.*"}, {{"client", "*"}}}}), 0);
}

// While a console reads the last half hour, roll-ups are as old as the samples beside them.
TEST(RollupBook, WhatIsNotOfNowCostsNothingNow) {
  Fed fed;
  fillTwo(fed);
  fed.second("server-2", 2, 300, {Fed::row(0, {1.0, 2.0})});
  EXPECT_EQ(fed.book.pointsPerSecond({}, kStart + 3 * kNsPerSecond), 102);
  EXPECT_EQ(fed.book.pointsPerSecond({}, kStart + 302 * kNsPerSecond), 2);
  EXPECT_EQ(fed.book.pointsPerSecond({}, kStart + 400 * kNsPerSecond), 0);
}

const std::vector<Selector> kShown{{{"server-1"}, {}, {}}};

TEST(InterestPlanner, WithinTheCapEverythingComesAtFullRate) {
  Fed fed;
  fillTwo(fed);
  InterestPlanner planner({.mostPointsPerSecond = 250});
  const Interest& interest = planner.plan(fed.book, kShown, {"server-1"}, 0);
  EXPECT_EQ(planner.level(), InterestPlanner::Level::Everything);
  EXPECT_EQ(interest.full, std::vector<Selector>{Selector{}});
  EXPECT_EQ(interest.poseGlobs, std::vector<std::string>{"*"});
  EXPECT_TRUE(interest.rollups);
}

TEST(InterestPlanner, OverTheCapWhatIsNotShownGivesWayFirst) {
  Fed fed;
  fillTwo(fed);
  InterestPlanner planner({.always = {{{}, {"tick.duration"}, {}}}, .mostPointsPerSecond = 170});
  const Interest& interest = planner.plan(fed.book, kShown, {"server-1"}, 0);
  EXPECT_EQ(planner.level(), InterestPlanner::Level::ShownOnly);
  EXPECT_EQ(planner.wanted(), 200);
  EXPECT_EQ(planner.planned(), 160);  // server-1 whole, and the ticks of server-2
  EXPECT_EQ(interest.full.size(), 2u);
  EXPECT_EQ(interest.poseGlobs, std::vector<std::string>{"server-1"});
  EXPECT_TRUE(interest.rollups);
}

TEST(InterestPlanner, FarOverTheCapOnlyRollUpsAreLeftAndTheyAlwaysCome) {
  Fed fed;
  fillTwo(fed);
  InterestPlanner planner({.mostPointsPerSecond = 50});
  const Interest& interest = planner.plan(fed.book, kShown, {}, 0);
  EXPECT_EQ(planner.level(), InterestPlanner::Level::RollupsOnly);
  EXPECT_TRUE(interest.full.empty());
  EXPECT_TRUE(interest.rollups);
}

TEST(InterestPlanner, ComesBackOnlyAfterAWhileOfRoom) {
  Fed fed;
  fillTwo(fed);
  InterestPlanner planner({.mostPointsPerSecond = 150});
  planner.plan(fed.book, kShown, {}, 0);
  ASSERT_EQ(planner.level(), InterestPlanner::Level::ShownOnly);
  for (std::uint64_t i = 1; i <= 2; ++i) {  // half the load: 100 of 150
    fed.second("server-" + std::to_string(i), i, 1,
               {Fed::row(0, std::vector<double>(30, 1.0)), Fed::row(1, std::vector<double>(20, 1.0))});
  }
  planner.plan(fed.book, kShown, {}, kNsPerSecond);
  EXPECT_EQ(planner.level(), InterestPlanner::Level::ShownOnly);
  planner.plan(fed.book, kShown, {}, kNsPerSecond + InterestPlanner::kCalm);
  EXPECT_EQ(planner.level(), InterestPlanner::Level::Everything);
}

TEST(InterestPlanner, WithoutACapNothingGivesWay) {
  Fed fed;
  fillTwo(fed);
  InterestPlanner planner({});
  planner.plan(fed.book, {}, {}, 0);
  EXPECT_EQ(planner.level(), InterestPlanner::Level::Everything);
}

TEST(InterestSet, WhatTwoPanelsShowStaysUntilBothLetGo) {
  InterestSet set;
  const int a = 0, b = 0;
  const Selector one{{"server-1"}, {}, {}};
  set.declare(&a, {{one}, {ProcessId("server-1")}});
  set.declare(&b, {{one}, {}});
  EXPECT_EQ(set.series(), std::vector<Selector>{one});
  const auto revision = set.revision();
  set.declare(&b, {{one}, {}});
  EXPECT_EQ(set.revision(), revision);  // nothing new
  set.withdraw(&a);
  EXPECT_EQ(set.series(), std::vector<Selector>{one});
  EXPECT_TRUE(set.poses().empty());
  set.withdraw(&b);
  EXPECT_TRUE(set.series().empty());
}

}  // namespace
}  // namespace qd::ingest
