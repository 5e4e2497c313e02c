// SPDX-License-Identifier: Apache-2.0
// Time as the product counts it: integer nanoseconds. `TimeNs` is UTC since the Unix epoch, taken from the host's
// monotonic clock anchored once to UTC (so it never steps); `Tick` counts the steps of one domain. Any thread.
#pragma once

#include <cstdint>

namespace qd {

using TimeNs = std::int64_t;
using Tick = std::int64_t;

inline constexpr std::int64_t kNsPerMs = 1'000'000;
inline constexpr std::int64_t kNsPerSecond = 1'000'000'000;

// CLOCK_MONOTONIC, ns.
std::int64_t monotonicNs();

// UTC, ns: monotonicNs() plus the offset that this process measured at its first call.
TimeNs utcNowNs();

// The offset of this process: utc = monotonic + offset. Constant for the life of the process.
std::int64_t utcOffsetNs();

}  // namespace qd
