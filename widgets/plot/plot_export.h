// SPDX-License-Identifier: GPL-3.0-or-later
// Samples of plotted series as text, one line each, under the same header as `qdctl export`: process, series, tick,
// time_ns, value. Values read back to the same bits: integers as decimals of their scale, doubles in the shortest form
// that does. Any thread.
#pragma once

#include <QByteArray>
#include <functional>
#include <vector>

#include "core/base/error.h"
#include "widgets/plot/plot_series.h"

namespace qd::widgets::plot {

inline constexpr std::uint64_t kMostCopied = 1'000'000;  // lines that a clipboard is asked to hold

// Calls `put` with pieces of the text; false from it ends the work with ErrorCode::Io. Answers how many samples were
// written. Exhausted: more than `most`; Unavailable: a part of the range is still being loaded.
Result<std::uint64_t> writeSamples(const series::Store& store, const std::vector<PaneSeries>& series, TimeNs from,
                                   TimeNs to, char separator, std::uint64_t most,
                                   const std::function<bool(const QByteArray&)>& put);

// One field as CSV has it, quoted where it must be.
QByteArray csvField(const std::string& text, char separator);

}  // namespace qd::widgets::plot
