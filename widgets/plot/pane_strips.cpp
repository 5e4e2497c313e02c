// SPDX-License-Identifier: GPL-3.0-or-later
// The strips below a plot: how frames came about, and series whose values are states.
#include <qcustomplot.h>

#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

#include "core/analysis/state_names.h"
#include "widgets/plot/plot_pane.h"
#include "widgets/plot/state_strip.h"

namespace qd::widgets::plot {
namespace {

// A share is told at the end of the stretch that it speaks of: it fills the empty columns before it, at most `reach` of
// them, and what follows the last one up to the edge, where the next is still to be told. Longer without a share: a
// hole.
void extendShares(std::vector<Column>& columns, int reach) {
  int before = -1;
  for (int i = 0; i < static_cast<int>(columns.size()); ++i) {
    const Column known = columns[static_cast<std::size_t>(i)];
    if (known.count == 0) continue;
    for (int j = std::max(before + 1, i - reach); j < i; ++j) columns[static_cast<std::size_t>(j)] = known;
    before = i;
  }
  const int total = static_cast<int>(columns.size());
  if (before < 0 || total - before > reach + 1) return;
  for (int j = before + 1; j < total; ++j)
    columns[static_cast<std::size_t>(j)] = columns[static_cast<std::size_t>(before)];
}

float shareAt(const std::vector<Column>& columns, std::size_t i) {
  if (i >= columns.size() || columns[i].count == 0) return 0;
  return static_cast<float>(std::clamp(columns[i].mean, 0.0, 1.0));
}

bool isKnown(const std::vector<Column>& columns, std::size_t i) {
  return i < columns.size() && columns[i].count > 0;
}

}  // namespace

void PlotPane::arrangeStrips() {
  const auto wanted = static_cast<std::size_t>(
      std::count_if(series_.begin(), series_.end(), [](const auto& s) { return s.style == Style::States; }));
  for (; strips_.size() > wanted; strips_.pop_back()) delete strips_.back();
  while (strips_.size() < wanted) {
    strips_.push_back(new StateStrip(this));
    layout_->addWidget(strips_.back());
  }
}

void PlotPane::drawStrips(const PaneView& view) {
  if (spec_.strip) drawFrames(view);
  std::size_t next = 0;
  for (std::size_t i = 0; i < series_.size(); ++i) {
    if (series_[i].style != Style::States || next >= strips_.size()) continue;
    StateStrip& strip = *strips_[next++];
    const int width = plot_->axisRect()->width();
    const Stretches parts = stretchesOf(view, width, StateStrip::kCell);
    auto asked = store_.sketches(series_[i].bound.a, series::Axis::Time, parts.from, parts.to, parts.count);
    if (const auto before = store_.at(series_[i].bound.a, parts.from - 1)) {  // what held when the view begins
      series::SketchColumn first{before->time, before->time, {}, {}};
      first.sketch.add(before->value);
      asked.insert(asked.begin(), std::move(first));
    }
    const auto breaks = store_.query(series_[i].bound.a, series::Axis::Time, parts.from, parts.to, parts.count).breaks;
    auto content = statesOf(asked, breaks, view.map, view.map.key(view.from), view.map.key(view.to), strip.cells(),
                            analysis::stateNames(series_[i].meta.info));
    strip.setLabel(series_[i].label.section(QLatin1Char(' '), -1));
    strip.setCells(std::move(content.states), std::move(content.cells));
  }
}

void PlotPane::drawFrames(const PaneView& view) {
  const int cells = frames_->cells();
  const double low = view.map.key(view.from), high = view.map.key(view.to);
  const auto fold = [&](std::optional<series::SeriesId> id) -> std::vector<Column> {
    if (!id) return {};
    const auto data = store_.query(*id, series::Axis::Time, view.from, view.to, cells);
    auto columns = foldColumns(data, view.map, low, high, cells);
    const double reach = 1.5 * static_cast<double>(std::max(intervalOf(data), kNsPerSecond)) * cells;
    extendShares(columns,
                 static_cast<int>(std::ceil(reach / static_cast<double>(std::max<TimeNs>(1, view.to - view.from)))));
    return columns;
  };
  const auto extrapolated = fold(stripExtrapolated_), held = fold(stripHeld_);
  std::vector<StripCell> shares(static_cast<std::size_t>(std::max(0, cells)));
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (!isKnown(extrapolated, i) && !isKnown(held, i)) continue;
    const float h = shareAt(held, i), e = std::min(1 - h, shareAt(extrapolated, i));
    if (h > 0) shares[i].emplace_back(0, h);
    if (e > 0) shares[i].emplace_back(1, e);
    if (h + e < 1) shares[i].emplace_back(2, 1 - h - e);
  }
  const Colors& c = colorsOf(this);
  frames_->setCells({{{}, c.held, Qt::DiagCrossPattern},
                     {{}, c.extrapolated, Qt::BDiagPattern},
                     {{}, c.interpolated, Qt::SolidPattern}},
                    std::move(shares));
}

}  // namespace qd::widgets::plot
