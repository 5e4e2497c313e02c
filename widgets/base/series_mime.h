// SPDX-License-Identifier: GPL-3.0-or-later
// What is dragged when a series or a whole process is taken from one panel to another: fleet rows, series lists and
// legends make it, plots take it. UI thread only.
#pragma once

#include <QString>
#include <string>
#include <utility>
#include <vector>

#include "core/base/ids.h"

class QMimeData;

namespace qd::widgets {

struct SeriesRef {
  ProcessId process;
  std::string series;  // empty: the process, whatever of it the target shows
  std::vector<std::pair<std::string, std::string>> dimensions;
  bool operator==(const SeriesRef&) const = default;
};

QString seriesMimeType();
QMimeData* makeSeriesMime(const std::vector<SeriesRef>& series);  // the caller owns it (QDrag takes it)
std::vector<SeriesRef> readSeriesMime(const QMimeData* data);     // empty: nothing of ours

}  // namespace qd::widgets
