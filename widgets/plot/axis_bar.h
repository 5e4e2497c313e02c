// SPDX-License-Identifier: GPL-3.0-or-later
// The labels of the shared horizontal axis, below the stack. UI thread only.
#pragma once

#include <QWidget>
#include <vector>

#include "widgets/plot/axis_map.h"

namespace qd::widgets::plot {

class AxisBar final : public QWidget {
  Q_OBJECT
 public:
  explicit AxisBar(QWidget* parent = nullptr);
  // Ticks of the keys [low, high]; `unit` stands at the left: "UTC", or "tick".
  void setTicks(std::vector<AxisTick> ticks, double low, double high, const QString& unit);

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  std::vector<AxisTick> ticks_;
  double low_ = 0, high_ = 1;
  QString unit_;
};

}  // namespace qd::widgets::plot
