// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/trace_layer.h"

#include <cmath>

#include "widgets/base/theme.h"
#include "widgets/plot/heat_raster.h"
#include "widgets/plot/span_raster.h"

namespace qd::widgets::plot {

TraceLayer::TraceLayer(QCPAxis* keyAxis, QCPAxis* valueAxis) : QCPAbstractPlottable(keyAxis, valueAxis) {
  setSelectable(QCP::stNone);
}

void TraceLayer::setTraces(std::vector<Trace> traces, TraceView view) {
  traces_ = std::move(traces);
  // Not drawn in between: the image is as it was before both moves.
  view.shift += view_.shift;
  view_ = std::move(view);
}

void TraceLayer::setHeat(std::vector<series::SketchColumn> columns) {
  heat_ = std::move(columns);
}

void TraceLayer::setBudget(std::optional<double> value, const QString& label, const QColor& color) {
  budget_ = value;
  budgetLabel_ = label;
  budgetColor_ = color;
}

int TraceLayer::columns() const {
  return static_cast<int>(mKeyAxis->axisRect()->width() * mParentPlot->bufferDevicePixelRatio());
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
  if (!heat_.empty()) {
    const bool dark = mParentPlot->palette().color(QPalette::Base).lightness() < 128;
    const RasterScale scale{view_.bottom, view_.top, area.height(), view_.log};
    painter->drawImage(area, heatImage(heat_, view_.map, view_.low, view_.high, area.size(), scale, dark));
  }
  drawDense(painter, area, mParentPlot->bufferDevicePixelRatio());
  drawSparse(painter, area);
  view_.shift = 0;
  if (budget_) drawBudget(painter, area);
}

void TraceLayer::drawDense(QCPPainter* painter, const QRect& area, double ratio) {
  const QSize size(static_cast<int>(area.width() * ratio), static_cast<int>(area.height() * ratio));
  const int thickness = static_cast<int>(std::lround(1.5 * ratio));
  // A line at the lowest value stands on the axis, not below it.
  const RasterScale scale{view_.bottom, view_.top, size.height() - thickness, view_.log};
  std::vector<ColumnRaster::Layer> layers;
  for (const Trace& trace : traces_)
    if (!trace.samples) layers.push_back({inkOf(trace.columns, scale, thickness, trace.spikes), trace.color});
  if (layers.empty()) return;
  const QImage& kept = raster_.draw(size, std::move(layers), view_.shift);
  // A view onto the same pixels: a copy would be as dear as the drawing.
  QImage image(kept.constBits(), kept.width(), kept.height(), kept.bytesPerLine(), kept.format());
  image.setDevicePixelRatio(ratio);
  painter->drawImage(area.topLeft(), image);
}

void TraceLayer::drawSparse(QCPPainter* painter, const QRect& area) {
  const RasterScale scale{view_.bottom, view_.top, area.height() - 1, view_.log};
  for (const Trace& trace : traces_) {
    if (!trace.samples) continue;
    painter->save();
    painter->setClipRect(area);
    painter->translate(area.topLeft());
    drawSamples(*painter, *trace.samples, view_.map, view_.low, view_.high, area.width(), scale, trace.color);
    painter->restore();
  }
}

void TraceLayer::drawBudget(QCPPainter* painter, const QRect& area) const {
  const RasterScale scale{view_.bottom, view_.top, area.height(), view_.log};
  const double row = scale.at(*budget_);
  if (row > area.height() - 1) return;
  const bool isAbove = row < 0;
  const double y = isAbove ? area.top() : std::round(area.top() + row);
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
