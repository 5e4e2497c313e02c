// SPDX-License-Identifier: GPL-3.0-or-later
// Mouse and keys of the world view.
#include <QKeyEvent>
#include <QMouseEvent>
#include <algorithm>
#include <cmath>

#include "widgets/world/world_view.h"

namespace qd::widgets::world {
namespace {

constexpr double kStep = 1.25;
constexpr double kReach = 12;  // px

}  // namespace

void WorldView::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  if (fitted_) fit();
}

void WorldView::hover() {
  std::optional<std::uint32_t> under;
  if (cursor_ && !down_ && canvas().contains(*cursor_)) {
    const QPointF at = projection().toWorld(*cursor_);
    under = nearest(picture_.scene, at.x(), at.y(), kReach / zoom_);
  }
  if (under != hovered_) update();
  hovered_ = under;
}

void WorldView::mousePressEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton) return;
  pressed_ = last_ = event->position();
  down_ = true;
  moved_ = false;
}

void WorldView::mouseMoveEvent(QMouseEvent* event) {
  cursor_ = event->position();
  if (!down_) {
    hover();
    if (hovered_) update();  // the box goes along
    return;
  }
  if (!moved_ && (event->position() - pressed_).manhattanLength() < 4) return;
  moved_ = true;
  fitted_ = false;
  setFollow(false);
  hovered_.reset();
  const QPointF delta = event->position() - last_;
  last_ = event->position();
  centre_ += QPointF(-delta.x() / zoom_, delta.y() / zoom_);
  update();
}

void WorldView::mouseReleaseEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton || !down_) return;
  down_ = false;
  if (moved_ || !canvas().contains(event->position())) return;
  const QPointF at = projection().toWorld(event->position());
  Q_EMIT picked(nearest(picture_.scene, at.x(), at.y(), kReach / zoom_));
}

void WorldView::mouseDoubleClickEvent(QMouseEvent*) {
  setFollow(false);
  zoom_ = kMinZoom;  // so that fit() does not find the present picture good enough
  fit();
}

void WorldView::zoomBy(double factor, QPointF around) {
  fitted_ = false;
  const QPointF before = projection().toWorld(around);
  zoom_ = std::clamp(zoom_ * factor, kMinZoom, kMaxZoom);
  centre_ += before - projection().toWorld(around);
  if (follow_) keepInMiddle();
  hover();
  update();
}

void WorldView::wheelEvent(QWheelEvent* event) {
  zoomBy(std::pow(kStep, event->angleDelta().y() / 120.0), event->position());
  event->accept();
}

void WorldView::keyPressEvent(QKeyEvent* event) {
  switch (event->key()) {
    case Qt::Key_Plus:
    case Qt::Key_Equal:
      zoomBy(kStep, canvas().center());
      return;
    case Qt::Key_Minus:
      zoomBy(1 / kStep, canvas().center());
      return;
    case Qt::Key_0:
      mouseDoubleClickEvent(nullptr);
      return;
    case Qt::Key_F:
      setFollow(!follow_);
      return;
    case Qt::Key_T:
      Q_EMIT trailsWanted();
      return;
    case Qt::Key_S:
      Q_EMIT shotsWanted();
      return;
    default:
      QWidget::keyPressEvent(event);
  }
}

void WorldView::leaveEvent(QEvent* event) {
  QWidget::leaveEvent(event);
  cursor_.reset();
  hovered_.reset();
  update();
}

}  // namespace qd::widgets::world
