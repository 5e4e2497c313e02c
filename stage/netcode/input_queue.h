// SPDX-License-Identifier: Apache-2.0
// The inputs of one client waiting for their tick on the server. Bounded to 64 ticks ahead; what comes for a tick that
// was already simulated is late and counted; a missing one is bridged by repeating the last for 250 ms, without its
// trigger. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>

#include "stage/netcode/packets.h"

namespace qd::stage {

class InputQueue {
 public:
  static constexpr Tick kAhead = 64;
  struct Counts {
    std::uint64_t late = 0, missing = 0, duplicate = 0, tooEarly = 0;
  };

  void push(const InputCommand& command);
  // The command for `tick`, which must be the one after the last taken (or any later one after a gap).
  InputCommand take(Tick tick, int tickHz);
  // Commands that wait for later ticks; −1 when the last one taken was missing.
  int depth() const { return lastMissing_ ? -1 : waiting_; }
  const Counts& counts() const { return counts_; }
  Tick newest() const { return newest_; }

 private:
  struct Slot {
    bool used = false;
    InputCommand command;
  };
  std::array<Slot, kAhead> slots_{};
  InputCommand last_;
  Tick taken_ = 0, newest_ = 0, lastSeen_ = 0;
  int waiting_ = 0;
  bool lastMissing_ = false;
  Counts counts_;
};

}  // namespace qd::stage
