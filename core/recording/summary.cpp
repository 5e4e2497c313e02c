// SPDX-License-Identifier: Apache-2.0
#include "core/recording/summary.h"

#include <algorithm>
#include <cmath>

#include "core/base/wide.h"

namespace qd::recording {
namespace {

// Sums of fewer than 256 differences below this fit in 64 bits.
constexpr std::uint64_t kSafeSpread = std::uint64_t{1} << 40;
constexpr std::size_t kSafeCount = std::size_t{1} << 23;

std::uint64_t minus(std::int64_t a, std::int64_t b) {
  return static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b);
}

struct Range {
  std::int64_t low, high;
};
QD_WIDE Range rangeOf(std::span<const std::int64_t> values) {
  Range range{values[0], values[0]};
  for (const std::int64_t v : values) {
    range.low = std::min(range.low, v);
    range.high = std::max(range.high, v);
  }
  return range;
}
QD_WIDE std::uint64_t sumAbove(std::span<const std::int64_t> values, std::int64_t low) {
  std::uint64_t sum = 0;
  for (const std::int64_t v : values) sum += minus(v, low);
  return sum;
}

}  // namespace

double meanAbove(std::int64_t min, std::uint64_t sum, std::uint64_t count) {
  return static_cast<double>(min) + static_cast<double>(sum) / static_cast<double>(count);
}

void Summary::add(const Summary& later) {
  n += later.n;
  if (later.count == 0) return;
  if (count == 0) {
    const std::uint64_t all = n;
    *this = later;
    n = all;
    return;
  }
  const auto below = [this](std::int64_t a, std::int64_t b) { return isDouble ? real(a) < real(b) : a < b; };
  if (below(later.min, min)) min = later.min;
  if (below(max, later.max)) max = later.max;
  last = later.last;
  const double here = static_cast<double>(count), there = static_cast<double>(later.count);
  mean += (later.mean - mean) * (there / (here + there));
  count += later.count;
}

Summary summarise(std::span<const std::int64_t> values) {
  Summary s;
  s.n = s.count = values.size();
  if (values.empty()) return s;
  const auto [low, high] = rangeOf(values);
  s.min = low;
  s.max = high;
  s.last = values.back();
  if (minus(high, low) < kSafeSpread && values.size() <= kSafeCount) {
    s.mean = meanAbove(low, sumAbove(values, low), s.count);
  } else {
    double sum = 0;
    for (const std::int64_t v : values) sum += static_cast<double>(v);
    s.mean = sum / static_cast<double>(s.count);
  }
  return s;
}

Summary summarise(std::span<const double> values) {
  Summary s;
  s.isDouble = true;
  s.n = values.size();
  double low = 0, high = 0, mean = 0, last = 0;
  std::uint64_t count = 0;
  for (const double v : values) {
    if (!std::isfinite(v)) continue;
    low = count == 0 || v < low ? v : low;
    high = count == 0 || v > high ? v : high;
    last = v;
    mean += v;
    ++count;
  }
  s.count = count;
  if (count > 0) mean /= static_cast<double>(count);
  if (!std::isfinite(mean)) {  // the sum left the range of a double
    mean = 0;
    for (const double v : values) mean += std::isfinite(v) ? v / static_cast<double>(count) : 0;
  }
  s.mean = mean;
  s.min = std::bit_cast<std::int64_t>(low);
  s.max = std::bit_cast<std::int64_t>(high);
  s.last = std::bit_cast<std::int64_t>(last);
  return s;
}

void Extent::add(const Extent& other) {
  timeMin = std::min(timeMin, other.timeMin);
  timeMax = std::max(timeMax, other.timeMax);
  tickMin = std::min(tickMin, other.tickMin);
  tickMax = std::max(tickMax, other.tickMax);
}

}  // namespace qd::recording
