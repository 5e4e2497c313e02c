// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/world/world_view.h"

#include <QPainter>
#include <algorithm>
#include <cmath>

#include "widgets/base/format.h"
#include "widgets/base/theme.h"

namespace qd::widgets::world {

WorldView::WorldView(QWidget* parent) : QWidget(parent) {
  setMinimumSize(160, 120);
  setFocusPolicy(Qt::StrongFocus);
  setMouseTracking(true);
}

void WorldView::setPicture(Picture picture) {
  picture_ = std::move(picture);
  if (follow_) {
    keepInMiddle();
  } else if (fitted_) {
    fit();
  }
  hover();
  update();
}

void WorldView::setSelected(std::optional<std::uint32_t> entity) {
  if (entity == selected_) return;
  selected_ = entity;
  if (!selected_) setFollow(false);
  if (follow_) keepInMiddle();
  update();
}

void WorldView::setFollow(bool follow) {
  if (follow && !selected_) follow = false;
  if (follow == follow_) return;
  follow_ = follow;
  if (follow_) {
    fitted_ = false;
    // Near enough to see errors, far enough to see who is around.
    if (zoom_ < 8) zoom_ = 8;
    keepInMiddle();
  }
  update();
  Q_EMIT followChanged(follow_);
}

void WorldView::setShotsShown(bool shown) {
  shots_ = shown;
  update();
}

QRectF WorldView::canvas() const {
  return QRectF(0, 0, width(), std::max(1, height() - WorldPainter::kLegendHeight));
}

const Entity* WorldView::entity(std::optional<std::uint32_t> id) const {
  if (!id) return nullptr;
  const auto& all = picture_.scene.entities;
  const auto found = std::ranges::find(all, *id, &Entity::id);
  return found == all.end() ? nullptr : &*found;
}

// The selected entity, else the editor's own player.
const Entity* WorldView::eye() const {
  if (const Entity* selected = entity(selected_)) return selected;
  for (const Entity& e : picture_.scene.entities)
    for (const Ghost& g : e.ghosts)
      if (g.how == Drawn::Predicted) return &e;
  return nullptr;
}

void WorldView::keepInMiddle() {
  if (const Entity* followed = entity(selected_)) centre_ = QPointF(followed->x, followed->y);
}

void WorldView::fit() {
  fitted_ = true;
  const auto bounds = boundsOf(picture_.scene);
  if (!bounds) return;
  const QRectF area = canvas().adjusted(12, 12, -12, -12);
  const double wide = std::max(bounds->right - bounds->left, 1.0), high = std::max(bounds->top - bounds->bottom, 1.0);
  const double wanted = std::clamp(std::min(area.width() / wide, area.height() / high), kMinZoom, 200.0);
  // In coarse steps, and only when something leaves the picture or much of it is empty: a picture that breathes with
  // every step of a player cannot be read.
  const QRectF shown(projection().toWorld(canvas().topLeft()), projection().toWorld(canvas().bottomRight()));
  const bool inside = bounds->left >= shown.left() && bounds->right <= shown.right() &&
                      bounds->bottom >= shown.bottom() && bounds->top <= shown.top();
  if (inside && zoom_ <= wanted * 1.3 && zoom_ >= wanted * 0.75) return;
  zoom_ = wanted * 0.9;
  centre_ = QPointF((bounds->left + bounds->right) / 2, (bounds->bottom + bounds->top) / 2);
  update();
}

// In a corner where the cursor is not.
QRectF WorldView::lensBox() const {
  const double side = std::clamp(std::min(canvas().width(), canvas().height()) * 0.45, 96.0, 180.0);
  const QRectF below(kPad, canvas().bottom() - side - 50 - kPad, side * 1.2, side + 50);
  const QRectF above(kPad, 24, side * 1.2, side + 50);
  return cursor_ && below.adjusted(-20, -20, 20, 20).contains(*cursor_) ? above : below;
}

void WorldView::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  const Colors& c = colorsOf(this);
  painter.fillRect(rect(), c.panel);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setClipRect(canvas());
  const Projection at = projection();
  const WorldPainter paint(painter, c, picture_, at);
  paint.ground();
  painter.setOpacity(picture_.age ? 0.5 : 1);
  paint.sight(eye());
  paint.trails();
  paint.entities(selected_, hovered_);
  if (shots_) paint.shots();
  painter.setOpacity(1);
  paint.scaleBar();
  QString left;
  if (const Entity* chosen = entity(selected_)) {
    left = tr("#%1 · %2 m/s").arg(chosen->id).arg(formatNumber(std::hypot(chosen->vx, chosen->vy)));
    for (const Ghost& ghost : chosen->ghosts)
      if (ghost.error()) left += tr(" · error %1").arg(formatValue(ghost.error(), "m"));
  } else if (selected_) {
    left = tr("#%1 is not here now").arg(*selected_);
  }
  paint.corner(left);
  if (shots_ && !picture_.shots.empty()) paint.shotLens(picture_.shots.back(), lensBox());
  if (const Entity* under = entity(hovered_); under != nullptr && cursor_) paint.hoverBox(*under, *cursor_);
  painter.setClipping(false);
  paint.legend(QRectF(0, canvas().bottom(), width(), WorldPainter::kLegendHeight));
}

}  // namespace qd::widgets::world
