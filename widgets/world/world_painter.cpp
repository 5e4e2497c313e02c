// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/world/world_painter.h"

#include <QCoreApplication>
#include <QPainterPath>
#include <algorithm>
#include <cmath>

#include "widgets/base/format.h"

namespace qd::widgets::world {
namespace {

constexpr double kVectorPixels = 40;

QString tr(const char* text) {
  return QCoreApplication::translate("WorldView", text);
}

// Smaller where the picture is small, so that a crowd stays a crowd of single ones.
double radiusOf(std::uint32_t flags, double zoom) {
  const double scale = std::clamp(zoom, 0.6, 1.0);
  if (flags & ingest::kEntityPlayer) return 5 * scale;
  if (flags & ingest::kEntityProjectile) return 2;
  return 3.5 * scale;
}

QBrush hatch(const QColor& color, Drawn how) {
  if (how == Drawn::Extrapolated) return QBrush(color, Qt::BDiagPattern);
  if (how == Drawn::Held) return QBrush(color, Qt::DiagCrossPattern);
  return Qt::NoBrush;
}

QString howText(Drawn how) {
  switch (how) {
    case Drawn::Interpolated:
      return tr("interpolated");
    case Drawn::Extrapolated:
      return tr("extrapolated");
    case Drawn::Held:
      return tr("held");
    case Drawn::Predicted:
      return tr("predicted");
    case Drawn::Plain:
      break;
  }
  return tr("drawn");
}

QString kindText(std::uint32_t flags) {
  QString kind = flags & ingest::kEntityPlayer       ? tr("player")
                 : flags & ingest::kEntityNpc        ? tr("NPC")
                 : flags & ingest::kEntityProjectile ? tr("projectile")
                                                     : tr("entity");
  if ((flags & ingest::kEntityAlive) == 0) kind += tr(", dead");
  return kind;
}

}  // namespace

double niceLength(double atLeast) {
  const double power = std::pow(10.0, std::floor(std::log10(std::max(atLeast, 1e-6))));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= atLeast) return factor * power;
  return 10 * power;
}

WorldPainter::WorldPainter(QPainter& painter, const Colors& colors, const Picture& picture,
                           const Projection& projection)
    : p_(painter), c_(colors), picture_(picture), at_(projection) {
  errorScale_ = world::errorScale(picture.scene.worstError, projection.zoom, kVectorPixels);
}

QColor WorldPainter::serverColor() const {
  return seriesColor(c_.scheme, ingest::ProcessKind::Server, picture_.server, "tick.duration");
}

QColor WorldPainter::ghostColor(const Ghost& ghost) const {
  if (ghost.how == Drawn::Extrapolated) return c_.extrapolated;
  if (ghost.how == Drawn::Held) return c_.held;
  const ProcessId editor = ghost.editor < picture_.editors.size() ? picture_.editors[ghost.editor] : ProcessId();
  return seriesColor(c_.scheme, ingest::ProcessKind::Editor, editor, "interp.error");
}

QString WorldPainter::nameOf(std::uint32_t id) const {
  const auto name = picture_.names.find(id);
  return name == picture_.names.end() ? QStringLiteral("#%1").arg(id)
                                      : QStringLiteral("#%1 %2").arg(id).arg(QString::fromStdString(name->second));
}

void WorldPainter::ground() const {
  const double step = niceLength(64 / at_.zoom);
  const QPointF low = at_.toWorld(at_.canvas.bottomLeft()), high = at_.toWorld(at_.canvas.topRight());
  p_.setPen(QPen(c_.grid, 1));
  for (double x = std::ceil(low.x() / step) * step; x <= high.x(); x += step) {
    const double at = std::floor(at_.toScreen(x, 0).x()) + 0.5;
    p_.drawLine(QPointF(at, 0), QPointF(at, at_.canvas.bottom()));
  }
  for (double y = std::ceil(low.y() / step) * step; y <= high.y(); y += step) {
    const double at = std::floor(at_.toScreen(0, y).y()) + 0.5;
    p_.drawLine(QPointF(0, at), QPointF(at_.canvas.right(), at));
  }
}

