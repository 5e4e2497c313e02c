// SPDX-License-Identifier: Apache-2.0
// The arena: a square (of 240 m as a rule) with box-shaped buildings, made from a seed, so that server and clients
// build the same one. Buildings are found through a coarse grid, so that a larger arena costs no more to move in. All
// in µm. Immutable once built; any thread may read it.
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
  explicit Map(std::uint32_t seed, std::int64_t halfUm = kArenaHalf);
  std::int64_t halfUm() const { return half_; }
  std::uint32_t seed() const { return seed_; }
  const std::vector<Box>& boxes() const { return boxes_; }
  // Whether a body of kBodyRadius (as a square) stands in a building.
  bool blocked(Vec3 pos) const;
  // A free place.
  Vec3 spawn(Random& random) const;
  // How far a shot flies in µm before a wall stops it, at most `range`; `dx`, `dy` a unit vector.
  double clearDistance(Vec3 origin, double dx, double dy, double range) const;

 private:
  static constexpr std::int64_t kCell = 20 * kUmPerMetre;
  int cellOf(std::int64_t um) const;
  // Calls visit(box) for the boxes of all cells that touch the rectangle, some more than once; stops when it says true.
  template <class Visit>
  bool anyNear(std::int64_t x0, std::int64_t y0, std::int64_t x1, std::int64_t y1, Visit&& visit) const;

  std::uint32_t seed_;
  std::int64_t half_;
  int side_;
  std::vector<Box> boxes_;
  std::vector<std::vector<std::uint16_t>> cells_;  // indices into boxes_
};

}  // namespace qd::stage
