// SPDX-License-Identifier: GPL-3.0-or-later
// The plot stack as a panel of the window: follows the selection, can be pinned, says what would fill it while nothing
// does. UI thread only.
#pragma once

#include "core/base/clock.h"
#include "widgets/base/panel.h"

namespace qd::widgets {

namespace plot {
class PlotStack;
}

class PlotPanel final : public Panel {
  Q_OBJECT
 public:
  explicit PlotPanel(const SessionContext& context, QWidget* parent = nullptr);
  ~PlotPanel() override;
  plot::PlotStack& stack() { return *stack_; }

 Q_SIGNALS:
  void attachRequested();  // the button of the empty panel
  void whyAsked(qd::TimeNs time, qd::TimeNs reach);
  // One sentence on what was copied or saved, or why it was not.
  void said(const QString& sentence, bool problem);

 protected:
  void refresh(bool second) override;

 private:
  void declareShown();

  plot::PlotStack* stack_;
  EmptyState* empty_;
};

}  // namespace qd::widgets