void WorldPainter::sight(const Entity* eye) const {
  if (!picture_.surroundings.visibility || eye == nullptr) return;
  const double radius = *picture_.surroundings.visibility * at_.zoom;
  const QPointF middle = at_.toScreen(eye->x, eye->y);
  QPainterPath beyond;
  beyond.addRect(at_.canvas);
  QPainterPath disc;
  disc.addEllipse(middle, radius, radius);
  QColor shade = c_.faint;
  shade.setAlpha(38);
  p_.fillPath(beyond.subtracted(disc), shade);
  p_.setBrush(Qt::NoBrush);
  p_.setPen(QPen(c_.muted, 1, Qt::DashDotLine));
  p_.drawEllipse(middle, radius, radius);
  p_.setFont(uiFont(kSmallPx));
  const QString text = tr("sight %1").arg(formatValue(picture_.surroundings.visibility, "m"));
  const double width = QFontMetricsF(p_.font()).horizontalAdvance(text);
  QPointF label = middle + QPointF(-width / 2, -radius - 4);
  // Where the circle's top is out of the picture its bottom may be in it.
  if (label.y() < 34) label.setY(middle.y() + radius - 6);
  if (label.y() > 34 && label.y() < at_.canvas.bottom() - 4) p_.drawText(label, text);
}

void WorldPainter::line(const std::vector<TrailPoint>& points, const QColor& color, Qt::PenStyle style) const {
  QPainterPath path;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const QPointF at = at_.toScreen(points[i].x, points[i].y);
    if (i == 0 || points[i].breakBefore) {
      path.moveTo(at);
    } else {
      path.lineTo(at);
    }
  }
  p_.setBrush(Qt::NoBrush);
  p_.setPen(QPen(color, 1.25, style));
  p_.drawPath(path);
}

void WorldPainter::trails() const {
  for (const Trail& trail : picture_.trails) {
    QColor color = serverColor();
    color.setAlphaF(0.65F);
    line(trail.server, color, Qt::SolidLine);
    for (std::size_t editor = 0; editor < trail.drawn.size(); ++editor) {
      color = ghostColor({editor, 0, 0, Drawn::Interpolated, {}, {}});
      color.setAlphaF(0.8F);
      line(trail.drawn[editor], color, Qt::DashLine);
      // Where a picture was made up, a tick across the trail: extrapolated one, held two.
      for (const TrailPoint& point : trail.drawn[editor]) {
        if (point.how != Drawn::Extrapolated && point.how != Drawn::Held) continue;
        p_.setPen(QPen(point.how == Drawn::Held ? c_.held : c_.extrapolated, 1.5));
        const QPointF at = at_.toScreen(point.x, point.y);
        p_.drawLine(at + QPointF(-3, -3), at + QPointF(3, 3));
        if (point.how == Drawn::Held) p_.drawLine(at + QPointF(-3, 3), at + QPointF(3, -3));
      }
    }
  }
}

void WorldPainter::entities(std::optional<std::uint32_t> selected, std::optional<std::uint32_t> hovered) const {
  for (const Entity& e : picture_.scene.entities) entity(e, selected == e.id, hovered == e.id);
  for (const Entity& e : picture_.scene.entities)
    for (const Ghost& g : e.ghosts) ghost(e, g);
}

void WorldPainter::entity(const Entity& entity, bool selected, bool hovered) const {
  const QPointF at = at_.toScreen(entity.x, entity.y);
  const double r = radiusOf(entity.flags, at_.zoom);
  if (selected || hovered) {
    p_.setBrush(Qt::NoBrush);
    p_.setPen(QPen(c_.text, selected ? 2 : 1, selected ? Qt::SolidLine : Qt::DotLine));
    p_.drawEllipse(at, r + 6, r + 6);
  }
  if (!entity.onServer) return;
  const bool dead = (entity.flags & ingest::kEntityPlayer) && !(entity.flags & ingest::kEntityAlive);
  const QColor color = dead ? c_.faint : serverColor();
  p_.setPen(Qt::NoPen);
  p_.setBrush(color);
  if (dead) {  // by shape too
    p_.setPen(QPen(color, 2));
    p_.drawLine(at + QPointF(-r, -r), at + QPointF(r, r));
    p_.drawLine(at + QPointF(-r, r), at + QPointF(r, -r));
  } else if (entity.flags & ingest::kEntityNpc) {
    p_.drawRect(QRectF(at.x() - r + 0.5, at.y() - r + 0.5, 2 * r - 1, 2 * r - 1));
  } else {
    p_.drawEllipse(at, r, r);
  }
}

