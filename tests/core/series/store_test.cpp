// SPDX-License-Identifier: Apache-2.0
#include "core/series/store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <random>
#include <thread>

#include "tests/core/series/made.h"

namespace qd::series {

using namespace qd::ingest;

TEST(Store, QueriesEqualBruteForceOnBothAxes) {
  for (const double nanShare : {0.0, 0.05}) {
    Store store;
    Source source;
    source.process.series = {info(7, "tick.duration", false)};
    store.on(envelope(ProcessChange{source.process, ""}));
    const std::vector<Sample> all = noise(200'000, 3, nanShare);
    std::mt19937_64 random(5);
    for (std::size_t i = 0; i < all.size();) {
      const std::size_t end = std::min(all.size(), i + 1 + random() % 900);
      store.on(envelope(source.block({all.begin() + i, all.begin() + end}, 7, false)));
      i = end;
    }
    const SeriesId id = only(store);
    compare(store.query(id, Axis::Time, kLow, kHigh, 1200), all, Axis::Time, kLow, kHigh, 1200);
    for (int round = 0; round < 30; ++round) {
      const Axis axis = round % 2 == 0 ? Axis::Time : Axis::Tick;
      const std::size_t a = random() % all.size();
      const std::size_t width = round % 3 == 0 ? random() % 500 : random() % all.size();
      const std::size_t b = std::min(all.size() - 1, a + width);
      const std::int64_t from = xOf(all[a], axis) - static_cast<std::int64_t>(random() % 3);
      const std::int64_t to = xOf(all[b], axis) + static_cast<std::int64_t>(random() % 3);
      const int pixels = 50 + static_cast<int>(random() % 2000);
      compare(store.query(id, axis, from, to, pixels), all, axis, from, to, pixels);
      const Statistics stats = store.statistics(id, axis, from, to);
      std::vector<double> values;
      for (const Sample& s : all) {
        if (xOf(s, axis) >= from && xOf(s, axis) <= to && !std::isnan(s.value)) values.push_back(s.value);
      }
      ASSERT_EQ(stats.n, values.size());
      if (values.empty()) continue;
      std::sort(values.begin(), values.end());
      const auto rank = [&](double f) {
        return values[static_cast<std::size_t>(std::ceil(f * static_cast<double>(values.size()))) - 1];
      };
      ASSERT_EQ(stats.exact, values.size() < 100'000 || stats.exact);  // few are never estimated
      const double error = stats.exact ? 0 : Sketch::kRelativeError * (1 + 1e-9);
      EXPECT_LE(std::abs(stats.p50 - rank(0.5)), std::abs(rank(0.5)) * error);
      EXPECT_LE(std::abs(stats.p95 - rank(0.95)), std::abs(rank(0.95)) * error);
      EXPECT_LE(std::abs(stats.p99 - rank(0.99)), std::abs(rank(0.99)) * error);
      EXPECT_EQ(stats.min, values.front());
      EXPECT_EQ(stats.max, values.back());
    }
    EXPECT_EQ(store.totals().points, all.size());
  }
}

// A series that is subscribed later comes with its past: records that have been here with another series, in order,
// then live again with that. Nothing is dropped as a duplicate, nothing is there twice.
TEST(Store, ALateSeriesFillsInBesideTheOneThatWasThere) {
  Store store;
  Source source;
  source.process.series = {info(0, "tick.duration", false), info(1, "net.rtt", false)};
  store.on(envelope(ProcessChange{source.process, ""}));
  std::vector<SampleBlock> blocks;
  for (int i = 0; i < 4; ++i) {
    std::vector<Sample> samples;
    for (int k = 0; k < 10; ++k) samples.push_back({i * 10 + k, (i * 10 + k) * kNsPerMs, double(i * 10 + k)});
    blocks.push_back(source.block(samples, 0, false));
    if (i < 3) store.on(envelope(blocks.back()));
  }
  for (int i = 0; i < 3; ++i) {
    SampleBlock late = blocks[static_cast<std::size_t>(i)];
    late.columns[0].series = SeriesIndex(1);
    late.late = true;
    store.on(envelope(late));
    store.on(envelope(late));  // asked for twice
  }
  Column both = blocks[3].columns[0];
  both.series = SeriesIndex(1);
  blocks[3].columns.push_back(both);
  store.on(envelope(blocks[3]));
  for (const char* name : {"tick.duration", "net.rtt"}) {
    const auto id = store.find(source.process.id, name);
    ASSERT_TRUE(id) << name;
    const RangeResult r = store.query(*id, Axis::Time, 0, kNsPerSecond, 1000);
    ASSERT_EQ(r.samples.size(), 40u) << name;
    for (std::size_t i = 0; i < 40; ++i) EXPECT_EQ(r.samples[i].value, static_cast<double>(i)) << name;
    EXPECT_TRUE(r.breaks.empty()) << name;
  }
}

TEST(Store, IntegersKeepTheirScaleExactly) {
  Store store;
  Source source;
  source.process.series = {info(0, "tick.duration", true, 6)};
  store.on(envelope(ProcessChange{source.process, ""}));
  SampleBlock block = source.block({{1, 10, 0}, {2, 20, 0}, {3, 30, 0}}, 0, true);
  block.columns[0].values = std::vector<std::int64_t>{2'100'000, 1, std::numeric_limits<std::int64_t>::max()};
  store.on(envelope(block));
  const RangeResult r = store.query(only(store), Axis::Time, 0, 100, 10);
  ASSERT_EQ(r.samples.size(), 3u);
  EXPECT_EQ(r.samples[0].value, 2.1);
  EXPECT_EQ(r.samples[1].value, 1e-6);
  EXPECT_EQ(r.samples[2].value, 9223372036854775807.0 / 1e6);
  EXPECT_EQ(store.last(only(store))->tick, 3);
  EXPECT_EQ(store.at(only(store), 29)->tick, 2);
  EXPECT_FALSE(store.at(only(store), 9));
}

TEST(Store, BlocksInAnyOrderGiveTheSameSeries) {
  const std::vector<Sample> all = noise(20'000, 11);
  for (const std::uint64_t seed : {1, 2, 3}) {
    Store store;
    Source source;
    source.process.series = {info(1, "net.rtt", false)};
    store.on(envelope(ProcessChange{source.process, ""}));
    std::vector<EnvelopePtr> blocks;
    std::mt19937_64 random(seed);
    for (std::size_t i = 0; i < all.size();) {
      const std::size_t end = std::min(all.size(), i + 1 + random() % 400);
      blocks.push_back(envelope(source.block({all.begin() + i, all.begin() + end}, 1, false)));
      i = end;
    }
    std::shuffle(blocks.begin(), blocks.end(), random);
    for (const EnvelopePtr& block : blocks) store.on(block);
    for (const EnvelopePtr& block : blocks) store.on(block);  // and once more: nothing changes
    const SeriesId id = only(store);
    compare(store.query(id, Axis::Time, kLow, kHigh, 20'000), all, Axis::Time, kLow, kHigh, 20'000);
    compare(store.query(id, Axis::Time, kLow, kHigh, 300), all, Axis::Time, kLow, kHigh, 300);
    EXPECT_EQ(store.totals().points, all.size());
    EXPECT_EQ(store.totals().duplicates, all.size());
  }
}

TEST(Store, RestartBreaksTheLineAndTheTicks) {
  Store store;
  Source first, second;
  first.process.series = second.process.series = {info(0, "tick.rate", false)};
  second.process.instance = InstanceId(99);
  store.on(envelope(ProcessChange{first.process, ""}));
  store.on(envelope(first.block({{1, 10, 1}, {2, 20, 2}, {3, 30, 3}}, 0, false)));
  store.on(envelope(ProcessChange{second.process, ""}));
  store.on(envelope(second.block({{1, 100, 4}, {2, 110, 5}}, 0, false)));
  const SeriesId id = only(store);
  const RangeResult byTime = store.query(id, Axis::Time, 0, 1000, 100);
  ASSERT_EQ(byTime.samples.size(), 5u);
  EXPECT_EQ(byTime.breaks, std::vector<std::int64_t>{100});
  EXPECT_EQ(store.query(id, Axis::Tick, 1, 2, 100).samples.size(), 2u);
  EXPECT_EQ(store.query(id, Axis::Tick, 1, 2, 100).samples[0].value, 4);
  EXPECT_EQ(store.query(id, Axis::Tick, 3, 3, 100).samples.at(0).value, 3);
  EXPECT_EQ(store.timeAt(kServer, 2), 110);
  EXPECT_EQ(store.timeAt(kServer, 3), 30);
  EXPECT_EQ(store.tickAt(kServer, 20), 2);
  EXPECT_EQ(store.tickAt(kServer, 25), 2);
  EXPECT_FALSE(store.tickAt(kServer, 50));
  EXPECT_FALSE(store.tickAt(kServer, 9));
  EXPECT_FALSE(store.tickAt(kServer, 111));
}

TEST(Store, TicksThatBeginAnewAreANewSegment) {
  Store store;
  Source source;
  source.process.series = {info(0, "a", false)};
  store.on(envelope(ProcessChange{source.process, ""}));
  store.on(envelope(source.block({{500, 10, 1}, {501, 20, 2}, {1, 30, 3}, {2, 40, 4}}, 0, false)));
  EXPECT_EQ(store.query(only(store), Axis::Time, 0, 100, 100).breaks, std::vector<std::int64_t>{30});
  EXPECT_EQ(store.query(only(store), Axis::Tick, 0, 1000, 100).samples.size(), 2u);
  EXPECT_EQ(store.query(only(store), Axis::Tick, 500, 1000, 100).samples.size(), 2u);
}

TEST(Store, GapsAndDropsBreakTheLineAndAreCounted) {
  Store store;
  Source source;
  source.process.series = {info(0, "a", false)};
  store.on(envelope(ProcessChange{source.process, ""}));
  store.on(envelope(source.block({{1, 10, 1}, {2, 20, 2}}, 0, false)));
  store.on(envelope(Gap{kServer, 20, 50, 7, "the link was lost"}));
  store.on(envelope(source.block({{5, 50, 3}}, 0, false)));
  SampleBlock late = source.block({{6, 60, 4}}, 0, false);
  late.dropped = 5;
  store.on(envelope(late));
  EXPECT_EQ(store.query(only(store), Axis::Time, 0, 100, 100).breaks, (std::vector<std::int64_t>{50, 60}));
  EXPECT_EQ(store.totals().dropped, 12u);
}

TEST(Store, NoBucketSpansAGap) {
  Store store;
  Source source;
  source.process.series = {info(0, "a", false)};
  store.on(envelope(ProcessChange{source.process, ""}));
  std::vector<Sample> before, nothing, after;
  for (int i = 0; i < 2000; ++i) before.push_back({i, 1000 + i, 1});
  for (int i = 2000; i < 4000; ++i) nothing.push_back({i, 1000 + i, std::nan("")});
  for (int i = 4000; i < 6000; ++i) after.push_back({i, 1000 + i, 2});
  store.on(envelope(source.block(before, 0, false)));
  store.on(envelope(source.block(nothing, 0, false)));
  store.on(envelope(source.block(after, 0, false)));
  const RangeResult r = store.query(only(store), Axis::Time, 0, 10'000, 100);
  ASSERT_FALSE(r.exact);
  ASSERT_EQ(r.breaks, std::vector<std::int64_t>{5000});
  for (const Bucket& bucket : r.buckets) {
    EXPECT_EQ(bucket.min, bucket.max);
    EXPECT_TRUE(bucket.x1 < 3000 || bucket.x0 >= 5000);
  }
}

// The very last time that there is lies in the last column like any other.
TEST(Store, AQuestionOverTheWholeAxisHoldsItsLastSample) {
  constexpr TimeNs kLast = std::numeric_limits<TimeNs>::max();
  Store store;
  ingest::SeriesInfo info;
  info.name = "late";
  info.integer = false;
  const SeriesId id = store.declareDerived(ProcessId("server-1"), info);
  std::vector<Sample> samples;
  for (int i = 9; i >= 0; --i) samples.push_back({9 - i, kLast - i, 1.0});
  store.append(id, samples);
  const auto all = store.query(id, Axis::Time, std::numeric_limits<TimeNs>::min(), kLast, 2);
  std::uint64_t count = 0;
  for (const Bucket& bucket : all.buckets) count += bucket.count;
  EXPECT_EQ(count, samples.size());
  ASSERT_FALSE(all.buckets.empty());
  EXPECT_EQ(all.buckets.back().x1, kLast);
}

TEST(Store, UnsoundBlocksHarmNobody) {
  Store store;
  Source source;
  source.process.series = {info(0, "a", false)};
  store.on(envelope(ProcessChange{source.process, ""}));
  SampleBlock block = source.block({{1, 10, 1}}, 0, false);
  block.columns[0].rows = {5};
  store.on(envelope(block));
  block = source.block({{2, 20, 1}}, 0, false);
  block.columns[0].values = std::vector<double>{1, 2, 3};
  store.on(envelope(block));
  block = source.block({{3, 30, 1}}, 3, false);  // never declared
  store.on(envelope(block));
  block = source.block({{4, 40, 1}}, 0, false);
  block.ticks.clear();
  store.on(envelope(block));
  EXPECT_EQ(store.totals().points, 0u);
  EXPECT_EQ(store.totals().dropped, 6u);
  store.on(envelope(source.block({{kLow, kHigh, 1}, {kHigh, kLow, -1}, {0, 0, INFINITY}}, 0, false)));
  // Times and ticks at the ends of their range: two finite values, each a segment of its own.
  EXPECT_EQ(store.query(only(store), Axis::Time, kLow, kHigh, 1).buckets.size(), 2u);
}

TEST(Store, DimensionsMakeASeriesOfTheirOwn) {
  Store store;
  Source source;
  SeriesInfo plain = info(0, "net.rtt", false), client = info(1, "net.rtt", false);
  client.dimensions = {{"client", "7"}};
  source.process.series = {plain, client};
  store.on(envelope(ProcessChange{source.process, ""}));
  EXPECT_EQ(store.list(kServer).size(), 2u);
  EXPECT_EQ(store.meta(*store.find(kServer, "net.rtt", {{"client", "7"}}))->label(), "net.rtt{client=7}");
  EXPECT_EQ(store.meta(*store.find(kServer, "net.rtt"))->label(), "net.rtt");
  EXPECT_FALSE(store.find(kServer, "net.jitter"));
  const std::uint64_t revision = store.revision();
  store.on(envelope(ProcessChange{source.process, "parked"}));
  EXPECT_EQ(store.revision(), revision);
}

TEST(Store, AnEditorIsSeenInTheTicksOfItsServer) {
  Store store;
  Source server, editor;
  server.process.series = {info(0, "tick.duration", false)};
  editor.process = editorInfo("editor-1", "server-1");
  editor.process.series = {info(0, "frame.duration", false)};
  store.on(envelope(ProcessChange{editor.process, ""}));
  const SeriesId id = *store.find(ProcessId("editor-1"), "frame.duration");
  store.on(envelope(editor.block({{5, 999'000, 1}}, 0, false)));
  EXPECT_TRUE(store.query(id, Axis::Tick, 0, 10'000, 100).samples.empty());  // its server is not known yet
  EXPECT_FALSE(store.tickAt(ProcessId("editor-1"), 999'000));
  store.on(envelope(ProcessChange{server.process, ""}));
  std::vector<Sample> ticks, frames;
  for (int i = 0; i < 600; ++i) ticks.push_back({1000 + i, 1'000'000 + i * 100, 1});
  for (int i = 0; i < 1000; ++i) frames.push_back({i, 1'000'000 + i * 50, static_cast<double>(i)});
  store.on(envelope(server.block(ticks, 0, false)));
  store.on(envelope(editor.block(frames, 0, false)));
  const RangeResult r = store.query(id, Axis::Tick, 1100, 1199, 1000);
  ASSERT_TRUE(r.exact);
  ASSERT_EQ(r.samples.size(), 199u);
  EXPECT_EQ(r.samples.front().tick, 1100);
  EXPECT_EQ(r.samples.front().value, 200);
  EXPECT_EQ(r.samples.back().tick, 1199);
  EXPECT_EQ(store.tickAt(ProcessId("editor-1"), 1'000'050), 1000);
  EXPECT_EQ(store.timeAt(ProcessId("editor-1"), 1001), 1'000'100);
  EXPECT_EQ(store.statistics(id, Axis::Tick, 1100, 1199).n, 199u);
}

TEST(Store, DerivedSeriesComeThroughEventsOrCalls) {
  Store store;
  const ProcessInfo process = serverInfo();
  store.on(envelope(ProcessChange{process, ""}));
  SeriesInfo derived = info(kFirstDerivedSeries, "interp.error", false);
  derived.derived = true;
  store.on(envelope(DerivedSeries{ref(process), derived}));
  SampleBlock block{.process = ref(process),
                    .ring = kDerivedRing,
                    .firstSequence = 0,
                    .count = 1,
                    .ticks = {5},
                    .times = {50},
                    .columns = {{SeriesIndex(kFirstDerivedSeries), {}, std::vector<double>{0.25}}}};
  store.on(envelope(block));
  EXPECT_EQ(store.last(*store.find(kServer, "interp.error"))->value, 0.25);
  const SeriesId called = store.declareDerived(kServer, info(0, "computed", false));
  const std::vector<Sample> samples{{1, 10, 1}, {2, 20, 2}};
  store.append(called, samples);
  EXPECT_EQ(store.query(called, Axis::Time, 0, 100, 10).samples.size(), 2u);
  EXPECT_TRUE(store.meta(called)->info.derived);
}

TEST(Store, RollupsStandInUntilSamplesCome) {
  Store store;
  Source source;
  source.process.series = {info(0, "a", false)};
  store.on(envelope(ProcessChange{source.process, ""}));
  const auto second = [&](TimeNs from, double mean) {
    Rollup r{.process = ref(source.process), .from = from, .tick = from, .rows = {}};
    r.rows.push_back({SeriesIndex(0), 60, 0, 2 * mean, mean, mean, mean});
    return envelope(r);
  };
  store.on(second(1, 10));
  store.on(second(2, 20));
  store.on(envelope(source.block({{3, 3, 30}}, 0, false)));
  store.on(second(4, 40));
  EXPECT_EQ(store.query(only(store), Axis::Time, 0, 100, 100).samples.size(), 3u);
}

TEST(Store, ReadersSeeWholeSnapshotsWhileItIsWritten) {
  Store store(4 << 20);
  Source source;
  source.process.series = {info(0, "a", false)};
  store.on(envelope(ProcessChange{source.process, ""}));
  const SeriesId id = only(store);
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int r = 0; r < 2; ++r) {
    readers.emplace_back([&] {
      while (!done.load()) {
        const RangeResult result = store.query(id, Axis::Time, kLow, kHigh, 200);
        std::int64_t x = kLow;
        for (const Bucket& b : result.buckets) {
          if (b.x0 < x || b.x1 < b.x0 || b.min > b.max) ++wrong;
          x = b.x1;
        }
        const auto last = store.last(id);
        if (last && store.tickAt(kServer, last->time).value_or(last->tick) != last->tick) ++wrong;
      }
    });
  }
  const std::vector<Sample> all = noise(400'000, 8);
  for (std::size_t i = 0; i < all.size(); i += 100) {
    store.on(envelope(source.block({all.begin() + i, all.begin() + i + 100}, 0, false)));
  }
  done.store(true);
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong.load(), 0);
}

}  // namespace qd::series
