// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/effect.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace qd::analysis {
namespace {

constexpr TimeNs kPush = 1'700'000'000 * kNsPerSecond;

// A minute around the push at 60 Hz: autocorrelated noise, a spike now and then, a load that all servers share.
std::vector<TimedValue> server(unsigned seed, double step, double sharedStep = 0, double rise = 0) {
  std::mt19937 random(seed);
  std::normal_distribution<double> noise(0, 0.15);
  std::vector<TimedValue> out;
  double slow = 0;
  for (int i = -1800; i < 1800; ++i) {
    slow = 0.98 * slow + noise(random) * 0.2;
    double value = 2.5 + slow + std::abs(noise(random));
    if (random() % 90 == 0) value += 3;
    if (i >= 0) value += sharedStep + (rise > 0 ? step * (1 - std::exp(-i / 60.0 / rise)) : step);
    out.push_back({kPush + i * (kNsPerSecond / 60), value});
  }
  return out;
}

TEST(Effect, APlantedTwoMillisecondsAreFound) {
  const Effect effect = effectOf({{kPush, server(1, 2)}, {kPush, server(2, 2)}}, {server(3, 0), server(4, 0)});
  ASSERT_EQ(effect.lacking, "");
  EXPECT_TRUE(effect.p50.real());
  EXPECT_NEAR(effect.p50.delta, 2, 0.2);
  EXPECT_LT(effect.p50.low, 2);
  EXPECT_GT(effect.p50.high, 2);
  EXPECT_NEAR(effect.p99.delta, 2, 0.6);
  ASSERT_TRUE(effect.settled);
  EXPECT_LE(effect.settled->ns, 2 * kNsPerSecond);
}

TEST(Effect, APlaceboDoesNothingAsOftenAsStated) {
  int found = 0;
  constexpr int kTrials = 200;
  for (unsigned i = 0; i < kTrials; ++i) {
    const Effect effect = effectOf({{kPush, server(10 * i + 1, 0)}}, {server(10 * i + 2, 0), server(10 * i + 3, 0)});
    found += effect.p50.real() ? 1 : 0;
  }
  // 1 % are allowed by the confidence of 99 %; the binomial's 99.9 % point of 200 trials is 8.
  EXPECT_LE(found, 8) << "of " << kTrials;
}

TEST(Effect, WhatAllServersShareIsNoEffect) {
  const Effect effect = effectOf({{kPush, server(1, 0, 2)}}, {server(3, 0, 2), server(4, 0, 2)});
  EXPECT_FALSE(effect.p50.real()) << effect.p50.low << " to " << effect.p50.high;
  EXPECT_NEAR(effect.p50.after - effect.p50.before, 2, 0.3) << "it is shown all the same";
  EXPECT_TRUE(effectOf({{kPush, server(1, 0, 2)}}, {}).p50.real()) << "without untouched servers nobody can tell";
}

TEST(Effect, ASlowRiseSettlesLater) {
  const Effect quick = effectOf({{kPush, server(1, 2)}}, {});
  const Effect slow = effectOf({{kPush, server(1, 2, 0, 3)}}, {});
  ASSERT_TRUE(quick.settled && slow.settled);
  EXPECT_GT(slow.settled->ns, quick.settled->ns + 2 * kNsPerSecond);
}

TEST(Effect, TooLittleIsSaidToBeTooLittle) {
  std::vector<TimedValue> few;
  for (const TimedValue& v : server(1, 2)) {
    if (v.time < kPush + 3 * kNsPerSecond) few.push_back(v);
  }
  const Effect effect = effectOf({{kPush, few}}, {});
  EXPECT_NE(effect.lacking, "");
  EXPECT_FALSE(effect.real());
  EXPECT_NE(effectOf({}, {}).lacking, "");
}

TEST(Effect, StudentsQuantiles) {
  EXPECT_NEAR(studentQuantile(0.975, 10), 2.228, 0.01);
  EXPECT_NEAR(studentQuantile(0.995, 10), 3.169, 0.02);
  EXPECT_NEAR(studentQuantile(0.975, 1e9), 1.960, 0.001);
  EXPECT_NEAR(studentQuantile(0.025, 10), -2.228, 0.01);
  EXPECT_NEAR(studentQuantile(0.995, 4), 4.604, 0.05);
}

}  // namespace
}  // namespace qd::analysis
