// SPDX-License-Identifier: GPL-3.0-or-later
// The debug view: the hits so far, and for the chosen one the source, stack and locals of both processes side by side.
// While they stand it steps and continues them, one or all; it always says who stands where and who still runs. Shows
// RegistryView, orders through CommandPort. UI thread only.
#pragma once

#include <QPointer>
#include <optional>
#include <vector>

#include "core/control/command_port.h"
#include "widgets/base/panel.h"

class QLabel;
class QPushButton;
class QTreeWidget;
class QToolBar;

namespace qd::widgets {

class ProcessPane;

class DebugView final : public Panel {
  Q_OBJECT
 public:
  explicit DebugView(const SessionContext& context, QWidget* parent = nullptr);

 public Q_SLOTS:
  void toggleHere();  // a breakpoint at the caret of the pane in use
  void continueAll();
  void continueOne();
  void stepOver();  // a line where the pane in use stands by its debugger, else one tick of the group
  void stepInto();
  void stepOut();
  void stepTick();
  void openSource(const QString& file, int line);

 Q_SIGNALS:
  void said(const QString& sentence, bool problem);

 protected:
  void refresh(bool second) override;

 private:
  void build();
  QPushButton* button(const QString& text, const QString& key, void (DebugView::*act)());
  void fillHits();
  void showHit();
  void fillPanes();
  void use(ProcessPane* pane);
  void step(control::StepHow how);
  void toggle(const ProcessId& process, const QString& file, int line);
  void arm(control::BreakpointOrder order);
  void askAndArm(const control::BreakpointOrder& order, const std::string& what);
  control::DebugDone told();
  std::optional<ingest::LinkGroup> groupNow() const;
  std::vector<ProcessId> processes() const;
  QString standingText(const ProcessId& process) const;
  QString runsText(const std::optional<ingest::LinkGroup>& group) const;

  EmptyState* empty_;
  QWidget* content_;
  QLabel* state_;
  QTreeWidget* hits_;
  std::vector<ProcessPane*> panes_;
  QPointer<ProcessPane> used_;
  std::vector<QPushButton*> buttons_;
  std::uint64_t revision_ = 0;
  std::size_t hitsShown_ = 0;
};

}  // namespace qd::widgets
