// SPDX-License-Identifier: GPL-3.0-or-later
// The players of one server as a sortable table. Rows without a figure sort last, whichever way one sorts. UI thread.
#pragma once

#include <QAbstractTableModel>

#include "widgets/fleet/player_rows.h"

namespace qd::fleet {

class PlayerModel final : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { ClientColumn, RttColumn, LossColumn, LateColumn, AgeColumn, ColumnCount };
  enum Role { ClientRole = Qt::UserRole + 1 };

  explicit PlayerModel(QObject* parent = nullptr) : QAbstractTableModel(parent) {}

  void setRows(std::vector<PlayerRow> rows);
  int rowOf(const QString& client) const;  // -1: not here

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
  void sort(int column, Qt::SortOrder order) override;

 private:
  void order();

  std::vector<PlayerRow> rows_;
  int sortColumn_ = ClientColumn;
  Qt::SortOrder sortOrder_ = Qt::AscendingOrder;
};

}  // namespace qd::fleet
