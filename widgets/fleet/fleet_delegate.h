// SPDX-License-Identifier: GPL-3.0-or-later
// Paints a row of the fleet: a shape and a colour for the state (never colour alone), headings, figures of equal width.
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
  void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override;
};

}  // namespace qd::fleet
