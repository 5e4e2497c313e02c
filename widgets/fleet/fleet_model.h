// SPDX-License-Identifier: GPL-3.0-or-later
// The fleet as a table: rows of fleetRows() filtered by text (or by the players found by it) and optionally in groups
// by a label's values, each under a heading with the figures of the whole group. A row keeps its index object across
// refreshes as long as the order stands, so that selections and hovers stay. UI thread.
#pragma once

#include <QAbstractTableModel>
#include <QVector>
#include <map>

#include "widgets/fleet/fleet_rows.h"

namespace qd::fleet {

class FleetModel final : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { NameColumn, PlayersColumn, RateColumn, TrendColumn, P99Column, ColumnCount };
  enum Role {
    HeadingRole = Qt::UserRole + 1,  // bool: this row is a heading
    ProcessRole,                     // process id, QString
    KindRole,                        // int(ingest::ProcessKind)
    StateRole,                       // int(RowState)
    LoadRole,                        // double, only where known
    TrendRole,                       // QVector<float>, ms, oldest first; NaN: none
    BudgetRole,                      // ms, only where known
  };
  enum class RowState { Running, OverBudget, Stale, Parked, Gone };

  explicit FleetModel(QObject* parent = nullptr) : QAbstractTableModel(parent) {}

  void setRows(std::vector<FleetRow> rows);  // in the order of concern
  void setFilter(const QString& text);       // in name, id, server or any label
  // Players that the filter's text means, by the process where they are: it passes, and its name tells them.
  void setFound(std::vector<ingest::PlayerPlace> players);
  const ingest::PlayerPlace* foundAt(int row) const;  // the first of that row; null: none
  void setGroupBy(const QString& labelKey);           // empty: no headings
  QString groupBy() const { return groupBy_; }
  int rowOf(const ProcessId& process) const;  // -1: not shown
  const FleetRow* at(int row) const;          // null for a heading
  int total() const { return static_cast<int>(all_.size()); }

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
  Qt::ItemFlags flags(const QModelIndex& index) const override;

 private:
  struct Line {
    QString heading;  // empty: a process
    FleetRow row;     // of a heading: the whole group
    bool operator==(const Line& other) const { return heading == other.heading && row.id == other.row.id; }
  };
  void rebuild();
  QVector<Line> lines() const;
  QVariant display(const FleetRow& row, int column) const;
  QString nameOf(const FleetRow& row) const;
  QString tip(const FleetRow& row) const;
  QString groupTip(const Line& line) const;

  std::vector<FleetRow> all_;
  QVector<Line> shown_;
  QString filter_, groupBy_;
  std::multimap<ProcessId, ingest::PlayerPlace> found_;
};

}  // namespace qd::fleet
