// SPDX-License-Identifier: GPL-3.0-or-later
// A strip below a plot that says which of some states held when: the states of each moment stacked by their share, by
// colour and by hatching, and by name where one alone held long enough to write it. For how frames came about
// (interpolated, extrapolated, held) and for any series whose values are states. UI thread only.
#pragma once

#include <QWidget>
#include <map>
#include <string>
#include <vector>

#include "core/analysis/distribution.h"
#include "widgets/plot/columns.h"

namespace qd::widgets::plot {

struct StripState {
  QString name;  // empty: never written
  QColor color;
  Qt::BrushStyle pattern = Qt::SolidPattern;
  bool operator==(const StripState&) const = default;
};

// Shares of the states at one moment, ascending by state; empty: not known.
using StripCell = std::vector<std::pair<int, float>>;

class StateStrip final : public QWidget {
  Q_OBJECT
 public:
  static constexpr int kCell = 4;  // px a cell: narrower, and hatching could not be told apart

  explicit StateStrip(QWidget* parent = nullptr);
  void setLabel(const QString& label);
  // One cell for each of cells(), in order.
  void setCells(std::vector<StripState> states, std::vector<StripCell> cells);
  int cells() const;
  const std::vector<StripState>& states() const { return states_; }

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  void paintCell(QPainter& painter, const StripCell& cell, double x, double width) const;
  void paintNames(QPainter& painter, double cellWidth) const;

  QString label_;
  std::vector<StripState> states_;
  std::vector<StripCell> cells_;
};

// What states are called; a number without a name is its own.
using StateNames = std::map<std::int64_t, std::string>;
// The look that a state has on every screen: fixed to its number.
StripState stateOf(qint64 value, const StateNames& names);
// Cells of a series whose values are states: a state holds until the next sample, but not over a break; the newest as
// long as three of the longest distances between samples so far.
struct StripContent {
  std::vector<StripState> states;
  std::vector<StripCell> cells;
};
StripContent statesOf(const std::vector<series::SketchColumn>& columns, const std::vector<std::int64_t>& breaks,
                      const AxisMap& map, double low, double high, int cells, const StateNames& names);

}  // namespace qd::widgets::plot
