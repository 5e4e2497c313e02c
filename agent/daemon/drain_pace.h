// SPDX-License-Identifier: Apache-2.0
// How often the rings of all processes are drained: every 10 ms while somebody reads or acts on what comes. While
// nobody does, each wake-up is only a cost to the game's host, and four times as seldom is enough, unless a ring fills
// so fast that a burst could overflow it meanwhile. Pure; one thread.
#pragma once

#include <cstdint>

#include "core/base/clock.h"

namespace qd::daemon {

inline constexpr std::int64_t kDrainEveryNs = 10 * kNsPerMs;
inline constexpr std::int64_t kUnwatchedDrainNs = 40 * kNsPerMs;

class DrainPace {
 public:
  // After each drain: the time to the next. `fullest` is of 1,024, of the ring that was fullest when the drain began
  // (what was read is given back when it is on disk: that holds two periods).
  std::int64_t next(bool awaited, std::uint32_t fullest, std::int64_t now);
  bool slow() const { return slow_; }

 private:
  bool slow_ = false;
  std::int64_t hurriedAt_ = 0;
};

}  // namespace qd::daemon