void WorldPainter::ghost(const Entity& entity, const Ghost& ghost) const {
  const QPointF at = at_.toScreen(ghost.x, ghost.y);
  const double r = radiusOf(entity.flags, at_.zoom) + 2;
  if (entity.onServer) {
    p_.setPen(QPen(c_.faint, 1));
    p_.drawLine(at, at_.toScreen(entity.x, entity.y));
  }
  const QColor color = ghostColor(ghost);
  p_.setPen(QPen(color, 1.5, ghost.how == Drawn::Predicted ? Qt::DotLine : Qt::SolidLine));
  p_.setBrush(hatch(color, ghost.how));
  if (entity.flags & ingest::kEntityNpc)
    p_.drawRect(QRectF(at.x() - r, at.y() - r, 2 * r, 2 * r));
  else
    p_.drawEllipse(at, r, r);
  const auto error = ghost.error();
  if (!error || *error * at_.zoom * errorScale_ < 3) return;
  const QPointF tip = at + QPointF(*ghost.errorX, -*ghost.errorY) * at_.zoom * errorScale_;
  p_.setPen(QPen(c_.text, 2, Qt::SolidLine, Qt::RoundCap));
  p_.drawLine(at, tip);
  p_.setBrush(c_.text);
  p_.setPen(Qt::NoPen);
  p_.drawEllipse(tip, 2, 2);
}

void WorldPainter::scaleBar() const {
  const double metres = niceLength(40 / at_.zoom);
  const double length = metres * at_.zoom;
  const QPointF end = at_.canvas.bottomRight() - QPointF(kPad, kPad);
  p_.setPen(QPen(c_.muted, 2));
  p_.drawLine(end - QPointF(length, 0), end);
  p_.setFont(numberFont());
  p_.drawText(QRectF(end.x() - length - 60, end.y() - 20, length + 60, 16), Qt::AlignRight | Qt::AlignBottom,
              formatValue(metres, "m"));
}

void WorldPainter::corner(const QString& left) const {
  const QRectF area = at_.canvas.adjusted(kPad, kGap, -kPad, 0);
  p_.setFont(uiFont(kSmallPx));
  p_.setPen(c_.muted);
  QString right = picture_.surroundings.weather;
  if (picture_.age) {
    p_.setPen(c_.caution);
    right = tr("as of %1 ago").arg(formatSpan(*picture_.age));
  }
  p_.drawText(area, Qt::AlignRight | Qt::AlignTop, right);
  const double taken = QFontMetricsF(p_.font()).horizontalAdvance(right) + 12;
  p_.setFont(numberFont());
  p_.setPen(c_.text);
  p_.drawText(area, Qt::AlignLeft | Qt::AlignTop,
              QFontMetricsF(p_.font()).elidedText(left, Qt::ElideRight, area.width() - taken));
}

