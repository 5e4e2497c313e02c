// SPDX-License-Identifier: GPL-3.0-or-later
// Qt's view of paramRows(): name, live value, staged value or outcome. Editing stages; it never pushes. UI thread only.
#pragma once

#include <QAbstractTableModel>

#include "widgets/params/param_rows.h"

namespace qd::widgets {

class ParamModel final : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { kName, kLive, kStaged, kColumns };

  explicit ParamModel(QObject* parent = nullptr) : QAbstractTableModel(parent) {}

  // Replaces the rows; where only values changed the view keeps its place. `editable`: false in a replay.
  void setRows(std::vector<ParamRow> rows, bool editable);
  const ParamRow* row(const QModelIndex& index) const;

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
  Qt::ItemFlags flags(const QModelIndex& index) const override;

 private:
  QVariant display(const ParamRow& row, int column) const;

  std::vector<ParamRow> rows_;
  bool editable_ = true;
};

// "0.30", "60 ms", "rain"; with the unit. "—" for none.
QString valueText(const Value& value, const std::string& unit);
// "applied at tick 1 234", "rejected: …", "pending…", "unknown: …".
QString outcomeText(const params::Outcome& outcome);
// What somebody else has put there since an edit was staged: both values, by whom, when.
QString conflictText(const ParamRow& row);
// "guarded · next tick · 0 to 4 %": one line of what must be known before it is changed.
QString factsText(const ingest::ParameterSpec& spec);
QString riskText(ingest::Risk risk);
// Who wanted what, and who changed it.
QString driftText(const ParamRow& row);
// Range, default, risk and when it takes effect, for the tooltip.
QString specText(const ingest::ParameterSpec& spec);

}  // namespace qd::widgets
