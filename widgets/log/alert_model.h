// SPDX-License-Identifier: GPL-3.0-or-later
// The alerts of a session as a table, newest first. An alert is on as of the shown moment while it goes on then.
// UI thread.
#pragma once

#include <QAbstractTableModel>
#include <vector>

#include "core/analysis/alert_book.h"

namespace qd::log {

bool isOn(const analysis::Alert& alert, TimeNs now);

class AlertModel final : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { TimeColumn, TextColumn, ColumnCount };
  enum Role { OnRole = Qt::UserRole + 1 };

  explicit AlertModel(const analysis::AlertBook& book, QObject* parent = nullptr)
      : QAbstractTableModel(parent), book_(book) {}

  void refresh(TimeNs now);
  int on() const { return on_; }  // how many are on
  const analysis::Alert* at(int row) const;

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;

 private:
  const analysis::AlertBook& book_;
  std::vector<analysis::Alert> alerts_;
  TimeNs now_ = 0;
  int on_ = 0;
};

}  // namespace qd::log