// Beside the entity on the side away from the cursor's way in, never over it.
void WorldPainter::hoverBox(const Entity& entity, QPointF cursor) const {
  QStringList lines{nameOf(entity.id) + QStringLiteral(" · ") + kindText(entity.flags)};
  if (entity.onServer)
    lines.append(tr("server: %1 m/s").arg(formatNumber(std::hypot(entity.vx, entity.vy))));
  else
    lines.append(tr("not on the server now"));
  for (const Ghost& ghost : entity.ghosts) {
    const QString editor = ghost.editor < picture_.editors.size()
                               ? QString::fromStdString(picture_.editors[ghost.editor].value)
                               : tr("editor");
    QString text = editor + QStringLiteral(": ") + howText(ghost.how);
    if (ghost.error()) text += tr(", error %1").arg(formatValue(ghost.error(), "m"));
    lines.append(text);
  }
  p_.setFont(uiFont(kSmallPx));
  const QFontMetricsF metrics(p_.font());
  double width = 0;
  for (const QString& text : lines) width = std::max(width, metrics.horizontalAdvance(text));
  const QSizeF size(width + 2 * kPad, 16.0 * static_cast<double>(lines.size()) + 8);
  QRectF keep(at_.toScreen(entity.x, entity.y), QSizeF());
  for (const Ghost& g : entity.ghosts) keep = keep.united(QRectF(at_.toScreen(g.x, g.y), QSizeF(0.1, 0.1)));
  keep = keep.united(QRectF(cursor, QSizeF(1, 1))).adjusted(-14, -14, 14, 14);
  QPointF corner(keep.right(), keep.bottom());
  if (corner.x() + size.width() > at_.canvas.right()) corner.setX(keep.left() - size.width());
  if (corner.y() + size.height() > at_.canvas.bottom()) corner.setY(keep.top() - size.height());
  const QRectF box(corner, size);
  p_.setPen(QPen(c_.border, 1));
  p_.setBrush(c_.raised);
  p_.drawRoundedRect(box, 3, 3);
  p_.setPen(c_.text);
  for (qsizetype i = 0; i < lines.size(); ++i)
    p_.drawText(QRectF(box.left() + kPad, box.top() + 4 + 16.0 * static_cast<double>(i), width + 2, 16),
                Qt::AlignVCenter, lines[i]);
}

void WorldPainter::legend(const QRectF& bar) const {
  p_.fillRect(bar, c_.panel);
  p_.setPen(c_.border);
  p_.drawLine(bar.topLeft() + QPointF(0, 0.5), bar.topRight() + QPointF(0, 0.5));
  p_.setFont(uiFont(kSmallPx));
  const QFontMetricsF metrics(p_.font());
  struct Item {
    QString text;
    QColor color;
    QBrush brush;
    Qt::PenStyle style = Qt::SolidLine;
  };
  std::vector<Item> items{{tr("server"), serverColor(), serverColor()}};
  const QColor drawn = ghostColor({0, 0, 0, Drawn::Interpolated, {}, {}});
  items.push_back({tr("as drawn"), drawn, Qt::NoBrush});
  items.push_back({tr("predicted"), drawn, Qt::NoBrush, Qt::DotLine});
  const Scene& scene = picture_.scene;
  items.push_back(
      {tr("extrapolated %1").arg(scene.extrapolated), c_.extrapolated, hatch(c_.extrapolated, Drawn::Extrapolated)});
  items.push_back({tr("held %1").arg(scene.held), c_.held, hatch(c_.held, Drawn::Held)});
  double x = kPad, y = bar.top() + 10;
  for (const Item& item : items) {
    const double needed = 16 + metrics.horizontalAdvance(item.text) + 10;
    if (x + needed > bar.right() && x > kPad) {
      x = kPad;
      y += 18;
    }
    p_.setPen(QPen(item.color, 1.5, item.style));
    p_.setBrush(item.brush);
    p_.drawEllipse(QPointF(x + 5, y), 4.5, 4.5);
    p_.setPen(c_.muted);
    p_.drawText(QRectF(x + 14, y - 9, needed, 18), Qt::AlignVCenter, item.text);
    x += needed;
  }
  const QString vector = errorScale_ == 1 ? tr("— error") : tr("— error × %1").arg(errorScale_);
  p_.setPen(c_.text);
  const double width = metrics.horizontalAdvance(vector) + kPad;
  if (y < bar.top() + 20 || x + width <= bar.right())
    p_.drawText(QRectF(0, bar.bottom() - 20, bar.width() - kPad, 18), Qt::AlignRight | Qt::AlignVCenter, vector);
}

}  // namespace qd::widgets::world
