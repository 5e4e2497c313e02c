// SPDX-License-Identifier: GPL-3.0-or-later
// What a plot asks the store for: each of its series, in its style, as traces over the columns of the screen; and the
// stretches of a view that distributions are counted over, which stand still in time while the view moves. Pure
// functions over the store's answers; any thread.
#pragma once

#include <vector>

#include "widgets/plot/plot_series.h"
#include "widgets/plot/trace.h"

namespace qd::widgets::plot {

struct PaneView {
  AxisMap map;
  TimeNs from = 0, to = 0;
  TimeNs now = 0;  // the moment that values are shown of, unless the crosshair stands somewhere
  std::vector<AxisTick> ticks;
};

// What came of asking, over all series of a pane.
struct Asked {
  std::vector<Trace> traces;
  std::vector<series::SketchColumn> heat;
  ValueRange values;
  bool refining = false;
  bool coarse = false;  // in part, and for good where nothing is refining
};

// Adds what `series` shows over `width` columns; how far its samples lie apart, 0: not known.
TimeNs ask(const series::Store& store, const PaneSeries& series, const PaneView& view, int width, Asked& out);

// Equal stretches of time of about `px` of `width` pixels that cover the view, their edges at multiples of their
// length.
struct Stretches {
  TimeNs from = 0, to = 0;  // `to` is the last ns
  int count = 0;
};
Stretches stretchesOf(const PaneView& view, int width, int px);

// Mean distance of two samples, 0 where fewer than two are known.
TimeNs intervalOf(const series::RangeResult& data);

}  // namespace qd::widgets::plot
