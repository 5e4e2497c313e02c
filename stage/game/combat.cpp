// SPDX-License-Identifier: Apache-2.0
#include "stage/game/combat.h"

#include <cmath>

#include "stage/netcode/exact.h"

namespace qd::stage {

constexpr double kTurn = 6.283185307179586;

Ray aim(Vec3 origin, std::uint16_t yaw, const Map& map) {
  const double angle = yaw * kTurn / 65536;
  Ray ray{origin, exact::cosine(angle), exact::sine(angle), 0};
  ray.range = map.clearDistance(origin, ray.dx, ray.dy, static_cast<double>(kWeaponRange));
  return ray;
}

std::optional<double> hits(const Ray& ray, Vec3 body) {
  constexpr auto kRadius = static_cast<double>(kBodyRadius);
  const auto x = static_cast<double>(body.x - ray.origin.x), y = static_cast<double>(body.y - ray.origin.y);
  const double along = x * ray.dx + y * ray.dy;
  const double across = x * ray.dy - y * ray.dx;
  if (along <= 0 || std::abs(across) > kRadius) return std::nullopt;
  const double enter = along - std::sqrt(kRadius * kRadius - across * across);
  if (enter > ray.range) return std::nullopt;
  return enter;
}

std::uint16_t yawTowards(Vec3 from, Vec3 to) {
  const double angle = exact::arcTangent(static_cast<double>(to.y - from.y), static_cast<double>(to.x - from.x));
  return static_cast<std::uint16_t>(static_cast<std::int64_t>(std::llround(angle / kTurn * 65536)) & 0xffff);
}

}  // namespace qd::stage
