// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/axis_bar.h"

#include <QPainter>

#include "widgets/base/theme.h"
#include "widgets/plot/plot_pane.h"

namespace qd::widgets::plot {

AxisBar::AxisBar(QWidget* parent) : QWidget(parent) {
  setFixedHeight(20);
  setAttribute(Qt::WA_TransparentForMouseEvents);
}

void AxisBar::setTicks(std::vector<AxisTick> ticks, double low, double high, const QString& unit) {
  ticks_ = std::move(ticks);
  low_ = low;
  high_ = high;
  unit_ = unit;
  update();
}

void AxisBar::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const Colors& c = colorsOf(this);
  painter.fillRect(rect(), c.panel);
  painter.setPen(c.muted);
  painter.setFont(uiFont(kSmallPx));
  painter.drawText(QRect(0, 0, PlotPane::kLeft - 6, height()), Qt::AlignRight | Qt::AlignVCenter, unit_);
  painter.setFont(numberFont());
  const double perKey = (width() - PlotPane::kLeft - PlotPane::kRight) / (high_ - low_);
  const QFontMetrics metrics(numberFont());
  for (const AxisTick& tick : ticks_) {
    const double x = PlotPane::kLeft + (tick.key - low_) * perKey;
    const int half = metrics.horizontalAdvance(tick.label) / 2;
    if (x - half < PlotPane::kLeft - 4 || x + half > width()) continue;  // never clipped
    painter.drawText(QRectF(x - half - 1, 0, 2 * half + 4, height()), Qt::AlignCenter, tick.label);
  }
}

}  // namespace qd::widgets::plot
