// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/world/world_view.h"

#include <QPainter>
#include <algorithm>
#include <cmath>

#include "widgets/base/format.h"
#include "widgets/base/theme.h"

namespace qd::widgets::world {
namespace {

constexpr int kLegendHeight = 40;
constexpr double kVectorPixels = 40;

double niceLength(double atLeast) {
  const double power = std::pow(10.0, std::floor(std::log10(std::max(atLeast, 1e-6))));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= atLeast) return factor * power;
  return 10 * power;
}

// Smaller where the picture is small, so that a crowd stays a crowd of single ones.
double radiusOf(std::uint32_t flags, double zoom) {
  const double scale = std::clamp(zoom, 0.6, 1.0);
  if (flags & ingest::kEntityPlayer) return 5 * scale;
  if (flags & ingest::kEntityProjectile) return 2;
  return 3.5 * scale;
}

QColor ghostColor(const Colors& c, Drawn how) {
  if (how == Drawn::Extrapolated) return c.extrapolated;
  if (how == Drawn::Held) return c.held;
  return seriesColor(c.scheme, ingest::ProcessKind::Editor, ProcessId("editor-1"), "interp.error");
}

QBrush ghostBrush(const QColor& color, Drawn how) {
  if (how == Drawn::Extrapolated) return QBrush(color, Qt::BDiagPattern);
  if (how == Drawn::Held) return QBrush(color, Qt::DiagCrossPattern);
  return Qt::NoBrush;
}

}  // namespace

WorldView::WorldView(QWidget* parent) : QWidget(parent) {
  setMinimumSize(160, 120);
  setFocusPolicy(Qt::StrongFocus);
}

void WorldView::setScene(Scene scene, Surroundings surroundings) {
  scene_ = std::move(scene);
  surroundings_ = std::move(surroundings);
  if (fitted_) fit();
  update();
}

void WorldView::setSelected(std::optional<std::uint32_t> entity) {
  if (entity == selected_) return;
  selected_ = entity;
  update();
}

QRectF WorldView::canvas() const {
  return QRectF(0, 0, width(), std::max(1, height() - kLegendHeight));
}

void WorldView::fit() {
  fitted_ = true;
  const auto bounds = boundsOf(scene_);
  if (!bounds) return;
  const QRectF area = canvas().adjusted(12, 12, -12, -12);
  const double wide = std::max(bounds->right - bounds->left, 1.0), high = std::max(bounds->top - bounds->bottom, 1.0);
  const double wanted = std::clamp(std::min(area.width() / wide, area.height() / high), kMinZoom, 200.0);
  // In coarse steps, and only when something leaves the picture or much of it is empty: a picture that breathes with
  // every step of a player cannot be read.
  const QRectF shown(toWorld(canvas().topLeft()), toWorld(canvas().bottomRight()));
  const bool inside = bounds->left >= shown.left() && bounds->right <= shown.right() &&
                      bounds->bottom >= shown.bottom() && bounds->top <= shown.top();
  if (inside && zoom_ <= wanted * 1.3 && zoom_ >= wanted * 0.75) return;
  zoom_ = wanted * 0.9;
  centre_ = QPointF((bounds->left + bounds->right) / 2, (bounds->bottom + bounds->top) / 2);
  update();
}

QPointF WorldView::toScreen(double x, double y) const {
  const QPointF middle = canvas().center();
  return {middle.x() + (x - centre_.x()) * zoom_, middle.y() - (y - centre_.y()) * zoom_};
}

QPointF WorldView::toWorld(QPointF at) const {
  const QPointF middle = canvas().center();
  return {centre_.x() + (at.x() - middle.x()) / zoom_, centre_.y() - (at.y() - middle.y()) / zoom_};
}

void WorldView::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const Colors& c = colorsOf(this);
  painter.fillRect(rect(), c.panel);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setClipRect(canvas());
  errorScale_ = errorScale(scene_.worstError, zoom_, kVectorPixels);
  drawGround(painter);
  drawSurroundings(painter);
  for (const Entity& entity : scene_.entities) drawEntity(painter, entity);
  for (const Entity& entity : scene_.entities)
    for (const Ghost& ghost : entity.ghosts) drawGhost(painter, entity, ghost);
  drawScaleBar(painter);
  drawDetails(painter);
  painter.setClipping(false);
  drawLegend(painter);
}

