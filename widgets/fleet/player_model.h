// SPDX-License-Identifier: GPL-3.0-or-later
// The players of one server as a sortable table. Sorting happens when a header is clicked, never because a figure
// changed: rows stay where they are, who leaves is taken out, who comes is put in at their place. Rows without a figure
// sort last, whichever way one sorts. A row can be dragged into the plots. UI thread.
#pragma once

#include <QAbstractTableModel>

#include "widgets/fleet/player_rows.h"

namespace qd::fleet {

class PlayerModel final : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column {
    ClientColumn,
    StateColumn,
    RttColumn,
    TrendColumn,
    LossColumn,
    QueueColumn,
    AheadColumn,
    AgeColumn,
    JitterColumn,
    CorrectionsColumn,
    LateColumn,
    MissingColumn,
    BandwidthColumn,
    ColumnCount
  };
  enum Role { ClientRole = Qt::UserRole + 1, StateRole, TrendRole, TrendTopRole };

  explicit PlayerModel(QObject* parent = nullptr) : QAbstractTableModel(parent) {}

  void setServer(const ProcessId& server) { server_ = server; }
  void setRows(std::vector<PlayerRow> rows);
  int rowOf(const QString& client) const;  // -1: not here
  // What the trends show: the figure one sorts by, else the round trip.
  PlayerFigure trendFigure() const;

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
  void sort(int column, Qt::SortOrder order) override;
  Qt::ItemFlags flags(const QModelIndex& index) const override;
  QStringList mimeTypes() const override;
  QMimeData* mimeData(const QModelIndexList& indexes) const override;

 private:
  bool before(const PlayerRow& a, const PlayerRow& b) const;
  QString tip(const PlayerRow& row) const;

  ProcessId server_;
  std::vector<PlayerRow> rows_;
  float trendTop_ = 0;
  int sortColumn_ = ClientColumn;
  Qt::SortOrder sortOrder_ = Qt::AscendingOrder;
};

}  // namespace qd::fleet
