// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/icons.h"

#include <QPainter>
#include <QPainterPath>

namespace qd::widgets {
namespace {

QPolygonF triangle(double left, double right) {
  return QPolygonF({{left, 3}, {right, 8}, {left, 13}, {left, 3}});
}

// On a grid of 16 × 16.
void drawFilled(QPainterPath& path, Symbol symbol) {
  switch (symbol) {
    case Symbol::Play:
      path.addPolygon(triangle(4, 13));
      break;
    case Symbol::Pause:
      path.addRect(4, 3, 3, 10);
      path.addRect(9, 3, 3, 10);
      break;
    case Symbol::StepBack:
      path.addRect(3, 3, 2, 10);
      path.addPolygon(triangle(13, 6));
      break;
    case Symbol::StepForward:
      path.addPolygon(triangle(3, 10));
      path.addRect(11, 3, 2, 10);
      break;
    case Symbol::SecondBack:
      path.addPolygon(triangle(8, 2));
      path.addPolygon(triangle(14, 8));
      break;
    case Symbol::SecondForward:
      path.addPolygon(triangle(2, 8));
      path.addPolygon(triangle(8, 14));
      break;
    case Symbol::EventBack:
      path.addPolygon(triangle(7, 1));
      path.addPolygon(QPolygonF({{11.5, 4}, {15, 8}, {11.5, 12}, {8, 8}, {11.5, 4}}));
      break;
    case Symbol::EventForward:
      path.addPolygon(QPolygonF({{4.5, 4}, {8, 8}, {4.5, 12}, {1, 8}, {4.5, 4}}));
      path.addPolygon(triangle(9, 15));
      break;
    case Symbol::Stop:
      path.addRect(4, 4, 8, 8);
      break;
    case Symbol::Mark:
      path.addRect(3, 2, 2, 12);
      path.addPolygon(QPolygonF({{5, 2}, {13, 5}, {5, 8.5}, {5, 2}}));
      break;
    case Symbol::Pin:
      path.addRect(5, 2, 6, 2);
      path.addPolygon(QPolygonF({{6, 4}, {10, 4}, {10, 7}, {12, 9.5}, {4, 9.5}, {6, 7}, {6, 4}}));
      path.addRect(7.3, 9.5, 1.4, 4.5);
      break;
    default:
      break;
  }
}

void drawStroked(QPainterPath& path, Symbol symbol) {
  switch (symbol) {
    case Symbol::Close:
      path.moveTo(4, 4), path.lineTo(12, 12);
      path.moveTo(12, 4), path.lineTo(4, 12);
      break;
    case Symbol::Add:
      path.moveTo(8, 3), path.lineTo(8, 13);
      path.moveTo(3, 8), path.lineTo(13, 8);
      break;
    case Symbol::Loop:
      path.moveTo(3, 9), path.arcTo(QRectF(3, 4, 10, 9), 190, -300);
      path.moveTo(13.2, 8.2), path.lineTo(11.2, 12.4), path.lineTo(15.2, 12.2);
      break;
    case Symbol::Search:
      path.addEllipse(QRectF(3, 3, 7, 7));
      path.moveTo(9.2, 9.2), path.lineTo(13, 13);
      break;
    default:
      break;
  }
}

QPixmap render(Symbol symbol, const QColor& color, int px) {
  QPixmap pixmap(px, px);
  pixmap.fill(Qt::transparent);
  QPainter painter(&pixmap);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.scale(px / 16.0, px / 16.0);
  QPainterPath filled, stroked;
  filled.setFillRule(Qt::WindingFill);
  drawFilled(filled, symbol);
  drawStroked(stroked, symbol);
  painter.fillPath(filled, color);
  painter.strokePath(stroked, QPen(color, 1.8, Qt::SolidLine, Qt::RoundCap));
  return pixmap;
}

}  // namespace

QIcon icon(Symbol symbol, const QColor& color, int px) {
  QIcon result(render(symbol, color, px));
  result.addPixmap(render(symbol, color, px * 2));
  QColor disabled = color;
  disabled.setAlphaF(0.45F);
  result.addPixmap(render(symbol, disabled, px), QIcon::Disabled);
  return result;
}

}  // namespace qd::widgets
