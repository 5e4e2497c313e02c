// SPDX-License-Identifier: Apache-2.0
// Telemetry made up for the benches: one server whose series look like the stage's (counts that hardly move, durations
// in ns with a few bits of noise, doubles that wander), in blocks of `rows` ticks at 60 Hz. Deterministic; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/ingest/events.h"

namespace qd::bench {

struct Shape {
  int series = 32, rows = 32;
  bool doubles = false;
  std::uint64_t points() const { return static_cast<std::uint64_t>(series) * static_cast<std::uint64_t>(rows); }
};

inline constexpr TimeNs kFirstTime = 1'700'000'000'000'000'000;
inline constexpr TimeNs kTickNs = 16'666'667;

ingest::ProcessInfo serverInfo(const Shape& shape);
ingest::EnvelopePtr declaration(const Shape& shape);
// The Nth block of it, n from 0; its sequence in the log is n + 1.
ingest::EnvelopePtr block(const Shape& shape, std::uint64_t n);
// As many blocks as `points` need.
std::vector<ingest::EnvelopePtr> blocks(const Shape& shape, std::uint64_t points);

}  // namespace qd::bench
