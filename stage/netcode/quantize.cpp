// SPDX-License-Identifier: Apache-2.0
#include "stage/netcode/quantize.h"

#include <algorithm>
#include <cmath>

#include "stage/netcode/exact.h"

namespace qd::stage {
namespace {

constexpr double kTurn = 6.283185307179586;
constexpr double kRange = 0.7071067811865476;  // no component but the largest can exceed 1/√2
constexpr double kSteps = 1023;

}  // namespace

Quaternion fromYawPitch(std::uint16_t yaw, std::int16_t pitch) {
  const double halfYaw = yaw * kTurn / 65536 / 2, halfPitch = pitch * kTurn / 65536 / 2;
  const double cy = exact::cosine(halfYaw), sy = exact::sine(halfYaw);
  const double cp = exact::cosine(halfPitch), sp = exact::sine(halfPitch);
  return {-sy * sp, cy * sp, sy * cp, cy * cp};
}

std::uint32_t packQuaternion(Quaternion q) {
  double c[4] = {q.x, q.y, q.z, q.w};
  const auto largest = static_cast<unsigned>(
      std::max_element(c, c + 4, [](double a, double b) { return std::abs(a) < std::abs(b); }) - c);
  const double sign = c[largest] < 0 ? -1 : 1;
  std::uint32_t packed = largest;
  for (unsigned i = 0; i < 4; ++i) {
    if (i == largest) continue;
    const double unit = std::clamp((c[i] * sign / kRange + 1) / 2, 0.0, 1.0);
    packed = packed << 10 | static_cast<std::uint32_t>(std::lround(unit * kSteps));
  }
  return packed;
}

Quaternion unpackQuaternion(std::uint32_t packed) {
  const unsigned largest = packed >> 30;
  double c[4] = {0, 0, 0, 0}, squares = 0;
  int shift = 20;
  for (unsigned i = 0; i < 4; ++i) {
    if (i == largest) continue;
    c[i] = ((packed >> shift & 1023) / kSteps * 2 - 1) * kRange;
    squares += c[i] * c[i];
    shift -= 10;
  }
  c[largest] = std::sqrt(std::max(0.0, 1 - squares));
  return {c[0], c[1], c[2], c[3]};
}

double dot(Quaternion a, Quaternion b) {
  return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;
}

Quaternion slerp(Quaternion a, Quaternion b, double alpha) {
  double cosine = dot(a, b);
  const double sign = cosine < 0 ? -1 : 1;
  cosine = std::min(cosine * sign, 1.0);
  double wa = 1 - alpha, wb = alpha;
  if (cosine < 0.9995) {
    const double sine = std::sqrt(1 - cosine * cosine), angle = exact::arcTangent(sine, cosine);
    wa = exact::sine((1 - alpha) * angle) / sine;
    wb = exact::sine(alpha * angle) / sine;
  }
  wb *= sign;
  Quaternion q{wa * a.x + wb * b.x, wa * a.y + wb * b.y, wa * a.z + wb * b.z, wa * a.w + wb * b.w};
  const double size = std::sqrt(dot(q, q));
  return {q.x / size, q.y / size, q.z / size, q.w / size};
}

std::int64_t toMm(std::int64_t um) {
  return (um >= 0 ? um + 500 : um - 500) / kUmPerMm;
}

}  // namespace qd::stage
