// SPDX-License-Identifier: Apache-2.0
// What queries share: noting what they miss and what they looked at, and the line between two samples. Any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "core/series/range_query.h"

namespace qd::series {

inline void want(std::vector<Wanted>& wanted, const Entry& entry) {
  if (!entry.gone && wanted.size() < kMostWanted) wanted.push_back({entry.extent, entry.key});
}

inline void touch(const Chunk& chunk) {
  if (chunk.loaded) chunk.used.store(true, std::memory_order_relaxed);
}

// y at x on the line through (x0, y0) and (x1, y1), rounded down; y0 where x0 = x1.
inline std::int64_t onLine(std::int64_t x, std::int64_t x0, std::int64_t y0, std::int64_t x1, std::int64_t y1) {
  const __int128 rise = static_cast<__int128>(y1) - y0;
  const __int128 run = static_cast<__int128>(x1) - x0;
  return run == 0 ? y0 : y0 + static_cast<std::int64_t>(rise * (static_cast<__int128>(x) - x0) / run);
}

}  // namespace qd::series
