// SPDX-License-Identifier: GPL-3.0-or-later
// The fleet, worst first, with a filter that also finds players by id or name, and grouping by label. Choosing a row
// sets the session's selection, which drives every other panel; the first server is chosen by itself. UI thread.
#pragma once

#include "core/ingest/directory.h"
#include "widgets/base/panel.h"
#include "widgets/fleet/fleet_order.h"

class QComboBox;
class QLineEdit;
class QTableView;

namespace qd::widgets {
class EmptyState;
}

namespace qd::fleet {

class FleetModel;

class FleetPanel final : public widgets::Panel {
  Q_OBJECT
 public:
  explicit FleetPanel(const widgets::SessionContext& context, QWidget* parent = nullptr);

 protected:
  void refresh(bool second) override;

 private:
  QWidget* makeFilterRow();
  void makeTable();
  void chooseFirst();
  void showSelection();
  void updateSpans();
  void updateGroups(const QStringList& keys);
  void showState();
  void find();

  FleetModel* model_;
  QTableView* table_;
  QLineEdit* text_;
  QComboBox* group_;
  widgets::EmptyState* empty_;
  std::uint64_t revision_ = 0;
  FleetOrder order_;
  ProcessId chosenByItself_;
  TimeNs chosenAt_ = 0;
};

}  // namespace qd::fleet
