// SPDX-License-Identifier: Apache-2.0
// The arena: a square of 240 m with box-shaped buildings, made from a seed, so that server and clients build the same
// one. All in µm. Immutable once built; any thread may read it.
#pragma once

#include <cstdint>
#include <vector>

#include "stage/netcode/random.h"
#include "stage/netcode/types.h"

namespace qd::stage {

inline constexpr std::int64_t kArenaHalf = 120 * kUmPerMetre;
inline constexpr std::int64_t kBodyRadius = 450'000;

struct Box {
  std::int64_t x0 = 0, y0 = 0, x1 = 0, y1 = 0;
};

class Map {
 public:
  explicit Map(std::uint32_t seed);
  std::uint32_t seed() const { return seed_; }
  const std::vector<Box>& boxes() const { return boxes_; }
  // Whether a body of kBodyRadius (as a square) stands in a building.
  bool blocked(Vec3 pos) const;
  // A free place.
  Vec3 spawn(Random& random) const;
  // How far a shot flies in µm before a wall stops it, at most `range`; `dx`, `dy` a unit vector.
  double clearDistance(Vec3 origin, double dx, double dy, double range) const;

 private:
  std::uint32_t seed_;
  std::vector<Box> boxes_;
};

}  // namespace qd::stage
