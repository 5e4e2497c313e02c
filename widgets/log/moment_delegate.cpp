// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/log/moment_delegate.h"

#include "widgets/base/theme.h"
#include "widgets/log/moment_model.h"

namespace qd::log {
namespace {

QColor textColor(const widgets::Colors& colors, const QModelIndex& index) {
  if (index.data(MomentModel::LaterRole).toBool()) return colors.faint;
  const auto weight = static_cast<Weight>(index.data(MomentModel::WeightRole).toInt());
  if (index.column() != MomentModel::TextColumn && index.column() != MomentModel::KindColumn) return colors.muted;
  switch (weight) {
    case Weight::Alarm:
      return colors.alarm;
    case Weight::Warning:
      return colors.caution;
    case Weight::Quiet:
      return colors.muted;
    case Weight::Normal:
      break;
  }
  return colors.text;
}

// The word for the weight stands beside the colour.
QString marked(const QString& text, Weight weight) {
  if (weight == Weight::Alarm) return QStringLiteral("✖ ") + text;
  return weight == Weight::Warning ? QStringLiteral("▲ ") + text : text;
}

}  // namespace

void MomentDelegate::initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const {
  QStyledItemDelegate::initStyleOption(option, index);
  const auto& colors = widgets::colorsOf(option->widget);
  option->palette.setColor(QPalette::Text, textColor(colors, index));
  const bool figures = index.column() == MomentModel::TimeColumn || index.column() == MomentModel::TickColumn;
  option->font = figures ? widgets::numberFont() : widgets::uiFont(widgets::kSmallPx);
  if (index.column() == MomentModel::TextColumn) {
    option->text = marked(option->text, static_cast<Weight>(index.data(MomentModel::WeightRole).toInt()));
  }
}

}  // namespace qd::log
