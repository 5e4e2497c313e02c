// SPDX-License-Identifier: GPL-3.0-or-later
// Shots in the world picture, and the lens on the newest one.
#include <QCoreApplication>
#include <algorithm>
#include <cmath>

#include "widgets/base/format.h"
#include "widgets/world/world_painter.h"

namespace qd::widgets::world {
namespace {

constexpr double kBlindRay = 20;  // m, of a ray whose target is not known

QString tr(const char* text) {
  return QCoreApplication::translate("WorldView", text);
}

using netcode::PlanePoint;
using netcode::Shot;

// As far as the target.
std::optional<PlanePoint> endOf(const Shot& shot) {
  if (!shot.origin || !shot.yaw) return std::nullopt;
  double length = kBlindRay;
  for (const auto& target : {shot.now, shot.rewound, shot.seen})
    if (target) length = std::hypot(target->x - shot.origin->x, target->y - shot.origin->y);
  return PlanePoint{shot.origin->x + std::cos(*shot.yaw) * length, shot.origin->y + std::sin(*shot.yaw) * length};
}

}  // namespace

void WorldPainter::shots() const {
  for (const Shot& one : picture_.shots) shot(one, &one == &picture_.shots.back());
}

// The ray, solid where both agree, dashed where they do not; the client's box dashed, the server's solid, the target as
// it was then dotted.
void WorldPainter::shot(const Shot& shot, bool newest) const {
  const double opacity = p_.opacity();
  p_.setOpacity(opacity * (newest ? 1 : 0.45));
  const double r = std::max(3.0, shot.radius * at_.zoom);
  const auto ring = [&](const std::optional<PlanePoint>& point, const QColor& color, Qt::PenStyle style) {
    if (!point) return;
    p_.setBrush(Qt::NoBrush);
    p_.setPen(QPen(color, 1.5, style));
    p_.drawEllipse(at_.toScreen(point->x, point->y), r, r);
  };
  if (const auto end = endOf(shot)) {
    p_.setPen(QPen(shot.agree() ? c_.text : c_.caution, newest ? 1.5 : 1, shot.agree() ? Qt::SolidLine : Qt::DashLine));
    p_.drawLine(at_.toScreen(shot.origin->x, shot.origin->y), at_.toScreen(end->x, end->y));
  }
  ring(shot.now, c_.faint, Qt::DotLine);
  ring(shot.rewound, serverColor(), Qt::SolidLine);
  ring(shot.seen, ghostColor({0, 0, 0, Drawn::Interpolated, {}, {}}), Qt::DashLine);
  p_.setOpacity(opacity);
}

void WorldPainter::shotLens(const Shot& shot, const QRectF& box) const {
  p_.save();
  p_.setPen(QPen(c_.border, 1));
  p_.setBrush(c_.window);
  p_.drawRect(box);
  const QRectF view = box.adjusted(1, 1, -1, -50);
  const auto middle = shot.rewound ? shot.rewound : shot.seen ? shot.seen : shot.now;
  if (middle) {
    // Both boxes in sight, however far they are apart.
    double reach = 1.6 * shot.radius;
    for (const auto& point : {shot.seen, shot.now})
      if (point) reach = std::max(reach, std::hypot(point->x - middle->x, point->y - middle->y) + 1.3 * shot.radius);
    reach = std::min(reach, 8 * shot.radius);
    const Projection close{view, QPointF(middle->x, middle->y), std::min(view.width(), view.height()) / 2 / reach};
    p_.setClipRect(view);
    WorldPainter inside(p_, c_, picture_, close);
    inside.shot(shot, true);
    inside.scaleBar();
    p_.setClipping(false);
  }
  p_.setFont(uiFont(kSmallPx));
  const auto line = [&](int n, const QColor& color, const QString& text) {
    p_.setPen(color);
    const QRectF at(box.left() + 6, view.bottom() + 1 + 16 * n, box.width() - 12, 16);
    p_.drawText(at, Qt::AlignVCenter, QFontMetricsF(p_.font()).elidedText(text, Qt::ElideRight, at.width()));
  };
  line(0, c_.text, tr("shot #%1 → #%2").arg(shot.shooter).arg(shot.target));
  line(1, shot.agree() ? c_.text : c_.caution, QString::fromStdString(verdictText(shot)));
  QString rewound = tr("rewound %1").arg(formatValue(shot.rewindMs, "ms"));
  if (shot.rewindErrorM) rewound += tr(", off %1").arg(formatValue(shot.rewindErrorM, "m"));
  line(2, c_.muted, rewound);
  p_.restore();
}

}  // namespace qd::widgets::world
