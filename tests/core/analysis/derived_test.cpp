// SPDX-License-Identifier: Apache-2.0
// Derived series: their names, and their maths against brute force.
#include "core/analysis/derived.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "core/analysis/distribution.h"
#include "core/base/percentile.h"

namespace qd::analysis {
namespace {

constexpr TimeNs kS = kNsPerSecond;

Samples noise(int count, TimeNs step = 10 * kNsPerMs) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> value(-5, 20);
  Samples out;
  for (int i = 0; i < count; ++i) out.push_back({i, i * step + static_cast<TimeNs>(random() % 1000), value(random)});
  return out;
}

class Filled : public testing::Test {
 protected:
  Filled() : id(declare("net.rtt")), other(declare("net.jitter")) {}
  series::SeriesId declare(const char* name) {
    ingest::SeriesInfo info;
    info.name = name;
    info.integer = false;
    return store.declareDerived(ProcessId("server-1"), info);
  }
  series::Store store;
  series::SeriesId id, other;
};

}  // namespace

TEST(Expression, EveryFormIsReadAndWritten) {
  for (const char* text :
       {"net.rtt", "rate(net.bytes)", "avg(net.rtt, 5s)", "avg(net.rtt, 250ms)", "p95(net.rtt, 10s)",
        "p99.9(net.rtt, 60s)", "diff(net.rtt, net.jitter)", "diff(server-1:tick.duration, server-2:tick.duration)",
        "rate(net.bytes{client=3,world=a})", "server-1@10.0.0.5:7400:net.rtt"}) {
    const auto parsed = parseExpression(text);
    ASSERT_TRUE(parsed) << text << ": " << parsed.error().message;
    EXPECT_EQ(textOf(*parsed), text);
  }
  EXPECT_EQ(parseExpression(" rate( net.bytes ) ")->a.name, "net.bytes");
  EXPECT_DOUBLE_EQ(parseExpression("p99.9(a, 1m)")->fraction, 0.999);
  EXPECT_EQ(parseExpression("p50(a, 1m)")->window, 60 * kS);
  EXPECT_EQ(unitOf(*parseExpression("rate(a)"), "bytes"), "bytes/s");
  EXPECT_EQ(unitOf(*parseExpression("avg(a, 1s)"), "ms"), "ms");
}

