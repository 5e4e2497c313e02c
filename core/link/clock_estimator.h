// SPDX-License-Identifier: Apache-2.0
// The offset of an agent's clock out of ping and pong times, NTP-style: of a window of exchanges the one with the
// lowest delay counts, its uncertainty is half that delay. Pure; one thread.
#pragma once

#include <optional>

#include "core/base/clock.h"
#include "core/ingest/events.h"

namespace qd::link {

class ClockEstimator {
 public:
  // All UTC ns: sent and received on our clock, the two in the middle on the agent's. Impossible ones are ignored.
  void add(TimeNs sent, TimeNs agentReceived, TimeNs agentSent, TimeNs received);
  int size() const { return count_; }
  // The best of the window, which begins anew.
  std::optional<ingest::ClockSample> take(TimeNs now);

 private:
  int count_ = 0;
  std::int64_t bestDelay_ = 0;
  std::int64_t bestOffset_ = 0;
};

}  // namespace qd::link
