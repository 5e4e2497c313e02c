// SPDX-License-Identifier: GPL-3.0-or-later
// Paints a row of the fleet: a shape and a colour for the state (never colour alone), headings, figures of equal width,
// how much of the budget the p99 takes as a bar behind its figure, and the last minute as a line under the budget's.
// UI thread.
#pragma once

#include <QStyledItemDelegate>

namespace qd::fleet {

class FleetDelegate final : public QStyledItemDelegate {
  Q_OBJECT
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;

 protected:
  void paintHeat(QPainter& painter, const QStyleOptionViewItem& option, const QModelIndex& index) const;
  void paintTrend(QPainter& painter, const QStyleOptionViewItem& option, const QModelIndex& index) const;
  void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override;
};

}  // namespace qd::fleet
