// SPDX-License-Identifier: GPL-3.0-or-later
// The numbers behind the timeline: the stretch of time it spans, where moments stand on it, and the worst tick of any
// process for each of its columns. Pure; no thread of its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/ingest/directory.h"
#include "core/series/store.h"

namespace qd::widgets::timeline {

struct Extent {
  TimeNs from = 0, to = 0;
  double x(TimeNs time, double width) const;
  TimeNs timeAt(double x, double width) const;
};

// The last 15 minutes of a live session, ending at its edge; all of a recording. Never shorter than a minute.
Extent chooseExtent(TimeNs first, TimeNs last, bool recording);

// `into[i]` becomes the largest value of column i over all series given so far; empty where nothing was seen. While the
// data is refining, the maximum of a long stretch is known before it is known where in it: that goes to `around`. Both
// are of one size.
using Worst = std::vector<std::optional<double>>;
void foldWorst(const series::RangeResult& data, const Extent& extent, Worst& into, Worst& around);

// tick.duration of every server (as a share of its budget where it has one), folded.
struct WorstTicks {
  Worst values;  // in the unit of the series
  Worst around;  // no column of its stretch has more; which one has it is not known yet
  std::optional<double> budget;
  std::string unit;
};
WorstTicks worstTicks(const series::Store& store, const std::vector<ingest::ProcessInfoPtr>& processes,
                      const Extent& extent, int columns);

// The pushes of a change to several processes have ids of their own, CHANGE.PROCESS.STEP or, taken back,
// CHANGE.PROCESS.rSTEP: what they have in common. Of any other push its id.
std::string pushAsOne(const std::string& pushId);

}  // namespace qd::widgets::timeline
