// SPDX-License-Identifier: Apache-2.0
// Hit-scan: a ray on the plane against upright bodies of kBodyRadius, stopped by walls. The client and the server ask
// the same function, the client with what it drew, the server with what it rewound. Pure functions.
#pragma once

#include <cstdint>
#include <optional>

#include "stage/game/map.h"

namespace qd::stage {

inline constexpr std::int64_t kWeaponRange = 60 * kUmPerMetre;
inline constexpr int kWeaponDamage = 25;

struct Ray {
  Vec3 origin;
  double dx = 1, dy = 0;  // unit vector
  double range = 0;       // µm, walls already taken into account
};
Ray aim(Vec3 origin, std::uint16_t yaw, const Map& map);

// The distance along the ray at which it enters the body, if it does.
std::optional<double> hits(const Ray& ray, Vec3 body);

std::uint16_t yawTowards(Vec3 from, Vec3 to);

}  // namespace qd::stage
