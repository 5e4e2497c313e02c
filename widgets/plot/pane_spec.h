// SPDX-License-Identifier: GPL-3.0-or-later
// What one plot shows and how, as values: what the defaults say, what the operator changed, what a layout keeps as
// JSON. A series is named by text: its name, or an expression over names (core/analysis/expression.h). UI thread only.
#pragma once

#include <QJsonObject>
#include <QString>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "widgets/base/series_mime.h"

namespace qd::widgets::plot {

// How a series is drawn: its range and mean (exact samples where few), the band from p50 to p99, how often which value
// occurred, or each value as a state in a strip.
enum class Style { Line, Percentiles, Heat, States };

struct ValueAxis {
  enum class Mode { Auto, Fixed, Log };
  Mode mode = Mode::Auto;
  double low = 0, high = 1;  // Fixed: in stored units
  bool operator==(const ValueAxis&) const = default;
};

struct PaneSpec {
  QString title;
  std::vector<std::string> names;  // of the processes that the stack follows
  QString empty;                   // what would fill it, one sentence
  bool strip = false;              // the strip of interpolated, extrapolated and held frames below it
  std::vector<SeriesRef> extra;    // of processes that stay when the selection changes; `series` may be an expression
  std::vector<SeriesRef> hidden;   // taken out of what is followed
  std::map<std::string, Style> styles;  // by text; a Line where there is none
  ValueAxis axis;
  bool operator==(const PaneSpec&) const = default;
};

QJsonObject toJson(const PaneSpec& spec);
// Empty: not a pane. What is unknown in it is left out.
std::optional<PaneSpec> paneFromJson(const QJsonObject& json);

}  // namespace qd::widgets::plot
