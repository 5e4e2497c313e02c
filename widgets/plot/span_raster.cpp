// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/span_raster.h"

#include <QPainter>
#include <algorithm>
#include <cmath>
#include <optional>

namespace qd::widgets::plot {

bool isSparse(const series::RangeResult& data, int width) {
  return data.exact && static_cast<int>(data.samples.size()) * 3 < width;
}

void drawSamples(QPainter& painter, const series::RangeResult& data, const AxisMap& map, double low, double high,
                 double width, const RasterScale& scale, const QColor& color, double ratio) {
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(QPen(color, 1.5 * ratio, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
  QVector<QLineF> lines;  // not one polyline: Qt strokes single segments four times as fast
  QVector<QPointF> points;
  std::optional<QPointF> before;
  const double perKey = width / (high - low);
  std::size_t nextBreak = 0;
  const bool dots = static_cast<double>(data.samples.size()) * 10 < width;
  // Far outside of the picture Qt's strokes become slow and coarse.
  const double above = -4.0 * scale.height, below = 5.0 * scale.height;
  for (const auto& s : data.samples) {
    bool broken = false;
    for (; nextBreak < data.breaks.size() && data.breaks[nextBreak] <= s.time; ++nextBreak) broken = true;
    if (broken || !std::isfinite(s.value)) before.reset();
    if (!std::isfinite(s.value)) continue;
    const QPointF at((map.key(s.time) - low) * perKey, std::clamp(scale.at(s.value), above, below));
    if (before) lines.append(QLineF(*before, at));
    points.append(at);
    before = at;
  }
  painter.drawLines(lines);
  if (!dots) return;
  painter.setBrush(color);
  for (const QPointF& p : points) painter.drawEllipse(p, 1.5 * ratio, 1.5 * ratio);
}

}  // namespace qd::widgets::plot