void WorldView::drawGround(QPainter& painter) const {
  const Colors& c = colorsOf(this);
  const double step = niceLength(64 / zoom_);
  const QPointF low = toWorld(canvas().bottomLeft()), high = toWorld(canvas().topRight());
  painter.setPen(QPen(c.grid, 1));
  for (double x = std::ceil(low.x() / step) * step; x <= high.x(); x += step) {
    const double at = std::floor(toScreen(x, 0).x()) + 0.5;
    painter.drawLine(QPointF(at, 0), QPointF(at, canvas().bottom()));
  }
  for (double y = std::ceil(low.y() / step) * step; y <= high.y(); y += step) {
    const double at = std::floor(toScreen(0, y).y()) + 0.5;
    painter.drawLine(QPointF(0, at), QPointF(width(), at));
  }
}

const Entity* WorldView::selectedEntity() const {
  if (!selected_) return nullptr;
  for (const Entity& e : scene_.entities)
    if (e.id == *selected_) return &e;
  return nullptr;
}

void WorldView::drawSurroundings(QPainter& painter) const {
  const Colors& c = colorsOf(this);
  // Around whom one looks: the selected entity, else the editor's own player.
  const Entity* eye = selectedEntity();
  for (const Entity& e : scene_.entities)
    if (eye == nullptr)
      for (const Ghost& g : e.ghosts)
        if (g.how == Drawn::Predicted) eye = &e;
  if (surroundings_.visibility && eye != nullptr) {
    const double radius = *surroundings_.visibility * zoom_;
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(c.muted, 1, Qt::DashDotLine));
    painter.drawEllipse(toScreen(eye->x, eye->y), radius, radius);
  }
  if (surroundings_.weather.isEmpty()) return;
  painter.setFont(uiFont(kSmallPx));
  painter.setPen(c.muted);
  painter.drawText(canvas().adjusted(kPad, kGap, -kPad, 0), Qt::AlignRight | Qt::AlignTop, surroundings_.weather);
}

void WorldView::drawEntity(QPainter& painter, const Entity& entity) const {
  if (!entity.onServer) return;
  const Colors& c = colorsOf(this);
  QColor color = seriesColor(c.scheme, ingest::ProcessKind::Server, ProcessId("server-1"), "tick.duration");
  const bool dead = (entity.flags & ingest::kEntityPlayer) && !(entity.flags & ingest::kEntityAlive);
  if (dead) color = c.faint;
  const QPointF at = toScreen(entity.x, entity.y);
  const double r = radiusOf(entity.flags, zoom_);
  painter.setPen(Qt::NoPen);
  painter.setBrush(color);
  if (entity.flags & ingest::kEntityNpc)
    painter.drawRect(QRectF(at.x() - r + 0.5, at.y() - r + 0.5, 2 * r - 1, 2 * r - 1));
  else
    painter.drawEllipse(at, r, r);
  if (selected_ != entity.id) return;
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen(c.text, 2));
  painter.drawEllipse(at, r + 6, r + 6);
}

void WorldView::drawGhost(QPainter& painter, const Entity& entity, const Ghost& ghost) const {
  const Colors& c = colorsOf(this);
  const QPointF at = toScreen(ghost.x, ghost.y);
  const double r = radiusOf(entity.flags, zoom_) + 2;
  if (entity.onServer) {
    painter.setPen(QPen(c.faint, 1));
    painter.drawLine(at, toScreen(entity.x, entity.y));
  }
  const QColor color = ghostColor(c, ghost.how);
  painter.setPen(QPen(color, 1.5, ghost.how == Drawn::Predicted ? Qt::DotLine : Qt::SolidLine));
  painter.setBrush(ghostBrush(color, ghost.how));
  if (entity.flags & ingest::kEntityNpc)
    painter.drawRect(QRectF(at.x() - r, at.y() - r, 2 * r, 2 * r));
  else
    painter.drawEllipse(at, r, r);
  const auto error = ghost.error();
  if (!error || *error * zoom_ * errorScale_ < 3) return;
  const QPointF tip = at + QPointF(*ghost.errorX, -*ghost.errorY) * zoom_ * errorScale_;
  painter.setPen(QPen(c.text, 2, Qt::SolidLine, Qt::RoundCap));
  painter.drawLine(at, tip);
  painter.setBrush(c.text);
  painter.setPen(Qt::NoPen);
  painter.drawEllipse(tip, 2, 2);
}

