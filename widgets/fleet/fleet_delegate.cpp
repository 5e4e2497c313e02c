// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/fleet/fleet_delegate.h"

#include <QPainter>
#include <QPainterPath>
#include <algorithm>
#include <cmath>

#include "widgets/base/theme.h"
#include "widgets/fleet/fleet_model.h"

namespace qd::fleet {
namespace {

using RowState = FleetModel::RowState;

constexpr int kMarkWidth = 18;
constexpr double kCaution = 0.75;  // of the budget

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
    const bool name = index.column() == FleetModel::NameColumn;
    option->palette.setColor(QPalette::Text, colors.muted);
    option->font = name ? widgets::uiFont(widgets::kSmallPx, QFont::DemiBold)
                        : widgets::numberFont(widgets::kSmallPx, QFont::DemiBold);
    return;
  }
  const RowState state = stateOf(index);
  const bool faint = state == RowState::Stale || state == RowState::Gone;
  const bool alarm = state == RowState::OverBudget && index.column() == FleetModel::P99Column;
  option->palette.setColor(QPalette::Text, faint ? colors.faint : alarm ? colors.alarm : colors.text);
  option->font = index.column() == FleetModel::NameColumn ? widgets::uiFont(widgets::kSmallPx) : widgets::numberFont();
  option->textElideMode = index.column() == FleetModel::NameColumn ? Qt::ElideMiddle : Qt::ElideNone;
}

// The bar's length says what its colour says.
void FleetDelegate::paintHeat(QPainter& painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  const QVariant load = index.data(FleetModel::LoadRole);
  if (!load.isValid() || option.state & QStyle::State_Selected) return;
  const auto& colors = widgets::colorsOf(option.widget);
  const double share = std::clamp(load.toDouble(), 0.0, 1.0);
  QColor color = load.toDouble() >= 1 ? colors.alarm : share >= kCaution ? colors.caution : colors.accent;
  color.setAlpha(load.toDouble() >= 1 ? 80 : 55);
  QRect bar = option.rect.adjusted(1, 2, -1, -2);
  bar.setWidth(static_cast<int>(share * bar.width()));
  painter.fillRect(bar, color);
}

// Scaled so that the budget is the upper edge unless a value is above it; then the budget is a line inside.
void FleetDelegate::paintTrend(QPainter& painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  const auto trend = index.data(FleetModel::TrendRole).value<QVector<float>>();
  if (trend.size() < 2) return;
  const auto& colors = widgets::colorsOf(option.widget);
  const bool selected = option.state & QStyle::State_Selected;
  const double budget = index.data(FleetModel::BudgetRole).toDouble();
  double top = budget;
  for (const float value : trend) top = std::fmax(top, value);
  if (!(top > 0)) return;
  const QRectF box = QRectF(option.rect).adjusted(2, 4, -2, -4);
  const auto y = [&](double value) { return box.bottom() - value / top * box.height(); };
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  if (budget > 0) {
    painter.setPen(QPen(selected ? colors.accentText : colors.border, 1, Qt::DotLine));
    painter.drawLine(QPointF(box.left(), y(budget)), QPointF(box.right(), y(budget)));
  }
  painter.setPen(QPen(selected ? colors.accentText : top > budget && budget > 0 ? colors.alarm : colors.accent, 1.2));
  QPolygonF line;
  const auto flush = [&] {
    if (line.size() == 1) painter.drawPoint(line.front());
    if (line.size() > 1) painter.drawPolyline(line);
    line.clear();
  };
  for (qsizetype i = 0; i < trend.size(); ++i) {
    if (std::isnan(trend[i])) {
      flush();  // a gap stays a gap
      continue;
    }
    const double x = box.left() + box.width() * static_cast<double>(i) / static_cast<double>(trend.size() - 1);
    line.append(QPointF(x, y(trend[i])));
  }
  flush();
  painter.restore();
}

void FleetDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  const bool marked = index.column() == FleetModel::NameColumn && !index.data(FleetModel::HeadingRole).toBool();
  if (!marked) {
    if (index.column() == FleetModel::P99Column) paintHeat(*painter, option, index);
    QStyledItemDelegate::paint(painter, option, index);
    if (index.column() == FleetModel::TrendColumn) paintTrend(*painter, option, index);
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
