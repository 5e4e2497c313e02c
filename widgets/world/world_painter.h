// SPDX-License-Identifier: GPL-3.0-or-later
// How the world is drawn: colours, glyphs and lines of entities, ghosts, trails and shots, and the legend that explains
// them. Servers are filled, what editors drew are rings; extrapolated and held are hatched as well as coloured. Knows
// nothing of input. One is made for each painting; UI thread only.
#pragma once

#include <QColor>
#include <QPainter>
#include <QPointF>
#include <QRectF>

#include "widgets/base/theme.h"
#include "widgets/world/picture.h"

namespace qd::widgets::world {

// Where the world lies on the screen.
struct Projection {
  QRectF canvas;
  QPointF centre;    // world, m
  double zoom = 10;  // px a metre
  QPointF toScreen(double x, double y) const {
    return {canvas.center().x() + (x - centre.x()) * zoom, canvas.center().y() - (y - centre.y()) * zoom};
  }
  QPointF toWorld(QPointF at) const {
    return {centre.x() + (at.x() - canvas.center().x()) / zoom, centre.y() - (at.y() - canvas.center().y()) / zoom};
  }
};

double niceLength(double atLeast);  // 1, 2 or 5 times a power of ten

class WorldPainter {
 public:
  static constexpr int kLegendHeight = 40;

  WorldPainter(QPainter& painter, const Colors& colors, const Picture& picture, const Projection& projection);

  void ground() const;
  void sight(const Entity* eye) const;  // its radius around `eye`, darker beyond
  void trails() const;
  void entities(std::optional<std::uint32_t> selected, std::optional<std::uint32_t> hovered) const;
  void shots() const;
  void shotLens(const netcode::Shot& shot, const QRectF& box) const;  // true to scale, both hit boxes
  void scaleBar() const;
  void corner(const QString& left) const;  // left: of the selected; right: weather, age of what is shown
  void hoverBox(const Entity& entity, QPointF cursor) const;
  void legend(const QRectF& bar) const;
  int errorScale() const { return errorScale_; }

 private:
  QColor serverColor() const;
  QColor ghostColor(const Ghost& ghost) const;
  void entity(const Entity& entity, bool selected, bool hovered) const;
  void ghost(const Entity& entity, const Ghost& ghost) const;
  void line(const std::vector<TrailPoint>& points, const QColor& color, Qt::PenStyle style) const;
  void shot(const netcode::Shot& shot, bool newest) const;
  QString nameOf(std::uint32_t id) const;

  QPainter& p_;
  const Colors& c_;
  const Picture& picture_;
  const Projection& at_;
  int errorScale_ = 1;
};

}  // namespace qd::widgets::world
