// SPDX-License-Identifier: Apache-2.0
#include "stage/netcode/grid.h"

#include <algorithm>

namespace qd::stage {

Grid::Grid(std::int64_t halfUm, std::int64_t cellUm)
    : half_(halfUm), cell_(cellUm), side_(static_cast<std::size_t>((2 * halfUm + cellUm - 1) / cellUm)) {
  start_.assign(side_ * side_ + 1, 0);
}

int Grid::cellOf(std::int64_t um) const {
  return static_cast<int>(std::clamp<std::int64_t>((um + half_) / cell_, 0, static_cast<std::int64_t>(side_) - 1));
}

void Grid::build(const std::vector<EntityState>& entities) {
  std::fill(start_.begin(), start_.end(), 0);
  cellIndex_.resize(entities.size());
  items_.resize(entities.size());
  for (std::size_t i = 0; i < entities.size(); ++i) {
    const auto cell = static_cast<std::size_t>(cellOf(entities[i].pos.y)) * side_ +
                      static_cast<std::size_t>(cellOf(entities[i].pos.x));
    cellIndex_[i] = static_cast<std::uint32_t>(cell);
    ++start_[cell + 1];
  }
  for (std::size_t c = 1; c < start_.size(); ++c) start_[c] += start_[c - 1];
  cursor_.assign(start_.begin(), start_.end() - 1);
  for (std::size_t i = 0; i < entities.size(); ++i) items_[cursor_[cellIndex_[i]]++] = static_cast<std::uint32_t>(i);
}

}  // namespace qd::stage