void WorldView::drawScaleBar(QPainter& painter) const {
  const Colors& c = colorsOf(this);
  const double metres = niceLength(40 / zoom_);
  const double length = metres * zoom_;
  const QPointF end = canvas().bottomRight() - QPointF(kPad, kPad);
  painter.setPen(QPen(c.muted, 2));
  painter.drawLine(end - QPointF(length, 0), end);
  painter.setFont(numberFont());
  painter.drawText(QRectF(end.x() - length - 60, end.y() - 20, length + 60, 16), Qt::AlignRight | Qt::AlignBottom,
                   formatValue(metres, "m"));
}

void WorldView::drawDetails(QPainter& painter) const {
  const Entity* entity = selectedEntity();
  if (entity == nullptr) return;
  const Colors& c = colorsOf(this);
  QString text = tr("#%1 · %2 m/s").arg(entity->id).arg(formatNumber(std::hypot(entity->vx, entity->vy)));
  for (const Ghost& ghost : entity->ghosts)
    if (ghost.error()) text += tr(" · error %1").arg(formatValue(ghost.error(), "m"));
  painter.setFont(numberFont());
  painter.setPen(c.text);
  painter.drawText(canvas().adjusted(kPad, kGap, -kPad, 0), Qt::AlignLeft | Qt::AlignTop, text);
}

void WorldView::drawLegend(QPainter& painter) const {
  const Colors& c = colorsOf(this);
  const QRectF bar(0, canvas().bottom(), width(), kLegendHeight);
  painter.fillRect(bar, c.panel);
  painter.setPen(c.border);
  painter.drawLine(bar.topLeft() + QPointF(0, 0.5), bar.topRight() + QPointF(0, 0.5));
  painter.setFont(uiFont(kSmallPx));
  const QFontMetrics metrics(painter.font());
  const QColor server = seriesColor(c.scheme, ingest::ProcessKind::Server, ProcessId("server-1"), "tick.duration");
  struct Item {
    QString text;
    QColor color;
    QBrush brush;
  };
  const Item items[] = {
      {tr("server"), server, server},
      {tr("as drawn"), ghostColor(c, Drawn::Interpolated), Qt::NoBrush},
      {tr("extrapolated %1").arg(scene_.extrapolated), c.extrapolated, ghostBrush(c.extrapolated, Drawn::Extrapolated)},
      {tr("held %1").arg(scene_.held), c.held, ghostBrush(c.held, Drawn::Held)}};
  double x = kPad, y = bar.top() + 10;
  for (const Item& item : items) {
    const double needed = 16 + metrics.horizontalAdvance(item.text) + 12;
    if (x + needed > width() && x > kPad) {
      x = kPad;
      y += 18;
    }
    painter.setPen(QPen(item.color, 1.5));
    painter.setBrush(item.brush);
    painter.drawEllipse(QPointF(x + 5, y), 5, 5);
    painter.setPen(c.muted);
    painter.drawText(QRectF(x + 15, y - 9, needed, 18), Qt::AlignVCenter, item.text);
    x += needed;
  }
  const QString vector = errorScale_ == 1 ? tr("— error") : tr("— error × %1").arg(errorScale_);
  painter.setPen(c.text);
  painter.drawText(QRectF(0, bar.bottom() - 20, width() - kPad, 18), Qt::AlignRight | Qt::AlignVCenter, vector);
}

}  // namespace qd::widgets::world
