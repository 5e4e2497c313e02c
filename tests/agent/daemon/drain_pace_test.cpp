// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/drain_pace.h"

#include <gtest/gtest.h>

#include <vector>

#include "agent/daemon/paced_timer.h"

namespace qd::daemon {
namespace {

constexpr std::int64_t kStart = 100 * kNsPerSecond;

// The period after `seconds` at this load, drained as it says.
std::int64_t after(DrainPace& pace, bool awaited, std::uint32_t fullest, double seconds, std::int64_t& now) {
  const std::int64_t end = now + static_cast<std::int64_t>(seconds * kNsPerSecond);
  std::int64_t period = kDrainEveryNs;
  while (now < end) {
    period = pace.next(awaited, fullest, now);
    now += period;
  }
  return period;
}

TEST(DrainPace, SlowsDownWhileNobodyReadsAndHurriesAtOnceForWhoDoes) {
  DrainPace pace;
  std::int64_t now = kStart;
  EXPECT_EQ(after(pace, true, 0, 5, now), kDrainEveryNs);
  EXPECT_EQ(after(pace, false, 0, 0.9, now), kDrainEveryNs);
  EXPECT_EQ(after(pace, false, 0, 0.5, now), kUnwatchedDrainNs);
  EXPECT_TRUE(pace.slow());
  EXPECT_EQ(pace.next(true, 0, now), kDrainEveryNs);
  EXPECT_FALSE(pace.slow());
}

TEST(DrainPace, ARingThatCouldOverflowIsDrainedOften) {
  DrainPace pace;
  std::int64_t now = kStart;
  EXPECT_EQ(after(pace, false, 1024 / 32, 5, now), kDrainEveryNs);  // four times that would be an eighth
  EXPECT_EQ(after(pace, false, 1024 / 128, 5, now), kUnwatchedDrainNs);
  EXPECT_EQ(after(pace, false, 1024 / 9, 5, now), kUnwatchedDrainNs);  // at the long period it holds more
  EXPECT_EQ(pace.next(false, 1024 / 7, now), kDrainEveryNs);
  EXPECT_EQ(pace.next(false, 0, now += kDrainEveryNs), kDrainEveryNs);  // and for a while after
}

TEST(PacedTimer, TicksAtThePeriodItWasGivenLast) {
  auto loop = EventLoop::make();
  ASSERT_TRUE(loop);
  PacedTimer timer(**loop);
  std::vector<std::int64_t> at;
  ASSERT_TRUE(timer.start(3600 * kNsPerSecond, [&] {
    at.push_back(monotonicNs());
    timer.every(at.size() < 3 ? 5 * kNsPerMs : 30 * kNsPerMs);
    if (at.size() == 5) (*loop)->stop();
  }));
  const std::int64_t start = monotonicNs();
  timer.every(kNsPerMs);
  (*loop)->run();
  ASSERT_EQ(at.size(), 5U);
  EXPECT_GE(at[0] - start, kNsPerMs);
  EXPECT_GE(at[4] - start, (1 + 5 + 5 + 30 + 30) * kNsPerMs);
}

}  // namespace
}  // namespace qd::daemon
