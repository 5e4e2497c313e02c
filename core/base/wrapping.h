// SPDX-License-Identifier: Apache-2.0
// Differences of integers that came from a peer and may be anything: they wrap, as unsigned arithmetic does, where
// plain subtraction would be undefined. Pure functions; any thread.
#pragma once

#include <cstdint>

namespace qd {

inline std::int64_t wrappingMinus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

}  // namespace qd
