// SPDX-License-Identifier: Apache-2.0
// The budget is never exceeded, whatever comes; and values come out bit for bit as they went in.
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cfenv>
#include <cstring>
#include <functional>

#include "core/series/store.h"
#include "tests/core/series/made.h"

namespace qd::series {
namespace {

using namespace qd::ingest;

constexpr std::size_t kBudget = 4 << 20;

ProcessInfo manySeries(const std::string& id, std::uint64_t instance, std::uint32_t count) {
  ProcessInfo process = serverInfo(id, instance);
  for (std::uint32_t i = 0; i < count; ++i) process.series.push_back(info(i, "series." + std::to_string(i), true));
  return process;
}

SampleBlock wideBlock(const ProcessInfo& process, std::uint64_t sequence, std::uint32_t ring, TimeNs from, int rows,
                      std::uint32_t columns, std::mt19937_64& random) {
  SampleBlock b{.process = ref(process), .ring = ring, .firstSequence = sequence};
  b.count = static_cast<std::uint64_t>(rows) * columns;
  for (int i = 0; i < rows; ++i) {
    b.ticks.push_back(from / 1000 + i);
    b.times.push_back(from + i * 1000);
  }
  for (std::uint32_t c = 0; c < columns; ++c) {
    Column column{SeriesIndex(c), {}, {}};
    std::vector<std::int64_t> values;
    for (int i = 0; i < rows; ++i) {
      if (c % 3 == 1 && random() % 2 == 0) continue;
      if (c % 3 == 1) column.rows.push_back(static_cast<std::uint32_t>(i));
      values.push_back(static_cast<std::int64_t>(random()));  // nothing that packs well
    }
    if (values.empty()) continue;
    column.values = std::move(values);
    b.columns.push_back(std::move(column));
  }
  return b;
}

}  // namespace

TEST(Budget, ManySeriesHoldIt) {
  Store store(kBudget);
  std::mt19937_64 random(1);
  const ProcessInfo process = manySeries("server-1", 1, 1200);
  store.on(envelope(ProcessChange{process, ""}));
  ASSERT_LE(store.totals().mostBytes, kBudget);
  for (std::uint64_t n = 0; n < 30; ++n) {
    store.on(envelope(wideBlock(process, n * 100'000, 0, static_cast<TimeNs>(n) * 1'000'000, 40, 1200, random)));
    ASSERT_LE(store.totals().mostBytes, kBudget) << n;
  }
  EXPECT_GT(store.totals().points, 100'000u);
}

TEST(Budget, ReadersHoldItToo) {
  Store store(kBudget);
  std::mt19937_64 random(1);
  const ProcessInfo process = manySeries("server-1", 1, 1200);
  store.on(envelope(ProcessChange{process, ""}));
  for (std::uint64_t n = 0; n < 30; ++n) {
    store.on(envelope(wideBlock(process, n * 100'000, 0, static_cast<TimeNs>(n) * 1'000'000, 40, 1200, random)));
  }
  for (const SeriesMeta& meta : store.list()) (void)store.query(meta.id, Axis::Time, kLow, kHigh, 300);
  EXPECT_LE(store.totals().mostBytes, kBudget);
  EXPECT_EQ(store.totals().dropped, 0u);
}

// Readers that stand still hold on to all that there was when they began, while many times the budget comes.
TEST(Budget, ReadersThatHoldOnToEverythingHoldItToo) {
  constexpr std::size_t kSmall = 1 << 20, kEach = 1000;
  Store store(kSmall);
  Source source;
  source.process.series = {info(0, "a", false)};
  store.on(envelope(ProcessChange{source.process, ""}));
  const std::vector<Sample> all = noise(400'000, 8);
  std::size_t next = 0, visited = 0;
  const auto bring = [&](std::size_t count) {
    for (const std::size_t end = next + count; next < end; next += 500) {
      const auto at = all.begin() + static_cast<std::ptrdiff_t>(next);
      store.on(envelope(source.block({at, at + 500}, 0, false)));
      ASSERT_LE(store.totals().mostBytes, kSmall) << next;
    }
  };
  const std::function<void(int)> hold = [&](int readers) {
    const std::size_t begin = next;
    bring(kEach);
    std::size_t at = begin;
    const bool whole = store.visit(only(store), Axis::Time, all[begin].time, kHigh, [&](const ExactSample& s) {
      if (at == begin && readers > 1) hold(readers - 1);
      ASSERT_EQ(s.bits, std::bit_cast<std::uint64_t>(all[at++].value));
      ++visited;
    });
    if (!whole || readers == 1) bring(50'000);  // what is held leaves no room for more than this
  };
  bring(100'000);
  ASSERT_EQ(store.totals().dropped, 0u);
  hold(100);
  EXPECT_GT(visited, 0u);
  const std::uint64_t dropped = store.totals().dropped;
  EXPECT_GT(dropped, 0u);
  EXPECT_EQ(store.totals().points + dropped, next);  // and nothing that was known is forgotten
  bring(50'000);                                     // they have gone: everything is taken again
  EXPECT_EQ(store.totals().dropped, dropped);
  const std::vector<Sample> newest(all.begin() + static_cast<std::ptrdiff_t>(next - 2000),
                                   all.begin() + static_cast<std::ptrdiff_t>(next));
  compare(store.query(only(store), Axis::Time, newest.front().time, kHigh, 1500), newest, Axis::Time,
          newest.front().time, kHigh, 1500);
}

TEST(Budget, MoreSeriesThanItHasRoomForAreRefusedAndCounted) {
  Store store(1 << 20);
  std::mt19937_64 random(2);
  for (std::uint64_t p = 0; p < 40; ++p) {
    const ProcessInfo process = manySeries("server-" + std::to_string(p), 1, 200);
    store.on(envelope(ProcessChange{process, ""}));
    store.on(envelope(wideBlock(process, 0, 0, 1'000'000, 20, 200, random)));
    ASSERT_LE(store.totals().mostBytes, std::size_t{1} << 20) << p;
  }
  const StoreTotals totals = store.totals();
  EXPECT_GT(totals.refused, 0u);
  EXPECT_GT(totals.dropped, 0u);
  EXPECT_GT(store.list().size(), 100u);
}

TEST(Budget, ManyInstancesAndRingsAndHolesInTheirSequencesHoldIt) {
  Store store(kBudget);
  std::mt19937_64 random(3);
  TimeNs time = 0;
  for (std::uint64_t start = 1; start <= 80; ++start) {
    const ProcessInfo process = manySeries("server-1", start, 20);
    store.on(envelope(ProcessChange{process, ""}));
    for (std::uint64_t n = 0; n < 30; ++n) {
      time += 200'000;
      const auto ring = static_cast<std::uint32_t>(random() % 200);
      store.on(envelope(wideBlock(process, n * 10'000 + random() % 1000, ring, time, 10, 20, random)));
      ASSERT_LE(store.totals().mostBytes, kBudget) << start;
    }
  }
}

TEST(Budget, LateSamplesHoldIt) {
  constexpr std::size_t kSmall = 512 << 10;
  Store store(kSmall);
  std::mt19937_64 random(4);
  const ProcessInfo process = manySeries("server-1", 1, 16);
  store.on(envelope(ProcessChange{process, ""}));
  std::uint64_t sequence = 0;
  for (int n = 0; n < 150; ++n) {
    const TimeNs from = static_cast<TimeNs>(random() % 150) * 50'000;
    store.on(envelope(wideBlock(process, sequence, 0, from, 60, 16, random)));
    sequence += 100'000;
    ASSERT_LE(store.totals().mostBytes, kSmall) << n;
  }
  std::uint64_t known = 0;
  for (const SeriesMeta& meta : store.list()) {
    for (const Bucket& b : store.query(meta.id, Axis::Time, kLow, kHigh, 100).buckets) known += b.count;
  }
  EXPECT_EQ(known, store.totals().points);
}

TEST(Store, ValuesComeOutBitForBit) {
  const std::vector<std::uint64_t> bits{std::bit_cast<std::uint64_t>(-0.0),
                                        0,
                                        1,
                                        0x000FFFFFFFFFFFFF,
                                        0x8000000000000001,
                                        0x7FF0000000000000,
                                        0xFFF0000000000000,
                                        0x7FF8000000000001,
                                        0x7FF4DEADBEEF0001,
                                        0xFFFFFFFFFFFFFFFF,
                                        0x7FEFFFFFFFFFFFFF};
  std::mt19937_64 random(5);
  std::vector<std::uint64_t> sent;
  Store store;
  Source source;
  source.process.series = {info(0, "real", false), info(1, "whole", true, 3)};
  store.on(envelope(ProcessChange{source.process, ""}));
  for (int n = 0; n < 40; ++n) {
    SampleBlock b{.process = ref(source.process), .firstSequence = sent.size(), .count = 100};
    std::vector<double> real(100);
    std::vector<std::int64_t> whole(100);
    for (std::size_t i = 0; i < 100; ++i) {
      const std::uint64_t value = n % 3 == 0 ? random() : n % 3 == 1 ? bits[random() % bits.size()] : bits[0];
      std::memcpy(&real[i], &value, 8);
      std::memcpy(&whole[i], &value, 8);
      b.ticks.push_back(static_cast<Tick>(sent.size()));
      b.times.push_back(static_cast<TimeNs>(sent.size()) * 1000);
      sent.push_back(value);
    }
    b.columns = {{SeriesIndex(0), {}, real}, {SeriesIndex(1), {}, whole}};
    store.on(envelope(b));
  }
  for (const char* name : {"real", "whole"}) {
    std::size_t at = 0;
    ASSERT_TRUE(store.visit(*store.find(kServer, name), Axis::Time, kLow, kHigh, [&](const ExactSample& s) {
      ASSERT_LT(at, sent.size());
      ASSERT_EQ(s.bits, sent[at]) << at;
      ASSERT_EQ(s.tick, static_cast<Tick>(at));
      ASSERT_EQ(s.integer, std::string(name) == "whole");
      ++at;
    }));
    EXPECT_EQ(at, sent.size());
  }
}

TEST(Store, SeriesOfOneRingShareTheirTicksAndTimes) {
  const auto bytesOf = [](std::uint32_t columns) {
    Store store;
    std::mt19937_64 random(6);
    const ProcessInfo process = manySeries("server-1", 1, columns);
    store.on(envelope(ProcessChange{process, ""}));
    for (std::uint64_t n = 0; n < 64; ++n) {
      SampleBlock b{.process = ref(process), .firstSequence = n * 100'000, .count = 64};
      for (int i = 0; i < 64; ++i) {
        b.ticks.push_back(static_cast<Tick>(n) * 64 + i);
        b.times.push_back((static_cast<TimeNs>(n) * 64 + i) * 16'000'000 + static_cast<TimeNs>(random() % 1'000'000));
      }
      for (std::uint32_t c = 0; c < columns; ++c) {
        std::vector<std::int64_t> values;
        for (int i = 0; i < 64; ++i) values.push_back(static_cast<std::int64_t>(random() % 50'000));
        b.columns.push_back({SeriesIndex(c), {}, std::move(values)});
      }
      store.on(envelope(b));
    }
    return static_cast<double>(store.totals().bytes) / (64 * 64 * columns);
  };
  EXPECT_LT(bytesOf(60), 7);  // a point: two for the value, the pyramid, about one for the sketch
  EXPECT_LT(bytesOf(60), 0.6 * bytesOf(1));
}

TEST(Store, PercentilesOfEachColumnAreThoseOfItsSamples) {
  for (const bool huge : {false, true}) {
    Store store;
    Source source;
    source.process.series = {info(0, "a", false)};
    store.on(envelope(ProcessChange{source.process, ""}));
    const std::vector<Sample> all = noise(huge ? 400'000 : 20'000, 31, 0.02);
    for (std::size_t i = 0; i < all.size(); i += 700) {
      const auto end = static_cast<std::ptrdiff_t>(std::min(all.size(), i + 700));
      store.on(envelope(source.block({all.begin() + static_cast<std::ptrdiff_t>(i), all.begin() + end}, 0, false)));
    }
    constexpr std::array<double, 3> kFractions{0.5, 0.95, 0.99};
    std::uint64_t count = 0;
    std::size_t next = 0;
    for (const Percentiles& p : store.percentiles(only(store), Axis::Time, kLow, kHigh, 50, kFractions)) {
      std::vector<double> values;
      while (next < all.size() && all[next].time <= p.x1) {
        if (!std::isnan(all[next].value)) values.push_back(all[next].value);
        ++next;
      }
      ASSERT_EQ(values.size(), p.count);
      std::sort(values.begin(), values.end());
      for (std::size_t i = 0; i < kFractions.size(); ++i) {
        const double rank = std::ceil(kFractions[i] * static_cast<double>(values.size()));
        const double exact = values[static_cast<std::size_t>(rank) - 1];
        EXPECT_LE(std::abs(p.values[i] - exact), std::abs(exact) * Sketch::kRelativeError * (1 + 1e-9));
      }
      count += p.count;
    }
    const Sketch whole = store.sketch(only(store), Axis::Time, kLow, kHigh);
    EXPECT_EQ(whole.count(), count);
    EXPECT_EQ(store.sketches(only(store), Axis::Time, kLow, kHigh, 1).at(0).sketch.encode(), whole.encode());
  }
}

}  // namespace qd::series
