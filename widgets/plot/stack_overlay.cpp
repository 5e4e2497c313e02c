// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/stack_overlay.h"

#include <QPainter>
#include <algorithm>
#include <cmath>

#include "widgets/base/theme.h"

namespace qd::widgets::plot {

std::vector<PlacedMarker> placeMarkers(const std::vector<ingest::Moment>& moments, TimeNs from, TimeNs to, double left,
                                       double width) {
  std::vector<PlacedMarker> placed;
  if (to <= from) return placed;
  for (const auto& moment : moments) {
    const auto kind = markerOf(moment);
    if (!kind || moment.time < from || moment.time > to) continue;
    const double share = static_cast<double>(moment.time - from) / static_cast<double>(to - from);
    placed.push_back({left + share * width, *kind, moment.time, QString::fromStdString(moment.text)});
  }
  return placed;
}

std::vector<std::pair<TimeNs, TimeNs>> stoppedIn(const std::vector<ingest::Moment>& moments, TimeNs from, TimeNs to) {
  std::vector<std::pair<TimeNs, TimeNs>> bands;
  std::optional<TimeNs> since;
  const auto close = [&](TimeNs at) {
    if (since && at > from && *since < to) bands.emplace_back(std::max(*since, from), std::min(at, to));
    since.reset();
  };
  for (const auto& moment : moments) {
    if (moment.kind == ingest::MomentKind::Stop && !since) since = moment.time;
    if (moment.kind == ingest::MomentKind::Resume) close(moment.time);
  }
  close(to);  // still stopped
  return bands;
}

StackOverlay::StackOverlay(QWidget* parent) : QWidget(parent) {
  setAttribute(Qt::WA_TransparentForMouseEvents);
  setAttribute(Qt::WA_NoSystemBackground);
}

void StackOverlay::setMarkers(std::vector<PlacedMarker> markers) {
  if (markers == markers_) return;
  markers_ = std::move(markers);
  update();
}

void StackOverlay::setStopped(std::vector<std::pair<double, double>> bands) {
  if (bands == stopped_) return;
  stopped_ = std::move(bands);
  update();
}

// Only where the line stood and where it stands: the plots below are not painted whole for a mouse that moves.
void StackOverlay::updateLine(std::optional<double> x) {
  if (x) update(static_cast<int>(std::floor(*x)) - 1, 0, 4, height());
}

void StackOverlay::setPlayhead(std::optional<double> x) {
  if (x == playhead_) return;
  updateLine(playhead_);
  playhead_ = x;
  updateLine(playhead_);
}

void StackOverlay::setCrosshair(std::optional<double> x) {
  if (x == crosshair_) return;
  updateLine(crosshair_);
  crosshair_ = x;
  updateLine(crosshair_);
}

void StackOverlay::setCursors(std::vector<PlacedCursor> cursors) {
  if (cursors == cursors_) return;
  cursors_ = std::move(cursors);
  update();
}

void StackOverlay::setRange(std::optional<std::pair<double, double>> range) {
  if (range == range_) return;
  range_ = range;
  update();
}

void StackOverlay::setAreas(std::vector<QRect> areas) {
  if (areas == areas_) return;
  areas_ = std::move(areas);
  update();
}

const PlacedMarker* StackOverlay::markerNear(double x, double reach) const {
  const PlacedMarker* best = nullptr;
  for (const auto& marker : markers_) {
    const double distance = std::abs(marker.x - x);
    if (distance <= reach && (best == nullptr || distance < std::abs(best->x - x))) best = &marker;
  }
  return best;
}

void StackOverlay::drawLine(QPainter& painter, double x) const {
  const double at = std::floor(x) + 0.5;
  for (const QRect& area : areas_) painter.drawLine(QPointF(at, area.top()), QPointF(at, area.bottom() + 1));
}

void StackOverlay::drawStopped(QPainter& painter) const {
  const Colors& c = colorsOf(this);
  for (const auto& [from, to] : stopped_) {
    for (const QRect& area : areas_) {
      const QRectF band(from, area.top(), std::max(1.0, to - from), area.height());
      QColor veil = c.window;
      veil.setAlpha(140);
      painter.fillRect(band, veil);
      painter.fillRect(band, QBrush(c.faint, Qt::FDiagPattern));
    }
    if (areas_.empty() || to - from < 60) continue;
    painter.setFont(uiFont(kSmallPx));
    painter.setPen(c.text);
    painter.drawText(QRectF(from, areas_.front().top(), to - from, 18), Qt::AlignCenter, tr("stopped"));
  }
}

void StackOverlay::drawRange(QPainter& painter) const {
  if (!range_) return;
  const Colors& c = colorsOf(this);
  QColor veil = c.accent;
  veil.setAlpha(50);
  for (const QRect& area : areas_) {
    QRectF band(range_->first, area.top(), std::max(1.0, range_->second - range_->first), area.height());
    band = band.intersected(QRectF(area));
    if (band.isEmpty()) continue;
    painter.fillRect(band, veil);
    painter.setPen(QPen(c.accent, 1));
    painter.drawLine(band.topLeft(), band.bottomLeft());
    painter.drawLine(band.topRight(), band.bottomRight());
  }
}

// The letter stands at the foot of the lowest plot, where neither markers nor newest samples are.
void StackOverlay::drawCursors(QPainter& painter) const {
  const Colors& c = colorsOf(this);
  painter.setFont(uiFont(kSmallPx, QFont::DemiBold));
  for (const auto& cursor : cursors_) {
    painter.setPen(QPen(c.text, 1, Qt::DashLine));
    drawLine(painter, cursor.x);
    if (areas_.empty()) continue;
    const QRectF flag(cursor.x - 7, areas_.back().bottom() - 15, 14, 15);
    painter.fillRect(flag, c.text);
    painter.setPen(c.panel);
    painter.drawText(flag, Qt::AlignCenter, cursor.name);
  }
}

void StackOverlay::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const Colors& c = colorsOf(this);
  drawStopped(painter);
  drawRange(painter);
  for (const auto& marker : markers_) {
    QColor line = markerColor(c, marker.kind);
    line.setAlpha(130);
    painter.setPen(QPen(line, 1, Qt::DotLine));
    drawLine(painter, marker.x);
  }
  if (playhead_) {
    painter.setPen(QPen(c.text, 1));
    drawLine(painter, *playhead_);
  }
  if (crosshair_) {
    painter.setPen(QPen(c.muted, 1));
    drawLine(painter, *crosshair_);
  }
  drawCursors(painter);
  if (areas_.empty()) return;
  for (const auto& marker : markers_)
    drawMarker(painter, c, marker.kind, QPointF(marker.x, areas_.front().top() + 7), 11);
}

}  // namespace qd::widgets::plot
