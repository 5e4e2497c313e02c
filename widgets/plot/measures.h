// SPDX-License-Identifier: GPL-3.0-or-later
// What the operator measures in a stack of plots: pinned cursors A, B, C… and one selected range, with what they say of
// each series: values at the cursors, their differences, statistics of the range. Values only; UI thread only.
#pragma once

#include <QColor>
#include <QStringList>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "core/analysis/distribution.h"
#include "widgets/plot/plot_series.h"

namespace qd::widgets::plot {

inline constexpr std::size_t kMostCursors = 8;

struct Measures {
  std::vector<TimeNs> cursors;  // A, B, … in the order of pinning
  std::optional<std::pair<TimeNs, TimeNs>> range;
  bool empty() const { return cursors.empty() && !range; }
  bool operator==(const Measures&) const = default;
};

QString cursorName(std::size_t index);  // "A"

// A table of text: a row for each series, before them one of the cursors' moments if there are any. `range` says which
// stretch the statistics are of; empty: there is none.
struct MeasureTable {
  QStringList header;
  std::vector<QStringList> rows;
  std::vector<QColor> colors;  // of the rows; not valid: none
  QString range;
  int firstSeries = 0;  // its row
  bool operator==(const MeasureTable&) const = default;
};

// A series with the plot's way to show its values.
struct Measured {
  PaneSeries series;
  double factor = 1;
  QString unit;
  QString name() const;  // of the process and the whole series, "server-1 tick.duration"
};

// `tickOf`: the tick of the domain at a moment, if known.
using TickAt = std::function<std::optional<Tick>(TimeNs)>;
MeasureTable measure(const series::Store& store, const Measures& measures, const std::vector<Measured>& series,
                     const TickAt& tickOf);

// Of a range: the store's own (exact, or percentiles within 0.8 %); of a derived series over its computed values.
series::Statistics statisticsOf(const series::Store& store, const analysis::Bound& bound, TimeNs from, TimeNs to);

}  // namespace qd::widgets::plot
