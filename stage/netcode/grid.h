// SPDX-License-Identifier: Apache-2.0
// A uniform spatial grid over the plane, rebuilt from scratch each tick by counting sort: O(n) to build, O(found) to
// ask. Cells in µm; indices are those of the array it was built from. Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "stage/netcode/types.h"

namespace qd::stage {

class Grid {
 public:
  // The square from -half to +half on both axes; what lies outside counts to the border cells.
  Grid(std::int64_t halfUm, std::int64_t cellUm);

  std::int64_t halfUm() const { return half_; }
  void build(const std::vector<EntityState>& entities);

  // Calls visit(index) for every entity in the cells that touch the circle; the caller checks the distance.
  template <class Visit>
  void near(Vec3 centre, std::int64_t radiusUm, Visit&& visit) const {
    const int x0 = cellOf(centre.x - radiusUm), x1 = cellOf(centre.x + radiusUm);
    const int y0 = cellOf(centre.y - radiusUm), y1 = cellOf(centre.y + radiusUm);
    for (int y = y0; y <= y1; ++y) {
      const auto row = static_cast<std::size_t>(y) * side_;
      const auto first = start_[row + static_cast<std::size_t>(x0)];
      const auto last = start_[row + static_cast<std::size_t>(x1) + 1];
      for (auto i = first; i < last; ++i) visit(items_[i]);
    }
  }

 private:
  int cellOf(std::int64_t um) const;
  std::int64_t half_, cell_;
  std::size_t side_;
  std::vector<std::uint32_t> start_, items_, cellIndex_, cursor_;
};

}  // namespace qd::stage
