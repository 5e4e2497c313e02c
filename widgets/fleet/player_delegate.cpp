// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/fleet/player_delegate.h"

#include <QPainter>
#include <cmath>

#include "widgets/base/theme.h"
#include "widgets/fleet/player_model.h"

namespace qd::fleet {
namespace {

PlayerState stateOf(const QModelIndex& index) {
  return static_cast<PlayerState>(index.data(PlayerModel::StateRole).toInt());
}

// Connected a dot, connecting a ring, stalled a square, disconnected a cross.
void drawState(QPainter& painter, PlayerState state, const QColor& color, const QPointF& centre) {
  constexpr double r = 3.5;
  painter.setPen(QPen(color, 1.5));
  painter.setBrush(Qt::NoBrush);
  switch (state) {
    case PlayerState::Connected:
      painter.setBrush(color);
      painter.drawEllipse(centre, r - 0.5, r - 0.5);
      break;
    case PlayerState::Connecting:
      painter.drawEllipse(centre, r - 0.5, r - 0.5);
      break;
    case PlayerState::Stalled:
      painter.setBrush(color);
      painter.drawRect(QRectF(centre - QPointF(r, r), QSizeF(2 * r, 2 * r)));
      break;
    case PlayerState::Disconnected:
      painter.drawLine(centre + QPointF(-r, -r), centre + QPointF(r, r));
      painter.drawLine(centre + QPointF(-r, r), centre + QPointF(r, -r));
      break;
    case PlayerState::Unknown:
      break;
  }
}

QColor stateColor(const widgets::Colors& colors, PlayerState state) {
  if (state == PlayerState::Connected) return colors.ok;
  if (state == PlayerState::Stalled || state == PlayerState::Connecting) return colors.caution;
  return colors.faint;
}

void drawTrend(QPainter& painter, const std::vector<float>& values, float top, const QRectF& rect,
               const QColor& color) {
  if (values.size() < 2 || !(top > 0)) return;
  painter.setPen(QPen(color, 1));
  const double step = rect.width() / static_cast<double>(values.size() - 1);
  QPolygonF line;
  const auto flush = [&] {
    if (line.size() == 1) painter.drawPoint(line.front());
    if (line.size() > 1) painter.drawPolyline(line);
    line.clear();
  };
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) continue;  // columns are finer than reports come: only a long silence is a gap
    const QPointF at(rect.left() + static_cast<double>(i) * step,
                     rect.bottom() - std::max(0.0, static_cast<double>(values[i] / top)) * rect.height());
    if (!line.isEmpty() && at.x() - line.back().x() > 4.5 * step) flush();
    line.append(at);
  }
  flush();
}

}  // namespace

void PlayerDelegate::initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const {
  QStyledItemDelegate::initStyleOption(option, index);
  option->font = widgets::numberFont();
  option->textElideMode = Qt::ElideNone;
  if (stateOf(index) == PlayerState::Disconnected)
    option->palette.setColor(QPalette::Text, widgets::colorsOf(option->widget).faint);
}

void PlayerDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  const bool selected = option.state & QStyle::State_Selected;
  const auto& colors = widgets::colorsOf(option.widget);
  if (index.column() != PlayerModel::StateColumn && index.column() != PlayerModel::TrendColumn) {
    QStyledItemDelegate::paint(painter, option, index);
    return;
  }
  if (selected) painter->fillRect(option.rect, option.palette.highlight());
  painter->save();
  painter->setRenderHint(QPainter::Antialiasing);
  if (index.column() == PlayerModel::TrendColumn) {
    drawTrend(*painter, index.data(PlayerModel::TrendRole).value<std::vector<float>>(),
              index.data(PlayerModel::TrendTopRole).toFloat(), QRectF(option.rect).adjusted(4, 4, -4, -4),
              selected ? colors.accentText : colors.muted);
    painter->restore();
    return;
  }
  const PlayerState state = stateOf(index);
  drawState(*painter, state, selected ? colors.accentText : stateColor(colors, state),
            QPointF(option.rect.left() + 8, option.rect.center().y() + 0.5));
  painter->restore();
  QStyleOptionViewItem shifted = option;
  shifted.rect.setLeft(option.rect.left() + 14);
  QStyledItemDelegate::paint(painter, shifted, index);
}

}  // namespace qd::fleet
