// SPDX-License-Identifier: Apache-2.0
// Percentiles as the whole product counts them: nearest rank, so that every figure shown is a value that occurred.
// Pure functions; any thread.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

namespace qd {

// The smallest of `values` that at least `fraction` (0 to 1) of them do not exceed; NaN when there is none. Reorders
// `values`, which must hold no NaN. O(n).
inline double percentile(std::span<double> values, double fraction) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  const double rank = std::ceil(fraction * static_cast<double>(values.size()));
  const std::size_t index = rank < 1 ? 0 : std::min(values.size(), static_cast<std::size_t>(rank)) - 1;
  const auto nth = values.begin() + static_cast<std::ptrdiff_t>(index);
  std::nth_element(values.begin(), nth, values.end());
  return *nth;
}

}  // namespace qd
