// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "stage/netcode/clock_sync.h"
#include "stage/netcode/impairment.h"
#include "stage/netcode/jitter.h"
#include "stage/netcode/sequence.h"
#include "stage/netcode/types.h"

namespace qd::stage {

TEST(Jitter, Rfc3550KnownSequence) {
  Rfc3550Jitter jitter;
  std::map<int, double> after;
  for (int i = 0; i <= 400; ++i) {
    jitter.add((i % 2 == 0 ? 50 : 60) * kNsPerMs);
    after[i] = jitter.ns() / 1e6;
  }
  EXPECT_NEAR(after[1], 0.625, 1e-9);
  EXPECT_NEAR(after[2], 1.2109, 5e-5);
  EXPECT_NEAR(after[16], 6.4393, 5e-5);
  EXPECT_NEAR(after[400], 10.0, 1e-6);
}

TEST(Jitter, OfGaussianDelayIs1128Sigma) {
  Impairment path(7);
  path.set({.latencyNs = 100 * kNsPerMs, .jitterNs = 8 * kNsPerMs});
  Rfc3550Jitter jitter;
  double sum = 0;
  constexpr int kPackets = 40'000;
  for (int i = 0; i < kPackets; ++i) {
    jitter.add(path.send(0).dueNs[0]);
    if (i >= 1'000) sum += jitter.ns();
  }
  EXPECT_NEAR(sum / (kPackets - 1'000) / 8e6, 1.128, 0.02);
}

TEST(Jitter, EmaFindsMeanAndDeviationFarFromZero) {
  EmaDeviation ema;
  constexpr std::int64_t kFar = 4'000'000'000'000'000'000;
  for (int i = 0; i < 1'000; ++i) ema.add(kFar + (i % 2 == 0 ? 1'000'000 : -1'000'000));
  EXPECT_NEAR(static_cast<double>(ema.meanNs() - kFar), 0, 130'000);
  EXPECT_NEAR(ema.deviationNs(), 1e6, 2e5);
}

TEST(ClockSync, ExactOnSymmetricPathsAndKeepsTheLeastDelay) {
  ClockSync sync;
  constexpr std::int64_t kOffset = 123'456'789;
  const auto exchange = [&](std::int64_t at, std::int64_t up, std::int64_t down) {
    const auto t1 = at + up + kOffset, t2 = t1 + 1'000'000;
    return sync.add(at, t1, t2, t2 - kOffset + down);
  };
  EXPECT_TRUE(exchange(0, 30 * kNsPerMs, 30 * kNsPerMs));
  EXPECT_EQ(sync.offsetNs(), kOffset);
  EXPECT_TRUE(exchange(kNsPerSecond, 90 * kNsPerMs, 30 * kNsPerMs));
  EXPECT_EQ(sync.offsetNs(), kOffset) << "the worse sample must not move the offset";
  EXPECT_EQ(sync.uncertaintyNs(), 30 * kNsPerMs);
  EXPECT_NEAR(sync.rttNs(), 60e6 + 60e6 / 8, 1);
}

TEST(ClockSync, AsymmetryShiftsByHalfOfIt) {
  ClockSync sync;
  sync.add(0, 20 * kNsPerMs, 20 * kNsPerMs, 100 * kNsPerMs);  // 20 up, 80 down
  EXPECT_EQ(sync.offsetNs(), -30 * kNsPerMs);
  EXPECT_LE(std::abs(sync.offsetNs()), sync.uncertaintyNs());
}

TEST(ClockSync, RefusesNegativeDelay) {
  ClockSync sync;
  EXPECT_FALSE(sync.add(100, 0, 200, 150));
  EXPECT_FALSE(sync.any());
}

TEST(SlewedTick, NeverBackwardsSlewsAndSnaps) {
  SlewedTick tick;
  tick.advance(0, 100, 1e18);
  double last = tick.value();
  const int delays[] = {70, 100, 200, 150, 100};
  for (int i = 0; i < 600; ++i) {
    const double lead = delays[i / 120] * 0.06 / 2;
    tick.advance(1, 100 + i + lead, 1e18);
    ASSERT_GE(tick.value(), last);
    ASSERT_LE(tick.value() - last, 1.1 + 1e-9);
    last = tick.value();
  }
  EXPECT_EQ(tick.snaps(), 0u);
  tick.advance(1, last + 30, 1e18);
  EXPECT_DOUBLE_EQ(tick.value(), last + 30);
  tick.advance(1, last - 50, 1e18);
  EXPECT_DOUBLE_EQ(tick.value(), last + 30);
  tick.advance(5, last + 60, last + 31);
  EXPECT_DOUBLE_EQ(tick.value(), last + 31) << "the ceiling holds";
}

TEST(Sequence, CountsGapsReorderAndDuplicates) {
  SequenceTracker tracker;
  for (std::uint32_t s = 1; s <= 1'000; ++s) {
    if (s % 100 == 50 || s % 100 == 51) continue;  // 20 lost in bursts of 2
    if (s % 100 == 10) continue;
    tracker.add(s);
    if (s % 100 == 11) tracker.add(s - 1);  // the 10th comes after the 11th
    if (s % 100 == 20) tracker.add(s);
  }
  EXPECT_EQ(tracker.counts().lost, 20u);
  EXPECT_EQ(tracker.counts().reordered, 10u);
  EXPECT_EQ(tracker.counts().duplicated, 10u);
  EXPECT_EQ(tracker.takeBurst(), 2u);
  EXPECT_NEAR(tracker.takeLoss(), 0.02, 0.001);
  EXPECT_EQ(tracker.takeLoss(), 0);
}

TEST(Impairment, OneSeedGivesOneResult) {
  const auto run = [](std::uint64_t seed) {
    Impairment path(seed);
    path.set({.latencyNs = 60 * kNsPerMs, .jitterNs = 8 * kNsPerMs, .loss = 0.01, .duplicate = 0.02});
    std::int64_t hash = 0;
    for (int i = 0; i < 1'000; ++i) {
      const auto fate = path.send(i * kNsPerMs);
      hash = hash * 31 + fate.copies * 7 + fate.dueNs[0];
    }
    return hash;
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

TEST(Impairment, LossRatesHold) {
  const auto lossOf = [](const ImpairmentSettings& settings) {
    Impairment path(3);
    path.set(settings);
    int lost = 0;
    for (int i = 0; i < 100'000; ++i) lost += path.send(i).copies == 0 ? 1 : 0;
    return lost / 100'000.0;
  };
  EXPECT_NEAR(lossOf({.loss = 0.1}), 0.1, 0.005);
  // Gilbert–Elliott: bad for enter/(enter+leave) of the packets, half of those are lost.
  EXPECT_NEAR(lossOf({.burstEnter = 0.05, .burstLeave = 0.2, .burstLoss = 0.5}), 0.1, 0.01);
  EXPECT_EQ(lossOf({.blackoutUntilNs = 1'000'000}), 1.0);
}

TEST(DelayQueue, DeliversByDueTimeAndIsBounded) {
  DelayQueue<int> queue(10);
  const Bytes data(4, 0);
  queue.push(30, 1, data);
  queue.push(20, 2, data);
  queue.push(10, 3, data);  // 12 bytes: does not fit
  EXPECT_EQ(queue.dropped(), 1u);
  DelayQueue<int>::Item item;
  EXPECT_FALSE(queue.pop(19, item));
  ASSERT_TRUE(queue.pop(30, item));
  EXPECT_EQ(item.to, 2);
  ASSERT_TRUE(queue.pop(30, item));
  EXPECT_EQ(item.to, 1);
  EXPECT_TRUE(queue.empty());
}

}  // namespace qd::stage
