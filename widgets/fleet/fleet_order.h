// SPDX-License-Identifier: GPL-3.0-or-later
// Keeps the fleet's order calm: worst first, but sorted anew at most every kEvery, never while the operator points at
// it, and a load that swings about the edge between two steps stays where it was. UI thread.
#pragma once

#include <unordered_map>
#include <vector>

#include "widgets/fleet/fleet_rows.h"

namespace qd::fleet {

class FleetOrder {
 public:
  static constexpr TimeNs kEvery = 5 * kNsPerSecond;

  // `monotonic`: when; `hold`: the operator's pointer is on the table. New rows are sorted in at once, or while held go
  // to the end.
  std::vector<FleetRow> arrange(std::vector<FleetRow> rows, TimeNs monotonic, bool hold);
  void sortNext() { sortedAt_ = 0; }

 private:
  std::unordered_map<ProcessId, std::size_t> place_;
  std::unordered_map<ProcessId, int> step_;
  TimeNs sortedAt_ = 0;
};

}  // namespace qd::fleet
