// SPDX-License-Identifier: GPL-3.0-or-later
// Mouse of the world view.
#include <QMouseEvent>
#include <algorithm>
#include <cmath>

#include "widgets/world/world_view.h"

namespace qd::widgets::world {

void WorldView::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  if (fitted_) fit();
}

void WorldView::mousePressEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton) return;
  pressed_ = last_ = event->position();
  down_ = true;
  moved_ = false;
}

void WorldView::mouseMoveEvent(QMouseEvent* event) {
  if (!down_) return;
  if (!moved_ && (event->position() - pressed_).manhattanLength() < 4) return;
  moved_ = true;
  fitted_ = false;
  const QPointF delta = event->position() - last_;
  last_ = event->position();
  centre_ += QPointF(-delta.x() / zoom_, delta.y() / zoom_);
  update();
}

void WorldView::mouseReleaseEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton || !down_) return;
  down_ = false;
  if (moved_ || !canvas().contains(event->position())) return;
  const QPointF at = toWorld(event->position());
  Q_EMIT picked(nearest(scene_, at.x(), at.y(), 12 / zoom_));
}

void WorldView::mouseDoubleClickEvent(QMouseEvent*) {
  zoom_ = kMinZoom;  // so that fit() does not find the present picture good enough
  fit();
}

void WorldView::wheelEvent(QWheelEvent* event) {
  fitted_ = false;
  const QPointF before = toWorld(event->position());
  zoom_ = std::clamp(zoom_ * std::pow(1.25, event->angleDelta().y() / 120.0), kMinZoom, kMaxZoom);
  centre_ += before - toWorld(event->position());
  update();
  event->accept();
}

}  // namespace qd::widgets::world
