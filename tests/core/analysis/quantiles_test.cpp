// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/quantiles.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace qd::analysis {

TEST(Quantiles, ExactWithLinearInterpolation) {
  Quantiles q;
  for (int i = 10; i >= 1; --i) q.add(i);
  const Summary s = q.summary();
  EXPECT_EQ(s.n, 10u);
  EXPECT_EQ(s.min, 1);
  EXPECT_EQ(s.max, 10);
  EXPECT_DOUBLE_EQ(s.mean, 5.5);
  EXPECT_DOUBLE_EQ(s.p50, 5.5);
  EXPECT_DOUBLE_EQ(s.p95, 9.55);
  EXPECT_DOUBLE_EQ(s.p99, 9.91);
}

TEST(Quantiles, NothingOneAndNaN) {
  Quantiles none;
  EXPECT_EQ(none.summary().n, 0u);
  EXPECT_EQ(none.summary().max, 0);
  Quantiles one;
  one.add(std::numeric_limits<double>::quiet_NaN());
  one.add(-3);
  EXPECT_EQ(one.summary().n, 2u);
  EXPECT_EQ(one.summary().min, -3);
  EXPECT_EQ(one.summary().p99, -3);
  EXPECT_EQ(one.summary().mean, -3);
}

TEST(Quantiles, BeyondTheExactRangeWithinOnePercent) {
  Quantiles exact, buckets(1000);
  for (int i = 0; i < 200'000; ++i) {
    const double v = std::exp(std::sin(i * 0.7) * 9) * (i % 3 == 0 ? -1 : 1);
    exact.add(v);
    buckets.add(v);
  }
  const Summary a = exact.summary(), b = buckets.summary();
  EXPECT_EQ(a.n, b.n);
  EXPECT_EQ(a.min, b.min);
  EXPECT_EQ(a.max, b.max);
  EXPECT_NEAR(a.p50, b.p50, std::abs(a.p50) * 0.01);
  EXPECT_NEAR(a.p95, b.p95, std::abs(a.p95) * 0.01);
  EXPECT_NEAR(a.p99, b.p99, std::abs(a.p99) * 0.01);
}

TEST(Quantiles, ZerosAndInfinitiesInBuckets) {
  Quantiles q(2);
  for (const double v : {0.0, -0.0, 0.0, 1.0, std::numeric_limits<double>::infinity()}) q.add(v);
  EXPECT_EQ(q.summary().p50, 0);
  EXPECT_EQ(q.summary().max, std::numeric_limits<double>::infinity());
}

}  // namespace qd::analysis
