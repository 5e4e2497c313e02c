// SPDX-License-Identifier: GPL-3.0-or-later
// An axis ticker that shows the ticks it is given (axis_map.h computes them): labels follow our own rules for time,
// tick numbers and units. UI thread only.
#pragma once

#include <qcustomplot.h>

#include <vector>

#include "widgets/plot/axis_map.h"

namespace qd::widgets::plot {

class GivenTicker final : public QCPAxisTicker {
 public:
  void setTicks(std::vector<AxisTick> ticks) { ticks_ = std::move(ticks); }
  void generate(const QCPRange&, const QLocale&, QChar, int, QVector<double>& ticks, QVector<double>* subTicks,
                QVector<QString>* labels) override {
    ticks.clear();
    if (subTicks != nullptr) subTicks->clear();
    if (labels != nullptr) labels->clear();
    for (const AxisTick& tick : ticks_) {
      ticks.append(tick.key);
      if (labels != nullptr) labels->append(tick.label);
    }
  }

 private:
  std::vector<AxisTick> ticks_;
};

}  // namespace qd::widgets::plot
