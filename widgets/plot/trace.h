// SPDX-License-Identifier: GPL-3.0-or-later
// What a plot draws, ready for its raster: made by pane_query.h, drawn by trace_layer.h. Values; UI thread only.
#pragma once

#include <QColor>
#include <optional>
#include <vector>

#include "core/analysis/distribution.h"
#include "widgets/plot/column_raster.h"

namespace qd::widgets::plot {

struct Trace {
  std::optional<series::RangeResult> samples;  // few: drawn exactly
  std::vector<Column> columns;                 // else: one a pixel
  Spikes spikes = Spikes::Opaque;
  QColor color;
};

// What is drawn where: keys [low, high] over the width; values in stored units.
struct TraceView {
  AxisMap map;
  double low = 0, high = 1;
  double bottom = 0, top = 1;
  bool log = false;
  int shift = 0;  // columns that the view moved to the right by since the last one; 0 as well: not known
};

}  // namespace qd::widgets::plot
