// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/state_strip.h"

#include <QPainter>
#include <algorithm>

#include "widgets/base/theme.h"
#include "widgets/plot/plot_pane.h"

namespace qd::widgets::plot {
namespace {

double share(const std::vector<Column>& columns, std::size_t i) {
  return i < columns.size() && columns[i].count > 0 ? std::clamp(columns[i].mean, 0.0, 1.0) : 0.0;
}

bool isKnown(const std::vector<Column>& columns, std::size_t i) {
  return i < columns.size() && columns[i].count > 0;
}

void fill(QPainter& painter, const QRectF& rect, const QColor& color, const QColor& hatch, Qt::BrushStyle style) {
  if (rect.height() <= 0) return;
  painter.fillRect(rect, color);
  if (style != Qt::SolidPattern) painter.fillRect(rect, QBrush(hatch, style));
}

}  // namespace

StateStrip::StateStrip(QWidget* parent) : QWidget(parent) {
  setFixedHeight(16);
  setAttribute(Qt::WA_TransparentForMouseEvents);
}

int StateStrip::cells() const {
  return std::max(0, width() - PlotPane::kLeft - PlotPane::kRight) / kCell;
}

void StateStrip::setShares(std::vector<Column> extrapolated, std::vector<Column> held) {
  extrapolated_ = std::move(extrapolated);
  held_ = std::move(held);
  update();
}

void StateStrip::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const Colors& c = colorsOf(this);
  const double top = 1, height = this->height() - 3.0;
  const int total = cells();
  const double cell = static_cast<double>(width() - PlotPane::kLeft - PlotPane::kRight) / std::max(1, total);
  painter.setFont(uiFont(kSmallPx));
  painter.setPen(c.muted);
  painter.drawText(QRect(0, 0, PlotPane::kLeft - 6, this->height() - 1), Qt::AlignRight | Qt::AlignVCenter,
                   tr("frames"));
  painter.fillRect(QRectF(PlotPane::kLeft, top, total * cell, height), c.grid);
  for (int i = 0; i < total; ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (!isKnown(extrapolated_, at) && !isKnown(held_, at)) continue;
    const double x = PlotPane::kLeft + i * cell;
    // Rounded up, so that a small share can be seen at all.
    const double held = std::min(height, std::ceil(share(held_, at) * height));
    const double extrapolated = std::min(height - held, std::ceil(share(extrapolated_, at) * height));
    const double rest = height - held - extrapolated;
    fill(painter, QRectF(x, top, cell, held), c.held, c.panel, Qt::DiagCrossPattern);
    fill(painter, QRectF(x, top + held, cell, extrapolated), c.extrapolated, c.panel, Qt::BDiagPattern);
    fill(painter, QRectF(x, top + held + extrapolated, cell, rest), c.interpolated, c.panel, Qt::SolidPattern);
  }
}

}  // namespace qd::widgets::plot
