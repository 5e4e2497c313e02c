// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/state_strip.h"

#include <QPainter>
#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "widgets/base/theme.h"
#include "widgets/plot/plot_pane.h"

namespace qd::widgets::plot {
namespace {

constexpr std::size_t kMostStates = 32;  // more than that are no states; the rest counts as the last
constexpr float kAlone = 0.999F;

}  // namespace

StateStrip::StateStrip(QWidget* parent) : QWidget(parent) {
  setFixedHeight(16);
  setAttribute(Qt::WA_TransparentForMouseEvents);
}

int StateStrip::cells() const {
  return std::max(0, width() - PlotPane::kLeft - PlotPane::kRight) / kCell;
}

void StateStrip::setLabel(const QString& label) {
  if (label == label_) return;
  label_ = label;
  update();
}

void StateStrip::setCells(std::vector<StripState> states, std::vector<StripCell> cells) {
  if (states == states_ && cells == cells_) return;
  states_ = std::move(states);
  cells_ = std::move(cells);
  update();
}

void StateStrip::paintCell(QPainter& painter, const StripCell& cell, double x, double width) const {
  const Colors& c = colorsOf(this);
  const double top = 1, height = this->height() - 3.0;
  double y = top;
  for (std::size_t i = 0; i < cell.size(); ++i) {
    const StripState& state = states_[static_cast<std::size_t>(cell[i].first)];
    // Rounded up, so that a small share can be seen at all; the last one takes what is left.
    const double wanted = std::ceil(static_cast<double>(cell[i].second) * height);
    const double part = i + 1 == cell.size() ? top + height - y : std::min(wanted, top + height - y);
    if (part <= 0) continue;
    const QRectF rect(x, y, width, part);
    painter.fillRect(rect, state.color);
    if (state.pattern != Qt::SolidPattern) painter.fillRect(rect, QBrush(c.panel, state.pattern));
    y += part;
  }
}

// Where one state alone holds over some cells, its name, on a ground of its own colour.
void StateStrip::paintNames(QPainter& painter, double cellWidth) const {
  const auto alone = [&](std::size_t i) {
    return cells_[i].size() == 1 && cells_[i].front().second >= kAlone ? cells_[i].front().first : -1;
  };
  painter.setFont(uiFont(kSmallPx));
  for (std::size_t i = 0; i < cells_.size();) {
    const int state = alone(i);
    std::size_t end = i + 1;
    while (end < cells_.size() && alone(end) == state) ++end;
    if (state >= 0 && !states_[static_cast<std::size_t>(state)].name.isEmpty()) {
      const StripState& shown = states_[static_cast<std::size_t>(state)];
      const int wide = painter.fontMetrics().horizontalAdvance(shown.name) + 8;
      const double x = PlotPane::kLeft + static_cast<double>(i) * cellWidth;
      if (wide + 4 < static_cast<double>(end - i) * cellWidth) {
        const QRectF place(x + 2, 1, wide, height() - 3.0);
        painter.fillRect(place, shown.color);
        painter.setPen(shown.color.lightness() > 140 ? Qt::black : Qt::white);
        painter.drawText(place, Qt::AlignCenter, shown.name);
      }
    }
    i = end;
  }
}

void StateStrip::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const Colors& c = colorsOf(this);
  const int total = cells();
  const double cell = static_cast<double>(width() - PlotPane::kLeft - PlotPane::kRight) / std::max(1, total);
  painter.setFont(uiFont(kSmallPx));
  painter.setPen(c.muted);
  const QRect place(0, 0, PlotPane::kLeft - 6, height() - 1);
  painter.drawText(place, Qt::AlignRight | Qt::AlignVCenter,
                   painter.fontMetrics().elidedText(label_, Qt::ElideRight, place.width() - 2));
  painter.fillRect(QRectF(PlotPane::kLeft, 1, total * cell, height() - 3.0), c.grid);
  const std::size_t known = std::min(cells_.size(), static_cast<std::size_t>(total));
  for (std::size_t i = 0; i < known; ++i)
    paintCell(painter, cells_[i], PlotPane::kLeft + static_cast<double>(i) * cell, cell);
  paintNames(painter, cell);
}

StripState stateOf(qint64 value, const StateNames& names) {
  static constexpr std::array<QRgb, 6> kColors = {0x2e7d64, 0xd9b430, 0xcc79a7, 0x6f7f8f, 0x22b58a, 0x8a6fb0};
  static constexpr std::array kPatterns = {Qt::SolidPattern, Qt::BDiagPattern,  Qt::DiagCrossPattern, Qt::HorPattern,
                                           Qt::VerPattern,   Qt::Dense5Pattern, Qt::FDiagPattern};
  const auto at = static_cast<quint64>(value);
  const auto name = names.find(value);
  return {name != names.end() ? QString::fromStdString(name->second) : QString::number(value),
          QColor(kColors[at % kColors.size()]), kPatterns[at % kPatterns.size()]};
}

StripContent statesOf(const std::vector<series::SketchColumn>& columns, const std::vector<std::int64_t>& breaks,
                      const AxisMap& map, double low, double high, int cells, const StateNames& names) {
  StripContent out;
  out.cells.resize(static_cast<std::size_t>(std::max(0, cells)));
  std::map<qint64, int> known;  // value → state; ascending, so that a state keeps its place in the stack
  // The bins of a sketch hold one whole number each up to 128, and the zero bin reaches to both sides of it.
  const auto valueOf = [](double from, double to) {
    return static_cast<qint64>(std::llround(from < 0 && to > 0 ? 0 : from >= 0 ? std::ceil(from) : std::floor(to)));
  };
  for (const auto& c : columns)
    c.sketch.forEachBin([&](double from, double to, std::uint64_t) { known.emplace(valueOf(from, to), 0); });
  for (auto& [value, index] : known) {
    index = static_cast<int>(std::min(out.states.size(), kMostStates - 1));
    if (out.states.size() < kMostStates) out.states.push_back(stateOf(value, names));
  }
  const double perKey = cells / (high - low);
  const auto place = [&](TimeNs time) { return static_cast<int>(std::floor((map.key(time) - low) * perKey)); };
  TimeNs longest = kNsPerSecond / 4;
  for (std::size_t i = 1; i < columns.size(); ++i) longest = std::max(longest, columns[i].x0 - columns[i - 1].x1);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto& c = columns[i];
    StripCell cell;
    c.sketch.forEachBin([&](double from, double to, std::uint64_t count) {
      const int state = known.at(valueOf(from, to));
      const float share = static_cast<float>(count) / static_cast<float>(c.sketch.count());
      if (!cell.empty() && cell.back().first == state) {
        cell.back().second += share;
      } else {
        cell.emplace_back(state, share);
      }
    });
    // Until the next sample the last state holds; a stretch of several states does not say which that was.
    TimeNs until = i + 1 < columns.size() ? columns[i + 1].x0 : c.x1 + 3 * longest;
    const auto next = std::upper_bound(breaks.begin(), breaks.end(), c.x1);
    if (next != breaks.end() && *next <= until) until = c.x1;
    const int first = place(c.x0), last = cell.size() == 1 ? place(until) : place(c.x1);
    for (int x = std::max(0, first); x <= std::min(last, cells - 1); ++x) out.cells[static_cast<std::size_t>(x)] = cell;
  }
  return out;
}

}  // namespace qd::widgets::plot
