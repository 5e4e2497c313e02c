// SPDX-License-Identifier: Apache-2.0
// Samples for the tests of the store, the store filled with them, and the plain reference that it is compared with.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "core/series/store.h"
#include "tests/core/ingest/make.h"

namespace qd::series {

inline constexpr std::int64_t kLow = std::numeric_limits<std::int64_t>::min();
inline constexpr std::int64_t kHigh = std::numeric_limits<std::int64_t>::max();
inline const ProcessId kServer("server-1");

inline ingest::SeriesInfo info(std::uint32_t index, const std::string& name, bool integer, int scale = 0) {
  ingest::SeriesInfo s;
  s.index = SeriesIndex(index);
  s.name = name;
  s.integer = integer;
  s.scale = scale;
  return s;
}

// A process as a source of blocks, with the samples it sent.
struct Source {
  ingest::ProcessInfo process = ingest::serverInfo();
  std::uint64_t sequence = 0;

  ingest::SampleBlock block(const std::vector<Sample>& samples, std::uint32_t series, bool integer, int scale = 0) {
    ingest::SampleBlock b{.process = ingest::ref(process),
                          .firstSequence = sequence,
                          .count = samples.size(),
                          .ticks = {},
                          .times = {},
                          .columns = {}};
    sequence += samples.size();
    std::vector<std::int64_t> whole;
    std::vector<double> real;
    for (const Sample& s : samples) {
      b.ticks.push_back(s.tick);
      b.times.push_back(s.time);
      whole.push_back(std::llround(s.value * std::pow(10, scale)));
      real.push_back(s.value);
    }
    ingest::Column column{SeriesIndex(series), {}, {}};
    if (integer) {
      column.values = whole;
    } else {
      column.values = real;
    }
    b.columns.push_back(std::move(column));
    return b;
  }
};

inline std::vector<Sample> noise(std::size_t count, std::uint64_t seed, double nanShare = 0) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> value(-100, 100), share(0, 1);
  std::vector<Sample> samples;
  TimeNs time = 1'700'000'000'000'000'000;
  for (std::size_t i = 0; i < count; ++i) {
    time += 16'000'000 + static_cast<TimeNs>(random() % 2'000'000);
    if (random() % 5000 == 0) time += 20'000'000'000;
    const double v = share(random) < nanShare ? std::nan("") : value(random);
    samples.push_back({static_cast<Tick>(1000 + i), time, v});
  }
  return samples;
}

inline std::int64_t xOf(const Sample& sample, Axis axis) {
  return axis == Axis::Time ? sample.time : sample.tick;
}

inline std::vector<Sample> within(const std::vector<Sample>& all, Axis axis, std::int64_t from, std::int64_t to) {
  std::vector<Sample> result;
  for (const Sample& s : all) {
    if (xOf(s, axis) >= from && xOf(s, axis) <= to) result.push_back(s);
  }
  return result;
}

// Every bucket against the samples that lie in it, every sample of the range in exactly one bucket.
inline void compare(const RangeResult& result, const std::vector<Sample>& all, Axis axis, std::int64_t from,
                    std::int64_t to, int pixels) {
  const std::vector<Sample> expected = within(all, axis, from, to);
  if (result.exact) {
    ASSERT_EQ(result.samples.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(result.samples[i].time, expected[i].time);
      ASSERT_EQ(result.samples[i].tick, expected[i].tick);
      ASSERT_TRUE(result.samples[i].value == expected[i].value ||
                  (std::isnan(result.samples[i].value) && std::isnan(expected[i].value)));
    }
    return;
  }
  ASSERT_LE(result.buckets.size(), static_cast<std::size_t>(2 * pixels));
  std::size_t next = 0;
  for (const Bucket& bucket : result.buckets) {
    double min = 1e300, max = -1e300, sum = 0, last = 0;
    std::uint64_t count = 0;
    while (next < expected.size() && (xOf(expected[next], axis) <= bucket.x1)) {
      const Sample& s = expected[next++];
      if (std::isnan(s.value)) continue;
      ASSERT_GE(xOf(s, axis), bucket.x0);
      ++count;
      sum += s.value;
      min = std::min(min, s.value);
      max = std::max(max, s.value);
      last = s.value;
    }
    ASSERT_EQ(bucket.count, count);
    ASSERT_EQ(bucket.min, min);
    ASSERT_EQ(bucket.max, max);
    ASSERT_EQ(bucket.last, last);
    ASSERT_NEAR(bucket.mean, sum / static_cast<double>(count), 1e-9);
  }
  for (; next < expected.size(); ++next) ASSERT_TRUE(std::isnan(expected[next].value));
}

inline SeriesId only(const Store& store) {
  const auto all = store.list();
  EXPECT_EQ(all.size(), 1u);
  return all.at(0).id;
}

}  // namespace qd::series
