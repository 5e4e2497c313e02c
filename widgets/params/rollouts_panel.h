// SPDX-License-Identifier: GPL-3.0-or-later
// The changes over time of the session and its experiments: what goes where, how far it is, what its guards say, and
// the orders that a person may give. Shows ChangeBook and orders through CommandPort. UI thread only.
#pragma once

#include <map>
#include <vector>

#include "core/control/change_order.h"
#include "core/control/experiment_text.h"
#include "core/params/change_book.h"
#include "widgets/base/panel.h"

class QLabel;
class QPushButton;
class QTreeWidget;
class QTreeWidgetItem;

namespace qd::widgets {

class RolloutsPanel final : public Panel {
  Q_OBJECT
 public:
  RolloutsPanel(const params::ChangeBook& book, const SessionContext& context, QWidget* parent = nullptr);

 Q_SIGNALS:
  void countChanged(int running);

 protected:
  void refresh(bool second) override;

 private:
  void fill();
  void detail();
  void order(control::ChangeWord word);
  void showExperiment();
  const ingest::ChangeState* chosen() const;

  const params::ChangeBook& book_;
  std::vector<ingest::ChangeState> shown_;                       // newest first
  std::map<std::string, control::ExperimentState> experiments_;  // by id
  std::string chosenId_;
  QTreeWidget* list_;
  QTreeWidget* detail_;
  QLabel* reason_;
  QPushButton *pause_, *goOn_, *revert_, *keep_, *report_;
  EmptyState* empty_;
  std::uint64_t revision_ = 0;
  int running_ = -1;
};

// "npc.density = 2" and the like; "wave 1/3 · soaking"; the sentence below.
QString changeTitle(const ingest::ChangeState& change);
QString changeStatus(const ingest::ChangeState& change);

}  // namespace qd::widgets
