// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/trace_layer.h"

#include <cmath>

#include "widgets/base/theme.h"
#include "widgets/plot/span_raster.h"

namespace qd::widgets::plot {

TraceLayer::TraceLayer(QCPAxis* keyAxis, QCPAxis* valueAxis) : QCPAbstractPlottable(keyAxis, valueAxis) {
  setSelectable(QCP::stNone);
}

void TraceLayer::setTraces(std::vector<Trace> traces, AxisMap map, double factor) {
  traces_ = std::move(traces);
  map_ = std::move(map);
  factor_ = factor;
}

void TraceLayer::setBudget(std::optional<double> shown, const QString& label, const QColor& color) {
  budget_ = shown;
  budgetLabel_ = label;
  budgetColor_ = color;
}

double TraceLayer::selectTest(const QPointF&, bool, QVariant*) const {
  return -1;
}

QCPRange TraceLayer::getKeyRange(bool& found, QCP::SignDomain) const {
  found = false;  // ranges are set by the view, never by the data
  return {};
}

QCPRange TraceLayer::getValueRange(bool& found, QCP::SignDomain, const QCPRange&) const {
  found = false;
  return {};
}

void TraceLayer::draw(QCPPainter* painter) {
  const QRect area = mKeyAxis->axisRect()->rect();
  if (area.width() < 2 || area.height() < 2) return;
  const double ratio = painter->device()->devicePixelRatioF();
  QImage image(QSize(static_cast<int>(area.width() * ratio), static_cast<int>(area.height() * ratio)),
               QImage::Format_ARGB32_Premultiplied);
  image.fill(Qt::transparent);
  const QCPRange keys = mKeyAxis->range(), values = mValueAxis->range();
  const int thickness = static_cast<int>(std::lround(1.5 * ratio));
  // A line at the lowest value stands on the axis, not below it.
  const RasterScale scale{values.lower / factor_, values.upper / factor_, image.height() - thickness};
  for (const Trace& trace : traces_) {
    if (isSparse(trace.data, image.width())) {
      drawSamples(image, trace.data, map_, keys.lower, keys.upper, scale, trace.color, ratio);
    } else {
      drawColumns(image, foldColumns(trace.data, map_, keys.lower, keys.upper, image.width()), scale, trace.color,
                  thickness);
    }
  }
  image.setDevicePixelRatio(ratio);
  painter->drawImage(area.topLeft(), image);
  if (budget_) drawBudget(painter, area);
}

void TraceLayer::drawBudget(QCPPainter* painter, const QRect& area) const {
  const bool isAbove = *budget_ > mValueAxis->range().upper;
  const double y = isAbove ? area.top() : std::round(mValueAxis->coordToPixel(*budget_));
  painter->setFont(uiFont(kSmallPx));
  QPen pen(budgetColor_, 1, Qt::DashLine);
  painter->setPen(pen);
  if (!isAbove) painter->drawLine(QPointF(area.left(), y), QPointF(area.right(), y));
  const QString text = isAbove ? budgetLabel_ + QLatin1Char(' ') + QChar(0x2191) : budgetLabel_;
  const int height = painter->fontMetrics().height();
  const double top = y + 1 + height > area.bottom() ? y - height : y + 1;
  // On the left, away from the newest samples, and on a ground of its own: a trace below must not make it unreadable.
  const QRectF place(area.left() + 4, top, painter->fontMetrics().horizontalAdvance(text) + 6, height);
  QColor ground = mParentPlot->palette().color(QPalette::Base);
  ground.setAlpha(200);
  painter->fillRect(place, ground);
  painter->drawText(place, Qt::AlignCenter, text);
}

void TraceLayer::drawLegendIcon(QCPPainter*, const QRectF&) const {}

}  // namespace qd::widgets::plot
