// SPDX-License-Identifier: Apache-2.0
#pragma once
// The one place where Unreal's units become Quarterdeck's. Unreal: cm, left-handed, X forward, Y right, Z up.
// Quarterdeck: µm, right-handed, X forward, Y left, Z up. So Y is mirrored, and of a rotation (whose axis is a
// pseudovector) X and Z turn round. No engine type here: the tests compile this file as it is. Pure; any thread.
#include <cmath>
#include <cstdint>

#include "agent/probe/qd.h"

namespace quarterdeck::unreal {

struct Vector {  // cm or cm/s
  double x = 0, y = 0, z = 0;
};
struct Quaternion {
  double x = 0, y = 0, z = 0, w = 1;
};

constexpr double kMicrometresPerCentimetre = 10'000;

// NaN gives 0; what does not fit stays at the nearest that does.
inline std::int64_t Rounded(double value, double most) {
  if (!(value == value)) return 0;
  if (value > most) value = most;
  if (value < -most) value = -most;
  return static_cast<std::int64_t>(std::llround(value));
}

inline bool IsPlace(const Vector& v) {
  return std::isfinite(v.x) && std::isfinite(v.y) && std::isfinite(v.z);
}

inline void SetPosition(qd_entity& e, const Vector& cm) {
  constexpr double kMost = 9.0e18;
  e.x = Rounded(cm.x * kMicrometresPerCentimetre, kMost);
  e.y = Rounded(-cm.y * kMicrometresPerCentimetre, kMost);
  e.z = Rounded(cm.z * kMicrometresPerCentimetre, kMost);
}

inline void SetVelocity(qd_entity& e, const Vector& cmPerSecond) {
  constexpr double kMost = 2147483647;
  e.vx = static_cast<std::int32_t>(Rounded(cmPerSecond.x * kMicrometresPerCentimetre, kMost));
  e.vy = static_cast<std::int32_t>(Rounded(-cmPerSecond.y * kMicrometresPerCentimetre, kMost));
  e.vz = static_cast<std::int32_t>(Rounded(cmPerSecond.z * kMicrometresPerCentimetre, kMost));
}

// A quaternion of no length means that the rotation is not known.
inline void SetRotation(qd_entity& e, const Quaternion& q) {
  const double size = std::sqrt(q.x * q.x + q.y * q.y + q.z * q.z + q.w * q.w);
  const double scale = size > 1e-6 && std::isfinite(size) ? 32767 / size : 0;
  e.qx = static_cast<std::int16_t>(Rounded(-q.x * scale, 32767));
  e.qy = static_cast<std::int16_t>(Rounded(q.y * scale, 32767));
  e.qz = static_cast<std::int16_t>(Rounded(-q.z * scale, 32767));
  e.qw = static_cast<std::int16_t>(Rounded(q.w * scale, 32767));
}

// Seconds of the server's world as its tick: what both sides can tell without a word between them.
inline std::uint64_t TickOf(double worldSeconds, double tickHz) {
  const double tick = worldSeconds * tickHz;
  return tick > 0 && tick < 1e14 ? static_cast<std::uint64_t>(tick + 0.5) : 0;
}
inline std::uint64_t RenderTickOf(double worldSeconds, double tickHz) {  // 48.16
  const double tick = worldSeconds * tickHz * 65536;
  return tick > 0 && tick < 9e18 ? static_cast<std::uint64_t>(tick) : 0;
}

}  // namespace quarterdeck::unreal
