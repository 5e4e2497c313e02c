// SPDX-License-Identifier: Apache-2.0
#include "stage/netcode/interpolation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "stage/netcode/quantize.h"
#include "stage/netcode/random.h"
#include "stage/netcode/rewind.h"

namespace qd::stage {
namespace {

constexpr double kSpeed = 5e6, kRadius = 2e6;  // 5 m/s on a circle of 2 m

EntityState onCircle(double seconds) {
  const double angle = kSpeed / kRadius * seconds;
  EntityState e;
  e.id = 7;
  e.pos = {std::llround(kRadius * std::cos(angle)), std::llround(kRadius * std::sin(angle)), 0};
  e.vel = {std::llround(-kSpeed * std::sin(angle)), std::llround(kSpeed * std::cos(angle)), 0};
  return e;
}

// The largest distance in mm between what is drawn and the truth, snapshots every `span` ticks of 60 Hz.
double worstError(Tick span) {
  SnapshotBuffer buffer;
  for (Tick t = 0; t <= 60; t += span) buffer.add({t, {quantize(onCircle(static_cast<double>(t) / 60))}});
  double worst = 0;
  std::vector<Pose> poses;
  for (std::int64_t fixed = 0; fixed < 54 * kFixedOne; fixed += 4'099) {
    View view;
    EXPECT_TRUE(buffer.view(fixed, 60, false, view));
    buffer.poses(view, 60, poses);
    EXPECT_EQ(poses.size(), 1u);
    const auto truth = onCircle(static_cast<double>(view.fixed()) / 60 / kFixedOne);
    worst = std::max(worst, static_cast<double>(distance(poses[0].pos, truth.pos)) / 1e3);
  }
  return worst;
}

}  // namespace

TEST(Interpolation, CircularMotionStaysWithinTheBound) {
  const double quantization = std::sqrt(2.0) * 0.5;  // mm, both axes rounded to 1 mm
  const double a = kSpeed * kSpeed / kRadius / 1e3;  // mm/s²
  for (const Tick span : {1, 2}) {
    const double interval = static_cast<double>(span) / 60;
    EXPECT_LE(worstError(span), a * interval * interval / 8 + quantization + 0.01) << span;
    EXPECT_GE(worstError(span), a * interval * interval / 8 - quantization - 0.01) << span;
  }
  EXPECT_LE(worstError(3), 0.1 + quantization) << "Hermite at 20 Hz beats the 3.9 mm of the line";
}

TEST(Interpolation, DelayRule) {
  EXPECT_DOUBLE_EQ((DelayRule{2, 0}.ticks()), 4);
  EXPECT_DOUBLE_EQ((DelayRule{2, 4}.ticks()), 7);
  EXPECT_DOUBLE_EQ((DelayRule{2, 40}.ticks()), 12);
  EXPECT_EQ((DelayRule{2, 0}.window()), 8);
  EXPECT_EQ((DelayRule{2, 3.4}.window()), 14);
  EXPECT_EQ((DelayRule{2, 40}.window()), 32);
}

TEST(Interpolation, ExtrapolatesAtMost100MsThenHolds) {
  SnapshotBuffer buffer;
  EntityState e;
  e.id = 1;
  buffer.add({10, {quantize(e)}});
  e.pos.x = 200'000;
  buffer.add({12, {quantize(e)}});
  std::vector<Pose> poses;
  View view;
  ASSERT_TRUE(buffer.view(15 * kFixedOne, 60, false, view));
  EXPECT_EQ(view.mode, View::Mode::Extrapolated);
  buffer.poses(view, 60, poses);
  EXPECT_EQ(poses[0].pos.x, 500'000);
  ASSERT_TRUE(buffer.view(40 * kFixedOne, 60, false, view));
  EXPECT_EQ(view.mode, View::Mode::Held);
  buffer.poses(view, 60, poses);
  EXPECT_EQ(poses[0].pos.x, 800'000) << "6 ticks of 100 mm beyond the newest, no further";
}

TEST(Interpolation, DoesNotSlideAcrossATeleport) {
  SnapshotBuffer buffer;
  EntityState e;
  e.id = 1;
  buffer.add({10, {quantize(e)}});
  e.pos.x = 50'000'000;
  ++e.teleports;
  buffer.add({12, {quantize(e)}});
  View view;
  std::vector<Pose> poses;
  ASSERT_TRUE(buffer.view(11 * kFixedOne, 60, false, view));
  buffer.poses(view, 60, poses);
  EXPECT_EQ(poses[0].pos.x, 0);
  EXPECT_TRUE(poses[0].teleported);
}

TEST(RenderClock, NeverBackwardsUnderChangingDelayAndLoss) {
  Random random(5);
  RenderClock clock;
  const int delays[] = {70, 100, 200, 150, 100};
  std::vector<std::pair<std::int64_t, Tick>> arrivals;
  for (Tick t = 0; t < 1'500; t += 2) {
    if (random.chance(0.33)) continue;
    const auto sent = t * kNsPerSecond / 60;
    arrivals.emplace_back(sent + delays[t / 300] * kNsPerMs + random.between(0, 8'000'000), t);
  }
  std::sort(arrivals.begin(), arrivals.end());
  std::size_t next = 0;
  std::int64_t last = 0;
  for (std::int64_t now = 0; now < 24 * kNsPerSecond; now += kNsPerSecond / 60) {
    for (; next < arrivals.size() && arrivals[next].first <= now; ++next) {
      const Tick t = arrivals[next].second;
      clock.onSnapshot(t, t * kNsPerSecond / 60, arrivals[next].first, false, 60, 30);
    }
    const auto value = clock.advance(now, 0);
    ASSERT_GE(value, last);
    last = value;
  }
  const double behind = 24.0 * 60 - static_cast<double>(last) / kFixedOne;
  EXPECT_GT(behind, 6);
  EXPECT_LT(behind, 6 + 12 + 3);
}

TEST(RenderClock, RunsOnToTheTickAtWhichTheServerStands) {
  RenderClock clock;
  std::int64_t now = 0;
  for (Tick t = 0; t <= 120; t += 2, now += kNsPerSecond / 30) {
    clock.onSnapshot(t, t * kNsPerSecond / 60, now + 60 * kNsPerMs, false, 60, 30);
    clock.advance(now + 60 * kNsPerMs, 0);
  }
  for (int i = 0; i < 60; ++i, now += kNsPerSecond / 60) {
    clock.onSnapshot(121, 121 * kNsPerSecond / 60, now + 60 * kNsPerMs, true, 60, 30);
    clock.advance(now + 60 * kNsPerMs, 0);
  }
  EXPECT_EQ(clock.value(), 121 * kFixedOne) << "exactly, and no further";
  for (Tick t = 122; t <= 240; t += 2, now += kNsPerSecond / 30) {
    clock.onSnapshot(t, now, now + 60 * kNsPerMs, false, 60, 30);
    const auto before = clock.value();
    EXPECT_GE(clock.advance(now + 60 * kNsPerMs, 0), before);
  }
  EXPECT_NEAR(static_cast<double>(clock.value()) / kFixedOne, 240 - 4, 1.5) << "running again with its delay";
}

TEST(Quaternion, SmallestThreeKeepsRotation) {
  for (int yaw = 0; yaw < 65'536; yaw += 911) {
    const auto q = fromYawPitch(static_cast<std::uint16_t>(yaw), static_cast<std::int16_t>(yaw % 16'384 - 8'192));
    EXPECT_GT(std::abs(dot(q, unpackQuaternion(packQuaternion(q)))), 0.999995) << yaw;
  }
  const auto half = slerp(fromYawPitch(0, 0), fromYawPitch(16'384, 0), 0.5);
  EXPECT_GT(dot(half, fromYawPitch(8'192, 0)), 0.999999);
}

TEST(Rewind, FractionalIsWhatTheClientDrew) {
  History history;
  SnapshotBuffer buffer;
  for (Tick t = 0; t <= 60; ++t) {
    const auto e = onCircle(static_cast<double>(t) / 60);
    history.record(t, {e});
    if (t % 2 == 0) buffer.add({t, {quantize(e)}});
  }
  std::vector<Pose> poses;
  for (std::int64_t fixed = 10 * kFixedOne; fixed < 50 * kFixedOne; fixed += 10'007) {
    View view;
    ASSERT_TRUE(buffer.view(fixed, 60, false, view));
    buffer.poses(view, 60, poses);
    const auto rewound = history.rewind(7, view, 60);
    ASSERT_EQ(rewound.verdict, History::Verdict::Known);
    EXPECT_LE(distance(rewound.pos, poses[0].pos), 708) << "quantization alone, in µm";
  }
}

TEST(Rewind, FractionBeatsTheNearestTick) {
  History history;
  for (Tick t = 0; t < 64; ++t) {
    EntityState e;
    e.id = 1;
    e.pos.x = t * 5'000'000 / 60;  // 5 m/s
    history.record(t, {e});
  }
  const auto at = [&](std::int64_t fixed) { return history.rewind(1, viewAt(fixed), 60).pos.x; };
  EXPECT_EQ(at(20 * kFixedOne + kFixedOne / 2), (20 * 5'000'000 / 60 + 21 * 5'000'000 / 60) / 2);
  EXPECT_NEAR(static_cast<double>(at(20 * kFixedOne + kFixedOne / 2) - at(20 * kFixedOne)), 41'667, 1)
      << "what the nearest tick would be wrong by";
}

TEST(Rewind, NotIntoDeathNorAcrossATeleport) {
  History history;
  EntityState e;
  e.id = 1;
  history.record(1, {e});
  e.alive = false;
  history.record(2, {e});
  e.alive = true;
  ++e.teleports;
  history.record(3, {e});
  const auto verdict = [&](View view) { return history.rewind(1, view, 60).verdict; };
  EXPECT_EQ(verdict({1, 2, 100, {}}), History::Verdict::Known);
  EXPECT_EQ(verdict({2, 2, 0, {}}), History::Verdict::Dead);
  EXPECT_EQ(verdict({2, 3, 100, {}}), History::Verdict::Teleported);
  EXPECT_EQ(history.rewind(9, {1, 1, 0, {}}, 60).verdict, History::Verdict::Unknown);
}

TEST(Rewind, ForgedViewsAreClamped) {
  const std::int64_t most = 15 * kFixedOne;
  EXPECT_FALSE(checkView({90, 92, 100, {}}, 100, most, 60).clamped);
  const auto old = checkView({70, 72, 0, {}}, 100, most, 60);
  EXPECT_TRUE(old.clamped);
  EXPECT_EQ(old.view.fixed(), 85 * kFixedOne);
  for (const View forged : {View{99, 101, 0, {}}, View{-5, 10, 0, {}}, View{95, 94, 0, {}}, View{1, 99, 0, {}},
                            View{98, 100, 50 * kFixedOne, {}}, View{98, 100, -1, {}}}) {
    const auto checked = checkView(forged, 100, most, 60);
    EXPECT_TRUE(checked.clamped);
    EXPECT_EQ(checked.view.fixed(), 100 * kFixedOne);
  }
}

}  // namespace qd::stage
