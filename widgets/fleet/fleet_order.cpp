// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/fleet/fleet_order.h"

#include <algorithm>
#include <cmath>

namespace qd::fleet {
namespace {

constexpr double kOutOfStep = 0.75;  // steps from the middle of the one it is in; 0.5 is its edge

}  // namespace

std::vector<FleetRow> FleetOrder::arrange(std::vector<FleetRow> rows, TimeNs monotonic, bool hold) {
  std::unordered_map<ProcessId, int> steps;
  bool news = false;
  for (FleetRow& row : rows) {
    news = news || !place_.contains(row.id);
    if (!row.load()) continue;
    const double load = *row.load() * 10;
    const auto known = step_.find(row.id);
    const bool stays = known != step_.end() && std::abs(load - (known->second + 0.5)) <= kOutOfStep;
    row.step = steps[row.id] = stays ? known->second : static_cast<int>(std::floor(load));
  }
  step_ = std::move(steps);
  const bool due = sortedAt_ == 0 || monotonic - sortedAt_ >= kEvery;
  if (!hold && (due || news)) {
    std::ranges::stable_sort(rows, worse);
    sortedAt_ = monotonic;
  } else {
    const auto placeOf = [this](const FleetRow& row) {
      const auto found = place_.find(row.id);
      return found == place_.end() ? place_.size() : found->second;
    };
    std::ranges::stable_sort(rows, {}, placeOf);
  }
  place_.clear();
  for (std::size_t i = 0; i < rows.size(); ++i) place_[rows[i].id] = i;
  return rows;
}

}  // namespace qd::fleet
