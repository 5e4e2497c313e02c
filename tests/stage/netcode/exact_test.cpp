// SPDX-License-Identifier: Apache-2.0
#include "stage/netcode/exact.h"

#include <gtest/gtest.h>

#include <cmath>

#include "stage/netcode/impairment.h"
#include "stage/netcode/link_state.h"
#include "stage/netcode/rate_limit.h"

namespace qd::stage {

// A few ulp from the C library's, which is what the game needs; equal to themselves everywhere, which it needs more.
TEST(Exact, IsCloseToTheLibrary) {
  for (double x = -40; x <= 40; x += 0.0137) {
    EXPECT_NEAR(exact::sine(x), std::sin(x), 4e-15) << x;
    EXPECT_NEAR(exact::cosine(x), std::cos(x), 4e-15) << x;
    EXPECT_NEAR(exact::exponential(x) / std::exp(x), 1, 1e-14) << x;
    EXPECT_NEAR(exact::logarithm(std::exp(x)), x, 1e-14) << x;
    for (const double y : {-7.0, -1.0, -1e-9, 1e-9, 0.3, 1.0, 12.0}) {
      EXPECT_NEAR(exact::arcTangent(y, x), std::atan2(y, x), 2e-15) << y << " " << x;
    }
  }
  EXPECT_EQ(exact::arcTangent(0, 0), 0);
  EXPECT_NEAR(exact::arcTangent(0, -1), exact::kPi, 1e-15);
  EXPECT_NEAR(exact::logarithm(1e-300), std::log(1e-300), 1e-12);
}

TEST(RateLimit, BurstAndLongRun) {
  RateLimit limit(10, 5);
  int taken = 0;
  for (int i = 0; i < 100; ++i) taken += limit.take(0) ? 1 : 0;
  EXPECT_EQ(taken, 5);
  for (std::int64_t t = 0; t < 10 * kNsPerSecond; t += 10 * kNsPerMs) taken += limit.take(t) ? 1 : 0;
  EXPECT_NEAR(taken, 5 + 100, 2);
}

TEST(Impairment, ReorderingHoldsBackAShare) {
  Impairment path(3);
  path.set({.latencyNs = 10 * kNsPerMs, .reorder = 0.1});
  int late = 0;
  for (int i = 0; i < 20'000; ++i) late += path.send(0).dueNs[0] > 50 * kNsPerMs ? 1 : 0;
  EXPECT_NEAR(late / 20'000.0, 0.1, 0.01);
}

TEST(Impairment, AsymmetryKeepsTheRoundTrip) {
  PathSettings path;
  path.each.latencyNs = 50 * kNsPerMs;
  path.downShare = 0.8;
  EXPECT_EQ(path.down().latencyNs, 80 * kNsPerMs);
  EXPECT_EQ(path.up().latencyNs, 20 * kNsPerMs);
}

// A sequence that wrapped would let old signed datagrams in again: it ends, and the client begins a new session.
TEST(LinkState, TheSequenceEndsInsteadOfWrapping) {
  LinkState link;
  link.startSequenceAt(UINT32_MAX - 2);
  EXPECT_EQ(link.next(PacketType::Input, 1, 0).sequence, UINT32_MAX - 1);
  EXPECT_FALSE(link.exhausted());
  EXPECT_EQ(link.next(PacketType::Input, 1, 0).sequence, UINT32_MAX);
  EXPECT_TRUE(link.exhausted());
  EXPECT_EQ(link.next(PacketType::Input, 1, 0).sequence, UINT32_MAX);
}

}  // namespace qd::stage
