// SPDX-License-Identifier: Apache-2.0
#include "stage/game/map.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace qd::stage {

Map::Map(std::uint32_t seed) : seed_(seed) {
  Random random(seed);
  for (int i = 0; i < 26; ++i) {
    const auto x = random.between(-110, 110) * kUmPerMetre, y = random.between(-110, 110) * kUmPerMetre;
    const auto w = random.between(2, 7) * kUmPerMetre, h = random.between(2, 7) * kUmPerMetre;
    boxes_.push_back({x - w, y - h, x + w, y + h});
  }
}

bool Map::blocked(Vec3 p) const {
  return std::any_of(boxes_.begin(), boxes_.end(), [p](const Box& b) {
    return p.x + kBodyRadius > b.x0 && p.x - kBodyRadius < b.x1 && p.y + kBodyRadius > b.y0 && p.y - kBodyRadius < b.y1;
  });
}

Vec3 Map::spawn(Random& random) const {
  constexpr std::int64_t kHalf = kArenaHalf - 5 * kUmPerMetre;
  for (int attempt = 0; attempt < 64; ++attempt) {
    const Vec3 p{random.between(-kHalf, kHalf), random.between(-kHalf, kHalf), 0};
    if (!blocked(p)) return p;
  }
  return {-kHalf, -kHalf, 0};
}

double Map::clearDistance(Vec3 origin, double dx, double dy, double range) const {
  const double kInfinity = std::numeric_limits<double>::infinity();
  const auto slab = [kInfinity](double o, double d, double low, double high) -> std::pair<double, double> {
    if (d == 0) return o > low && o < high ? std::pair{-kInfinity, kInfinity} : std::pair{kInfinity, -kInfinity};
    const double a = (low - o) / d, b = (high - o) / d;
    return {std::min(a, b), std::max(a, b)};
  };
  for (const auto& box : boxes_) {
    const auto [x0, x1] =
        slab(static_cast<double>(origin.x), dx, static_cast<double>(box.x0), static_cast<double>(box.x1));
    const auto [y0, y1] =
        slab(static_cast<double>(origin.y), dy, static_cast<double>(box.y0), static_cast<double>(box.y1));
    const double enter = std::max(x0, y0), leave = std::min(x1, y1);
    if (enter <= leave && leave > 0) range = std::min(range, std::max(enter, 0.0));
  }
  return range;
}

}  // namespace qd::stage
