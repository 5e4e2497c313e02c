// SPDX-License-Identifier: GPL-3.0-or-later
// How the players table draws a link's state (by shape and colour) and the trend of a figure. UI thread only.
#pragma once

#include <QStyledItemDelegate>

namespace qd::fleet {

class PlayerDelegate final : public QStyledItemDelegate {
  Q_OBJECT
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;

 protected:
  void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override;
};

}  // namespace qd::fleet
