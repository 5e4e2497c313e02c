// SPDX-License-Identifier: Apache-2.0
// The faults of the process itself that debug.* parameters put in: processor time burnt in every tick, one slow tick, a
// leak. Bounded, so that a drill does not take the machine with it. Owned by the simulation thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "stage/server/world.h"

namespace qd::stage {

class Faults {
 public:
  // Once a tick, inside the work that is measured. True when the one slow tick has been served.
  bool tick(const Settings& settings);
  std::size_t leakedBytes() const { return leaked_; }

 private:
  static constexpr std::size_t kMostLeaked = std::size_t{1} << 30;
  void leak(const Settings& settings);
  std::vector<std::unique_ptr<char[]>> kept_;
  std::size_t leaked_ = 0;
  double owed_ = 0;
};

}  // namespace qd::stage
