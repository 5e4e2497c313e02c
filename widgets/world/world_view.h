// SPDX-License-Identifier: GPL-3.0-or-later
// The world from above: wheel and + − zoom, drag pans, double click and 0 fit, click selects, F follows the selected,
// T trails, S shots. What lies under the cursor is told beside it. UI thread only.
#pragma once

#include <QPointF>
#include <QWidget>
#include <optional>

#include "widgets/world/picture.h"
#include "widgets/world/world_painter.h"

namespace qd::widgets::world {

class WorldView final : public QWidget {
  Q_OBJECT
 public:
  explicit WorldView(QWidget* parent = nullptr);
  void setPicture(Picture picture);
  void setSelected(std::optional<std::uint32_t> entity);
  void fit();
  // Keeps the selected entity in the middle until somebody pans.
  void setFollow(bool follow);
  bool isFollowing() const { return follow_; }
  void setShotsShown(bool shown);
  const Picture& picture() const { return picture_; }
  const Scene& scene() const { return picture_.scene; }
  std::optional<std::uint32_t> hovered() const { return hovered_; }
  QPointF screenOf(double x, double y) const { return projection().toScreen(x, y); }

 Q_SIGNALS:
  void picked(std::optional<std::uint32_t> entity);
  void followChanged(bool follow);
  void trailsWanted();  // T and S: the panel's buttons switch them
  void shotsWanted();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void leaveEvent(QEvent* event) override;

 private:
  static constexpr double kMinZoom = 0.05, kMaxZoom = 5000;  // px a metre

  QRectF canvas() const;
  Projection projection() const { return {canvas(), centre_, zoom_}; }
  const Entity* entity(std::optional<std::uint32_t> id) const;
  const Entity* eye() const;  // around whom one looks
  void hover();
  void zoomBy(double factor, QPointF around);
  void keepInMiddle();
  QRectF lensBox() const;

  Picture picture_;
  std::optional<std::uint32_t> selected_, hovered_;
  QPointF centre_;      // world, m
  double zoom_ = 10;    // px a metre
  bool fitted_ = true;  // keep everything in sight until somebody zooms or pans
  bool follow_ = false, shots_ = true;
  QPointF pressed_, last_;
  std::optional<QPointF> cursor_;
  bool moved_ = false, down_ = false;
};

}  // namespace qd::widgets::world
