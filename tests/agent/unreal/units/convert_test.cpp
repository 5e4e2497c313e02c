// SPDX-License-Identifier: Apache-2.0
// Unreal's units as Quarterdeck's: known answers, and that a turned vector turns alike on both sides.
#include "agent/unreal/Source/Quarterdeck/Public/QuarterdeckConvert.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace quarterdeck::unreal {
namespace {

TEST(Convert, CentimetresBecomeMicrometresAndYTurnsRound) {
  qd_entity e{};
  SetPosition(e, {100, 250, -0.00004});
  EXPECT_EQ(e.x, 1'000'000);
  EXPECT_EQ(e.y, -2'500'000);
  EXPECT_EQ(e.z, 0);
  SetPosition(e, {0.00005, 0, 8e6});  // 80 km up
  EXPECT_EQ(e.x, 1);
  EXPECT_EQ(e.z, 80'000'000'000);
  SetVelocity(e, {600, -600, 0});
  EXPECT_EQ(e.vx, 6'000'000);
  EXPECT_EQ(e.vy, 6'000'000);
}

TEST(Convert, WhatDoesNotFitIsBounded) {
  qd_entity e{};
  SetVelocity(e, {1e9, -1e300, std::numeric_limits<double>::quiet_NaN()});
  EXPECT_EQ(e.vx, 2147483647);
  EXPECT_EQ(e.vy, 2147483647);
  EXPECT_EQ(e.vz, 0);
  SetPosition(e, {1e300, std::numeric_limits<double>::infinity(), 0});
  EXPECT_GT(e.x, 0);
  EXPECT_LT(e.y, 0);
  EXPECT_FALSE(IsPlace({0, std::numeric_limits<double>::infinity(), 0}));
  SetRotation(e, {0, 0, 0, 0});
  EXPECT_EQ(e.qw, 0);  // not known
}

TEST(Convert, RotationsByKnownAngles) {
  const double half = std::sqrt(0.5);
  qd_entity e{};
  SetRotation(e, {0, 0, half, half});  // yaw +90: in Unreal to the right, so here clockwise
  EXPECT_EQ(e.qz, -23170);
  EXPECT_EQ(e.qw, 23170);
  SetRotation(e, {0, -half, 0, half});  // pitch +90: nose up on both sides
  EXPECT_EQ(e.qy, -23170);
  SetRotation(e, {half, 0, 0, half});  // roll
  EXPECT_EQ(e.qx, -23170);
  SetRotation(e, {0, 0, 20, 20});  // not normalised
  EXPECT_EQ(e.qz, -23170);
}

Vector turned(const Quaternion& q, const Vector& v) {  // v + 2w(u×v) + 2u×(u×v)
  const Vector u{q.x, q.y, q.z};
  const auto cross = [](const Vector& a, const Vector& b) {
    return Vector{a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
  };
  const Vector once = cross(u, v), twice = cross(u, once);
  return {v.x + 2 * (q.w * once.x + twice.x), v.y + 2 * (q.w * once.y + twice.y), v.z + 2 * (q.w * once.z + twice.z)};
}

TEST(Convert, AMirroredRotationTurnsMirroredVectors) {
  for (int i = 0; i < 200; ++i) {
    Quaternion q{std::sin(i * 1.3), std::cos(i * 0.7), std::sin(i * 0.31 + 1), std::cos(i * 0.11)};
    const double size = std::sqrt(q.x * q.x + q.y * q.y + q.z * q.z + q.w * q.w);
    q = {q.x / size, q.y / size, q.z / size, q.w / size};
    const Vector v{3, -2, 5}, there = turned(q, v);
    qd_entity e{};
    SetRotation(e, q);
    const Quaternion here{e.qx / 32767.0, e.qy / 32767.0, e.qz / 32767.0, e.qw / 32767.0};
    const Vector mirrored = turned(here, {v.x, -v.y, v.z});
    EXPECT_NEAR(mirrored.x, there.x, 2e-3);
    EXPECT_NEAR(mirrored.y, -there.y, 2e-3);
    EXPECT_NEAR(mirrored.z, there.z, 2e-3);
  }
}

TEST(Convert, TicksAreTheServersSeconds) {
  EXPECT_EQ(TickOf(10, 30), 300U);
  EXPECT_EQ(TickOf(10.016, 30), 300U);
  EXPECT_EQ(TickOf(-1, 30), 0U);
  EXPECT_EQ(TickOf(std::numeric_limits<double>::quiet_NaN(), 30), 0U);
  EXPECT_EQ(RenderTickOf(0.5, 30), 15U << 16);
}

}  // namespace
}  // namespace quarterdeck::unreal
