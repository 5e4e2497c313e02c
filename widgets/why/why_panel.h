// SPDX-License-Identifier: GPL-3.0-or-later
// "Why did it stutter here?": asked for a moment, names the layer that went wrong first, with the evidence of all five
// lined up in ticks, and where prediction and server first differed around it. A moment at the live edge is looked at
// again until what followed it has come. UI thread only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/analysis/stutter_gather.h"
#include "widgets/base/panel.h"

class QLabel;

namespace qd::widgets {

namespace why {
class LayerStrips;
}

class WhyPanel final : public Panel {
  Q_OBJECT
 public:
  explicit WhyPanel(const SessionContext& context, QWidget* parent = nullptr);
  const std::optional<analysis::StutterQuestion>& question() const { return question_; }
  QString headline() const;

 public Q_SLOTS:
  void ask(qd::TimeNs time, qd::TimeNs reach = 0);  // `reach`: at least so much around it
  void askHere() { askAt(); }                       // the moment that is shown

 protected:
  void refresh(bool second) override;

 private:
  void askAt();
  ProcessId client() const;
  void look();
  void showProblem(const std::string& sentence);
  QString mispredictions(const analysis::StutterReport& report) const;

  QLabel* headline_;
  QLabel* notes_;
  why::LayerStrips* strips_;
  EmptyState* empty_;
  std::optional<analysis::StutterQuestion> question_;
  bool open_ = false;  // what followed the moment has not come yet
};

}  // namespace qd::widgets
