// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/fleet/fleet_delegate.h"

#include <QPainter>
#include <QPainterPath>

#include "widgets/base/theme.h"
#include "widgets/fleet/fleet_model.h"

namespace qd::fleet {
namespace {

using RowState = FleetModel::RowState;

constexpr int kMarkWidth = 18;

RowState stateOf(const QModelIndex& index) {
  return static_cast<RowState>(index.data(FleetModel::StateRole).toInt());
}

QColor stateColor(const widgets::Colors& colors, RowState state) {
  switch (state) {
    case RowState::Running:
      return colors.ok;
    case RowState::OverBudget:
      return colors.alarm;
    case RowState::Parked:
      return colors.hit;
    case RowState::Stale:
    case RowState::Gone:
      return colors.faint;
  }
  return colors.faint;
}

// Running a dot, over budget a triangle, stopped a square, stale a ring, gone a cross.
void drawState(QPainter& painter, RowState state, const QColor& color, const QPointF& centre) {
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(Qt::NoPen);
  painter.setBrush(color);
  constexpr double r = 4;
  switch (state) {
    case RowState::Running:
      painter.drawEllipse(centre, r, r);
      break;
    case RowState::OverBudget:
      painter.drawPolygon(
          QPolygonF({centre + QPointF(0, -r), centre + QPointF(r + 1, r), centre + QPointF(-r - 1, r)}));
      break;
    case RowState::Parked:
      painter.drawRect(QRectF(centre - QPointF(r, r), QSizeF(2 * r, 2 * r)));
      break;
    case RowState::Stale:
      painter.setBrush(Qt::NoBrush);
      painter.setPen(QPen(color, 1.5));
      painter.drawEllipse(centre, r - 0.5, r - 0.5);
      break;
    case RowState::Gone:
      painter.setPen(QPen(color, 1.5));
      painter.drawLine(centre + QPointF(-r, -r), centre + QPointF(r, r));
      painter.drawLine(centre + QPointF(-r, r), centre + QPointF(r, -r));
      break;
  }
}

}  // namespace

void FleetDelegate::initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const {
  QStyledItemDelegate::initStyleOption(option, index);
  const auto& colors = widgets::colorsOf(option->widget);
  if (index.data(FleetModel::HeadingRole).toBool()) {
    option->palette.setColor(QPalette::Text, colors.muted);
    option->font = widgets::uiFont(widgets::kSmallPx, QFont::DemiBold);
    return;
  }
  const RowState state = stateOf(index);
  const bool faint = state == RowState::Stale || state == RowState::Gone;
  const bool alarm = state == RowState::OverBudget && index.column() == FleetModel::P99Column;
  option->palette.setColor(QPalette::Text, faint ? colors.faint : alarm ? colors.alarm : colors.text);
  option->font = index.column() == FleetModel::NameColumn ? widgets::uiFont(widgets::kSmallPx) : widgets::numberFont();
  option->textElideMode = index.column() == FleetModel::NameColumn ? Qt::ElideMiddle : Qt::ElideNone;
}

void FleetDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  const bool marked = index.column() == FleetModel::NameColumn && !index.data(FleetModel::HeadingRole).toBool();
  if (!marked) {
    QStyledItemDelegate::paint(painter, option, index);
    return;
  }
  if (option.state & QStyle::State_Selected) painter->fillRect(option.rect, option.palette.highlight());
  QStyleOptionViewItem shifted = option;
  shifted.rect.setLeft(option.rect.left() + kMarkWidth);
  QStyledItemDelegate::paint(painter, shifted, index);
  const RowState state = stateOf(index);
  const auto& colors = widgets::colorsOf(option.widget);
  painter->save();
  const QColor color = option.state & QStyle::State_Selected ? colors.accentText : stateColor(colors, state);
  drawState(*painter, state, color, QPointF(option.rect.left() + 12, option.rect.center().y() + 0.5));
  painter->restore();
}

}  // namespace qd::fleet
