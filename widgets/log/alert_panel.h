// SPDX-License-Identifier: GPL-3.0-or-later
// The alerts as a quiet list: nothing pops up, the tab's title carries how many are on. A click goes to the tick.
// UI thread.
#pragma once

#include "widgets/base/panel.h"

class QTableView;

namespace qd::analysis {
class AlertBook;
}
namespace qd::widgets {
class EmptyState;
}

namespace qd::log {

class AlertModel;

class AlertPanel final : public widgets::Panel {
  Q_OBJECT
 public:
  AlertPanel(const analysis::AlertBook& book, const widgets::SessionContext& context, QWidget* parent = nullptr);

 Q_SIGNALS:
  void countChanged(int on);

 protected:
  void refresh(bool) override {}  // it counts also while hidden, on its own second

 private:
  void openRow(int row);
  void count();

  AlertModel* model_;
  QTableView* table_;
  widgets::EmptyState* empty_;
  int shown_ = -1;
};

}  // namespace qd::log
