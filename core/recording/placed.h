// SPDX-License-Identifier: Apache-2.0
// An envelope with its place in a recording: `ord` counts arrivals from 1; `at` is the replay time, UTC ns, never
// falling along the log of one agent. A replay is ordered by (at, ord). Plain value, any thread.
#pragma once

#include <cstdint>

#include "core/ingest/events.h"

namespace qd::recording {

struct Placed {
  std::uint64_t ord = 0;
  TimeNs at = 0;
  ingest::EnvelopePtr envelope;
};

inline bool before(const Placed& a, const Placed& b) {
  return a.at != b.at ? a.at < b.at : a.ord < b.ord;
}

}  // namespace qd::recording
