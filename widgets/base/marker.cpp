// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/marker.h"

#include <QCoreApplication>
#include <QPainter>
#include <QPainterPath>

#include "widgets/base/theme.h"

namespace qd::widgets {
namespace {

QPainterPath pathOf(MarkerKind kind, QPointF at, double size) {
  const double r = size / 2;
  QPainterPath path;
  switch (kind) {
    case MarkerKind::Push:
      path.addPolygon(QPolygonF({at + QPointF(0, -r), at + QPointF(r, r), at + QPointF(-r, r)}));
      path.closeSubpath();
      break;
    case MarkerKind::Hit:
      path.addPolygon(QPolygonF({at + QPointF(0, -r), at + QPointF(r, 0), at + QPointF(0, r), at + QPointF(-r, 0)}));
      path.closeSubpath();
      break;
    case MarkerKind::Mark:
      path.addRect(QRectF(at.x() - r * 0.7, at.y() - r, size * 0.14, size));
      path.addPolygon(QPolygonF({at + QPointF(-r * 0.5, -r), at + QPointF(r, -r * 0.45),
                                 at + QPointF(-r * 0.5, r * 0.1), at + QPointF(-r * 0.5, -r)}));
      break;
    case MarkerKind::Alert:
      path.addRoundedRect(QRectF(at.x() - size * 0.13, at.y() - r, size * 0.26, size * 0.62), 1, 1);
      path.addEllipse(QRectF(at.x() - size * 0.15, at.y() + r - size * 0.28, size * 0.3, size * 0.28));
      break;
  }
  path.setFillRule(Qt::WindingFill);
  return path;
}

bool isAlert(const ingest::Moment& moment) {
  switch (moment.kind) {
    case ingest::MomentKind::Game:
      return moment.category.rfind("alert", 0) == 0;
    case ingest::MomentKind::Log:
      return moment.level >= ingest::LogLevel::Fatal;
    case ingest::MomentKind::Process: {
      const auto* change = moment.envelope ? std::get_if<ingest::ProcessChange>(&moment.envelope->event) : nullptr;
      return change != nullptr && change->info.state == ingest::ProcessState::Gone;
    }
    default:
      return false;
  }
}

}  // namespace

std::optional<MarkerKind> markerOf(const ingest::Moment& moment) {
  switch (moment.kind) {
    case ingest::MomentKind::Push:
      return MarkerKind::Push;
    case ingest::MomentKind::Hit:
      return MarkerKind::Hit;
    case ingest::MomentKind::Mark:
      return MarkerKind::Mark;
    default:
      if (isAlert(moment)) return MarkerKind::Alert;
      return std::nullopt;
  }
}

ingest::MomentFilter markerFilter() {
  using ingest::MomentKind;
  ingest::MomentFilter filter;
  filter.kinds = {MomentKind::Push, MomentKind::Hit,     MomentKind::Mark,
                  MomentKind::Game, MomentKind::Process, MomentKind::Log};
  filter.minimumLevel = ingest::LogLevel::Fatal;
  filter.gamePrefix = "alert";  // a game's ordinary events are many, and would crowd out the rest
  return filter;
}

QColor markerColor(const Colors& colors, MarkerKind kind) {
  switch (kind) {
    case MarkerKind::Push:
      return colors.push;
    case MarkerKind::Hit:
      return colors.hit;
    case MarkerKind::Mark:
      return colors.mark;
    case MarkerKind::Alert:
      break;
  }
  return colors.alarm;
}

QString markerName(MarkerKind kind) {
  switch (kind) {
    case MarkerKind::Push:
      return QCoreApplication::translate("Marker", "push");
    case MarkerKind::Hit:
      return QCoreApplication::translate("Marker", "hit");
    case MarkerKind::Mark:
      return QCoreApplication::translate("Marker", "mark");
    case MarkerKind::Alert:
      break;
  }
  return QCoreApplication::translate("Marker", "alert");
}

void drawMarker(QPainter& painter, const Colors& colors, MarkerKind kind, QPointF at, double size) {
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(QPen(colors.panel, 1.5));  // a rim, so that it stands out from the data below
  painter.setBrush(markerColor(colors, kind));
  const QPainterPath path = pathOf(kind, at, size);
  painter.drawPath(path);
  painter.setPen(Qt::NoPen);
  painter.drawPath(path);
  painter.restore();
}

}  // namespace qd::widgets
