// SPDX-License-Identifier: Apache-2.0
// What the wire keeps of a state: positions to 1 mm, velocities to 1 mm/s, rotations as smallest-three quaternions in
// 32 bits (error below 0.2°). Both sides round alike. Plain functions; any thread.
#pragma once

#include <cstdint>

#include "stage/netcode/types.h"

namespace qd::stage {

struct Quaternion {
  double x = 0, y = 0, z = 0, w = 1;
};

Quaternion fromYawPitch(std::uint16_t yaw, std::int16_t pitch);
std::uint32_t packQuaternion(Quaternion q);
Quaternion unpackQuaternion(std::uint32_t packed);
Quaternion slerp(Quaternion a, Quaternion b, double alpha);
double dot(Quaternion a, Quaternion b);

// To the nearest multiple of 1 mm, halves away from zero.
std::int64_t toMm(std::int64_t um);

}  // namespace qd::stage
