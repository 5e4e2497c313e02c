// SPDX-License-Identifier: GPL-3.0-or-later
// How what was drawn came to be: the shares of interpolated, extrapolated and held frames of each moment, stacked, by
// colour and by hatching. UI thread only.
#pragma once

#include <QWidget>
#include <vector>

#include "widgets/plot/columns.h"

namespace qd::widgets::plot {

class StateStrip final : public QWidget {
  Q_OBJECT
 public:
  static constexpr int kCell = 4;  // px a cell: narrower, and hatching could not be told apart

  explicit StateStrip(QWidget* parent = nullptr);
  // Per cell; columns of equal number. A cell where neither is known stays empty.
  void setShares(std::vector<Column> extrapolated, std::vector<Column> held);
  int cells() const;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  std::vector<Column> extrapolated_, held_;
};

}  // namespace qd::widgets::plot
