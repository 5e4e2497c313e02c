// SPDX-License-Identifier: GPL-3.0-or-later
// The shared horizontal axis: between UTC ns and plot keys. Keys are seconds since the session's start, or ticks of one
// domain. Data is always asked for by time and carried onto ticks through knots of that domain, so that editors and
// other processes stand on the same tick axis, and parked time (ticks stand still) takes no room there. Values only.
#pragma once

#include <QString>
#include <utility>
#include <vector>

#include "core/base/clock.h"

namespace qd::widgets::plot {

class AxisMap {
 public:
  AxisMap() = default;
  static AxisMap time(TimeNs origin);
  // Knots ascend in both; between them linear, beyond them with the slope of the outermost two. Fewer than two knots:
  // no ticks are known, and the map falls back to time.
  static AxisMap ticks(std::vector<std::pair<TimeNs, double>> knots, TimeNs origin);

  bool isTicks() const { return !knots_.empty(); }
  double key(TimeNs time) const;
  TimeNs timeOf(double key) const;

 private:
  TimeNs origin_ = 0;
  std::vector<std::pair<TimeNs, double>> knots_;
};

struct AxisTick {
  double key = 0;
  QString label;
};
// Round UTC moments of [from, to], at most about `most`.
std::vector<AxisTick> timeTicks(const AxisMap& map, TimeNs from, TimeNs to, int most);
// Round tick numbers of [low, high].
std::vector<AxisTick> tickTicks(double low, double high, int most);
// Round values for a vertical axis.
std::vector<AxisTick> valueTicks(double low, double high, int most);
// Decades, and 2 and 5 of each where there is room, of a logarithmic axis over [low, high], 0 < low; the keys are
// places from 0 (low) to 1 (high).
std::vector<AxisTick> logTicks(double low, double high, int most);
// 1, 2 or 5 times a power of ten, at least `atLeast`.
double niceStep(double atLeast);

}  // namespace qd::widgets::plot