TEST(Expression, WhatIsWrongIsSaid) {
  for (const char* text :
       {"", "rate()", "rate(a", "rate(a, b)", "avg(a)", "avg(a, soon)", "avg(a, 0s)", "avg(a, 48h)", "p101(a, 1s)",
        "px(a, 1s)", "sum(a, 1s)", "diff(a)", "a{b}", "a{b=c", ":a", "a b(c)", "diff(rate(a), b)"}) {
    const auto parsed = parseExpression(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_FALSE(parsed.error().message.empty());
  }
}

TEST(Derived, RateIsTheSlopeBetweenNeighbours) {
  const Samples samples{{0, 0, 10}, {1, kS, 30}, {2, kS, 40}, {3, 3 * kS, 30}, {4, 5 * kS, 90}};
  const Samples rate = rateOf(samples, {5 * kS});
  ASSERT_EQ(rate.size(), 2u);  // none at the same moment, none across the break
  EXPECT_EQ(rate[0].value, 20);
  EXPECT_EQ(rate[0].time, kS);
  EXPECT_EQ(rate[1].value, -5);
}

TEST(Derived, MovingFiguresAgreeWithBruteForce) {
  Samples samples = noise(3000);
  samples[700].value = std::nan("");
  samples[701].value = INFINITY;
  const Breaks breaks{samples[1500].time};
  const TimeNs window = 333 * kNsPerMs;
  const Samples average = averageOf(samples, breaks, window), p95 = percentileOf(samples, breaks, window, 0.95);
  ASSERT_EQ(average.size(), samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    std::vector<double> inside;
    for (std::size_t k = i + 1; k-- > 0 && samples[k].time > samples[i].time - window;) {
      if (!std::isfinite(samples[k].value)) break;
      inside.push_back(samples[k].value);
      if (k == 1500) break;
    }
    if (inside.empty()) {
      EXPECT_TRUE(std::isnan(average[i].value) && std::isnan(p95[i].value)) << i;
      continue;
    }
    double sum = 0;
    for (const double v : inside) sum += v;
    EXPECT_NEAR(average[i].value, sum / static_cast<double>(inside.size()), 1e-12) << i;
    EXPECT_EQ(p95[i].value, percentile(inside, 0.95)) << i;
  }
}

TEST(Derived, DifferenceHoldsTheOthersNewestValue) {
  const Samples a{{0, 0, 1}, {1, 10, 2}, {2, 20, 3}, {3, 30, 4}}, b{{0, 10, 100}, {0, 25, 200}};
  const Samples difference = differenceOf(a, b);
  ASSERT_EQ(difference.size(), 3u);
  EXPECT_EQ(difference[0].value, -98);
  EXPECT_EQ(difference[1].value, -97);
  EXPECT_EQ(difference[2].value, -196);
}

TEST_F(Filled, ViewsAreExactWhereSamplesAreFewAndGoOnWhereTheyAreMany) {
  const Samples samples = noise(200'000);
  store.append(id, samples);
  const auto bound = bindTo(store, ProcessId("server-1"), *parseExpression("avg(net.rtt, 1s)"));
  ASSERT_TRUE(bound);
  const TimeNs from = samples[100'000].time, to = samples[101'000].time;
  const auto few = evaluate(store, *bound, from, to, 500);
  ASSERT_TRUE(few.exact);
  const Samples all = averageOf(samples, {}, kS);
  EXPECT_NEAR(few.samples.back().value, all[101'000].value, 1e-9);  // the window before the view counts as well
  EXPECT_NEAR(few.samples[1].value, all[100'000].value, 1e-9);
  const auto many = evaluate(store, *bound, samples.front().time, samples.back().time, 500);
  ASSERT_FALSE(many.exact);
  ASSERT_GT(many.buckets.size(), 400u);
  for (const auto& b : many.buckets) EXPECT_NEAR(b.mean, 7.5, 2.5);
  const auto value = valueAt(store, *bound, to);
  ASSERT_TRUE(value);
  EXPECT_NEAR(value->value, all[101'000].value, 1e-9);
}

TEST_F(Filled, ADifferenceOfTwoSeriesIsThereInBothForms) {
  Samples samples = noise(100'000), shifted = samples;
  for (auto& s : shifted) s.value -= 3;
  store.append(id, samples);
  store.append(other, shifted);
  const auto bound = bindTo(store, ProcessId("server-1"), *parseExpression("diff(net.rtt, net.jitter)"));
  ASSERT_TRUE(bound);
  EXPECT_FALSE(bindTo(store, ProcessId("server-1"), *parseExpression("diff(net.rtt, net.none)")));
  const auto few = evaluate(store, *bound, samples[10].time, samples[500].time, 100);
  ASSERT_TRUE(few.exact);
  for (const auto& s : few.samples) EXPECT_NEAR(s.value, 3, 1e-12);
  const auto many = evaluate(store, *bound, samples.front().time, samples.back().time, 100);
  ASSERT_FALSE(many.exact);
  for (const auto& b : many.buckets) EXPECT_NEAR(b.mean, 3, 1e-9);
}

TEST_F(Filled, PercentilesOfColumnsAndHistogramsCountEverySample) {
  Samples samples = noise(20'000);
  store.append(id, samples);
  const auto columns = store.sketches(id, series::Axis::Time, samples.front().time, samples.back().time, 10);
  ASSERT_EQ(columns.size(), 10u);
  std::uint64_t count = 0;
  std::size_t at = 0;
  for (const auto& c : percentileColumns(columns)) {
    std::vector<double> inside;
    for (; at < samples.size() && samples[at].time <= c.x1; ++at) inside.push_back(samples[at].value);
    EXPECT_EQ(c.count, inside.size());
    const double exact = percentile(inside, 0.99);
    EXPECT_NEAR(c.p99, exact, std::abs(exact) * Sketch::kRelativeError);
    count += c.count;
  }
  EXPECT_EQ(count, samples.size());
  const Bound plain{*parseExpression("net.rtt"), id, {}};
  const Histogram bins = histogram(store, plain, samples.front().time, samples.back().time, 25);
  double sum = 0;
  for (const double n : bins.counts) sum += n;
  EXPECT_DOUBLE_EQ(sum, 20'000);
  EXPECT_NEAR(bins.low, -5, 0.01);
  EXPECT_NEAR(bins.high, 20, 0.01);
  for (const double n : bins.counts) EXPECT_NEAR(n, 800, 150);
}

TEST(Distribution, ASlidingPercentileIsThatOfTheMergedColumns) {
  std::mt19937_64 random(3);
  std::vector<SketchColumn> columns;
  std::vector<std::vector<double>> values(60);
  for (int c = 0; c < 60; ++c) {
    columns.push_back({c * kS, (c + 1) * kS - 1, {}, {}});
    for (int i = 0; i < 50; ++i)
      values[static_cast<std::size_t>(c)].push_back(static_cast<double>(random() % 1000) + c);
    for (const double v : values[static_cast<std::size_t>(c)]) columns.back().sketch.add(v);
  }
  const auto sliding = slidingPercentile(columns, 7 * kS, 0.9);
  ASSERT_EQ(sliding.size(), 60u);
  for (std::size_t c = 0; c < 60; ++c) {
    std::vector<double> inside;
    for (std::size_t k = c < 6 ? 0 : c - 6; k <= c; ++k)
      inside.insert(inside.end(), values[k].begin(), values[k].end());
    const double exact = percentile(inside, 0.9);
    EXPECT_NEAR(sliding[c].mean, exact, exact * Sketch::kRelativeError) << c;
  }
}

TEST(Distribution, BinsOfASketchAreSpreadOverThoseOfTheHistogram) {
  Histogram h{0, 10, false, std::vector<double>(5), 0, 0};
  h.add(1, 3, 10);
  EXPECT_DOUBLE_EQ(h.counts[0], 5);
  EXPECT_DOUBLE_EQ(h.counts[1], 5);
  h.add(-5, -1, 3);
  h.add(11, 12, 4);
  EXPECT_EQ(h.below, 3u);
  EXPECT_EQ(h.above, 4u);
  Histogram log{1, 1000, true, std::vector<double>(3), 0, 0};
  EXPECT_EQ(log.binOf(5), 0);
  EXPECT_EQ(log.binOf(50), 1);
  EXPECT_EQ(log.binOf(500), 2);
}

}  // namespace qd::analysis
