// SPDX-License-Identifier: Apache-2.0
#include "stage/game/map.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace qd::stage {
namespace {

std::size_t indexOf(int x, int y, int side) {
  return static_cast<std::size_t>(y) * static_cast<std::size_t>(side) + static_cast<std::size_t>(x);
}

}  // namespace

Map::Map(std::uint32_t seed, std::int64_t halfUm)
    : seed_(seed), half_(halfUm), side_(static_cast<int>((2 * halfUm + kCell - 1) / kCell)) {
  Random random(seed);
  const std::int64_t metres = half_ / kUmPerMetre, reach = metres - 10;
  const double areas = static_cast<double>(metres) / 120;
  const int count = std::min(60'000, static_cast<int>(26 * areas * areas));
  cells_.resize(static_cast<std::size_t>(side_) * static_cast<std::size_t>(side_));
  for (int i = 0; i < count; ++i) {
    const auto x = random.between(-reach, reach) * kUmPerMetre, y = random.between(-reach, reach) * kUmPerMetre;
    const auto w = random.between(2, 7) * kUmPerMetre, h = random.between(2, 7) * kUmPerMetre;
    const Box box{x - w, y - h, x + w, y + h};
    boxes_.push_back(box);
    for (int cy = cellOf(box.y0); cy <= cellOf(box.y1); ++cy) {
      for (int cx = cellOf(box.x0); cx <= cellOf(box.x1); ++cx) {
        cells_[indexOf(cx, cy, side_)].push_back(static_cast<std::uint16_t>(i));
      }
    }
  }
}

int Map::cellOf(std::int64_t um) const {
  return static_cast<int>(std::clamp<std::int64_t>((um + half_) / kCell, 0, side_ - 1));
}

template <class Visit>
bool Map::anyNear(std::int64_t x0, std::int64_t y0, std::int64_t x1, std::int64_t y1, Visit&& visit) const {
  const int left = cellOf(x0), right = cellOf(x1), last = cellOf(y1);
  for (int y = cellOf(y0); y <= last; ++y) {
    for (int x = left; x <= right; ++x) {
      for (const auto index : cells_[indexOf(x, y, side_)]) {
        if (visit(boxes_[index])) return true;
      }
    }
  }
  return false;
}

bool Map::blocked(Vec3 p) const {
  return anyNear(p.x - kBodyRadius, p.y - kBodyRadius, p.x + kBodyRadius, p.y + kBodyRadius, [p](const Box& b) {
    return p.x + kBodyRadius > b.x0 && p.x - kBodyRadius < b.x1 && p.y + kBodyRadius > b.y0 && p.y - kBodyRadius < b.y1;
  });
}

Vec3 Map::spawn(Random& random) const {
  const std::int64_t half = half_ - 5 * kUmPerMetre;
  for (int attempt = 0; attempt < 64; ++attempt) {
    const Vec3 p{random.between(-half, half), random.between(-half, half), 0};
    if (!blocked(p)) return p;
  }
  return {-half, -half, 0};
}

double Map::clearDistance(Vec3 origin, double dx, double dy, double range) const {
  const double kInfinity = std::numeric_limits<double>::infinity();
  const auto slab = [kInfinity](double o, double d, double low, double high) -> std::pair<double, double> {
    if (d == 0) return o > low && o < high ? std::pair{-kInfinity, kInfinity} : std::pair{kInfinity, -kInfinity};
    const double a = (low - o) / d, b = (high - o) / d;
    return {std::min(a, b), std::max(a, b)};
  };
  const auto endX = origin.x + static_cast<std::int64_t>(dx * range),
             endY = origin.y + static_cast<std::int64_t>(dy * range);
  const auto hit = [&](const Box& box) {
    const auto [x0, x1] =
        slab(static_cast<double>(origin.x), dx, static_cast<double>(box.x0), static_cast<double>(box.x1));
    const auto [y0, y1] =
        slab(static_cast<double>(origin.y), dy, static_cast<double>(box.y0), static_cast<double>(box.y1));
    const double enter = std::max(x0, y0), leave = std::min(x1, y1);
    if (enter <= leave && leave > 0) range = std::min(range, std::max(enter, 0.0));
    return false;
  };
  anyNear(std::min(origin.x, endX), std::min(origin.y, endY), std::max(origin.x, endX), std::max(origin.y, endY), hit);
  return range;
}

}  // namespace qd::stage
