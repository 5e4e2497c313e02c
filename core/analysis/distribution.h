// SPDX-License-Identifier: Apache-2.0
// Distributions of one series for a view: percentiles of each column of the screen and value bins of a whole range,
// from the sketches that the store keeps (within 0.8 %), bins from every sample where they are at most kMostCounted.
// Pure functions over the store's answers; any thread.
#pragma once

#include <span>

#include "core/analysis/derived.h"
#include "core/base/sketch.h"

namespace qd::analysis {

using series::SketchColumn;

struct PercentileColumn {
  TimeNs x0 = 0, x1 = 0;
  std::uint64_t count = 0;
  double p50 = 0, p95 = 0, p99 = 0;
};
std::vector<PercentileColumn> percentileColumns(std::span<const SketchColumn> columns);

inline constexpr int kMostCounted = 65536;

// How many values fell into each of `counts.size()` bins of equal width (of equal ratio where `log`) over [low, high].
struct Histogram {
  double low = 0, high = 0;
  bool log = false;
  std::vector<double> counts;  // fractions where a bin of a sketch lies across two of these
  std::uint64_t below = 0, above = 0;
  double edge(std::size_t i) const;                 // lower edge of bin i
  int binOf(double value) const;                    // -1: below; counts.size(): above
  void add(double low, double high, double count);  // spread evenly over the bins that it lies across
};
// Over the extent of what is there; of a derived series over its computed values. No bins: nothing to count.
Histogram histogram(const series::Store& store, const Bound& bound, TimeNs from, TimeNs to, int bins);

// Sliding percentile: at the end of each column that of the columns in the window before it.
std::vector<series::Bucket> slidingPercentile(std::span<const SketchColumn> columns, TimeNs window, double fraction);

}  // namespace qd::analysis
