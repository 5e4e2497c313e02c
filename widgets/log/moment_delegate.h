// SPDX-License-Identifier: GPL-3.0-or-later
// Paints a row of the log: a mark and a colour by weight, figures of equal width, faint after the shown moment.
// UI thread.
#pragma once

#include <QStyledItemDelegate>

namespace qd::log {

class MomentDelegate final : public QStyledItemDelegate {
  Q_OBJECT
 public:
  using QStyledItemDelegate::QStyledItemDelegate;

 protected:
  void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override;
};

}  // namespace qd::log
