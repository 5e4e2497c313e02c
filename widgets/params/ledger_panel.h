// SPDX-License-Identifier: GPL-3.0-or-later
// The effect ledger: what each push did to the chosen series, the strongest first. A click goes to its tick. Works the
// same on a recording. The sums are made on a worker thread. UI thread only.
#pragma once

#include <memory>
#include <vector>

#include "core/analysis/effect_ledger.h"
#include "widgets/base/panel.h"

class QTreeWidget;

namespace qd::widgets {

class LedgerPanel final : public Panel {
  Q_OBJECT
 public:
  explicit LedgerPanel(const SessionContext& context, QWidget* parent = nullptr);

 protected:
  void refresh(bool second) override;

 private:
  void compute();
  void show(std::vector<analysis::LedgerRow> rows);

  QTreeWidget* table_;
  EmptyState* empty_;
  std::uint64_t revision_ = 0;
  TimeNs newestPush_ = 0, computedAt_ = 0;
  bool busy_ = false;
  std::vector<analysis::LedgerRow> rows_;
};

// "+2.04 ms (1.96 to 2.12)"; "none found" where the interval holds 0.
QString differenceText(const analysis::Difference& difference, const std::string& unit);

}  // namespace qd::widgets
