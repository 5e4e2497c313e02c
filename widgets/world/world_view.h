// SPDX-License-Identifier: GPL-3.0-or-later
// Draws a scene from above: the server's entities filled, what editors drew as rings over them, a line from one to the
// other and the error as a vector. Wheel zooms, drag pans, double click fits, click selects. UI thread only.
#pragma once

#include <QPointF>
#include <QWidget>
#include <optional>

#include "widgets/world/scene.h"

namespace qd::widgets::world {

// The environment, where it is known.
struct Surroundings {
  QString weather;                   // "rain 0.30"
  std::optional<double> visibility;  // m
};

class WorldView final : public QWidget {
  Q_OBJECT
 public:
  explicit WorldView(QWidget* parent = nullptr);
  void setScene(Scene scene, Surroundings surroundings);
  void setSelected(std::optional<std::uint32_t> entity);
  void fit();
  const Scene& scene() const { return scene_; }

 Q_SIGNALS:
  void picked(std::optional<std::uint32_t> entity);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;

 private:
  static constexpr double kMinZoom = 0.05, kMaxZoom = 5000;  // px a metre

  QRectF canvas() const;
  QPointF toScreen(double x, double y) const;
  QPointF toWorld(QPointF at) const;
  void drawGround(QPainter& painter) const;
  void drawEntity(QPainter& painter, const Entity& entity) const;
  void drawGhost(QPainter& painter, const Entity& entity, const Ghost& ghost) const;
  void drawSurroundings(QPainter& painter) const;
  void drawScaleBar(QPainter& painter) const;
  void drawLegend(QPainter& painter) const;
  void drawDetails(QPainter& painter) const;
  const Entity* selectedEntity() const;

  Scene scene_;
  Surroundings surroundings_;
  std::optional<std::uint32_t> selected_;
  QPointF centre_;      // world, m
  double zoom_ = 10;    // px a metre
  bool fitted_ = true;  // keep everything in sight until somebody zooms or pans
  int errorScale_ = 1;
  QPointF pressed_, last_;
  bool moved_ = false, down_ = false;
};

}  // namespace qd::widgets::world
