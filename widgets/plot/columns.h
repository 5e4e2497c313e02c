// SPDX-License-Identifier: GPL-3.0-or-later
// From the store's answer to columns of the screen: what each pixel column of a plot has to show of one series. Every
// sample ends up in the minimum and maximum of some column, so that one spike is seen at any zoom. Pure; any thread.
#pragma once

#include <vector>

#include "core/series/store.h"
#include "widgets/plot/axis_map.h"

namespace qd::widgets::plot {

struct Column {
  double min = 0, max = 0;
  double mean = 0;             // over `count` samples
  double first = 0, last = 0;  // where the line enters and leaves
  std::uint64_t count = 0;     // 0: nothing here
  bool joined = false;         // the line comes from the filled column before it; false after a gap
};

// `width` columns over the keys [low, high).
std::vector<Column> foldColumns(const series::RangeResult& data, const AxisMap& map, double low, double high,
                                int width);

struct ValueRange {
  double min = 0, max = 0;
  double leastPositive = 0;  // of what was included, for logarithmic axes; 0: nothing is above 0
  bool any = false;
  void include(double value);
};
ValueRange rangeOf(const series::RangeResult& data);

// An axis that starts at 0 for non-negative data, ends at a round number above it, and grows at once but shrinks only
// when less than half of it is used, so that it does not breathe. `budget` is included once it is within reach.
struct AxisRange {
  double low = 0, high = 1;
};
AxisRange chooseRange(const ValueRange& data, AxisRange previous, const double* budget);
// Whole decades around what is above 0, at most kMostDecades of them; grows at once and shrinks when a decade is unused
// at both ends together.
inline constexpr int kMostDecades = 9;
AxisRange chooseLogRange(const ValueRange& data, AxisRange previous);

}  // namespace qd::widgets::plot
