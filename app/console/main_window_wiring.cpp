// SPDX-License-Identifier: GPL-3.0-or-later
// Which action calls what.
#include <QMenu>

#include "app/console/bookmarking.h"
#include "app/console/keeping.h"
#include "app/console/main_window.h"
#include "widgets/base/view_clock.h"
#include "widgets/params/configuration_dialog.h"
#include "widgets/session/command_palette.h"
#include "widgets/session/top_bar.h"

namespace qd::console {

void MainWindow::wireSessionActions() {
  connect(actions_.stage, &QAction::triggered, this, [this] {
    session::SessionRequest request;
    request.kind = session::SessionRequest::Kind::Stage;
    composition_.open(request);
  });
  connect(actions_.attach, &QAction::triggered, this, &MainWindow::askAttach);
  connect(actions_.open, &QAction::triggered, this, &MainWindow::askRecording);
  connect(actions_.close, &QAction::triggered, &composition_, &Composition::close);
  connect(actions_.keepRecording, &QAction::toggled, this, [this](bool keep) {
    composition_.setKeepRecording(keep);
    say(keep ? tr("This recording will be kept: %1").arg(composition_.recordingPath())
             : tr("This recording rolls away with the others."));
  });
  connect(actions_.keepStretch, &QAction::triggered, this, [this] {
    if (session_ != nullptr) askKeep(*session_, composition_, *this);
  });
  connect(&composition_, &Composition::kept, this, &MainWindow::say);
  connect(actions_.quit, &QAction::triggered, this, &QWidget::close);
  connect(actions_.palette, &QAction::triggered, this, [this] {
    QList<QAction*> shown = actions_.all();
    shown.removeOne(actions_.palette);
    palette_->open(shown);
  });
  connect(actions_.theme, &QAction::triggered, this, &MainWindow::switchScheme);
}

void MainWindow::wireTimeActions() {
  const auto onClock = [this](QAction* action, auto handle) {
    connect(action, &QAction::triggered, this, [this, handle] {
      if (session_ != nullptr) handle(session_->context().clock);
    });
  };
  onClock(actions_.freeze, [](widgets::ViewClock& clock) { clock.toggleFreeze(); });
  onClock(actions_.live, [](widgets::ViewClock& clock) { clock.goLive(); });
  onClock(actions_.axis, [](widgets::ViewClock& clock) {
    clock.setAxis(clock.axis() == series::Axis::Time ? series::Axis::Tick : series::Axis::Time);
  });
  const auto onTimeline = [this](QAction* action, auto handle) {
    connect(action, &QAction::triggered, this, [this, handle] {
      if (workspace_ != nullptr) handle(workspace_->timeline());
    });
  };
  using Timeline = widgets::TimelinePanel;
  onTimeline(actions_.tickBack, [](Timeline& timeline) { timeline.stepTicks(-1); });
  onTimeline(actions_.tickForward, [](Timeline& timeline) { timeline.stepTicks(1); });
  onTimeline(actions_.secondBack, [](Timeline& timeline) { timeline.stepSeconds(-1); });
  onTimeline(actions_.secondForward, [](Timeline& timeline) { timeline.stepSeconds(1); });
  onTimeline(actions_.eventBack, [](Timeline& timeline) { timeline.stepEvents(-1); });
  onTimeline(actions_.eventForward, [](Timeline& timeline) { timeline.stepEvents(1); });
  onTimeline(actions_.loop, [](Timeline& timeline) { timeline.toggleLoop(); });
  onTimeline(actions_.slower, [](Timeline& timeline) { timeline.changeSpeed(-1); });
  onTimeline(actions_.faster, [](Timeline& timeline) { timeline.changeSpeed(1); });
  connect(actions_.goTo, &QAction::triggered, this, &MainWindow::askDestination);
  connect(actions_.configuration, &QAction::triggered, this, [this] {
    if (session_ != nullptr) (new widgets::ConfigurationDialog(session_->context(), this))->show();
  });
  connect(actions_.mark, &QAction::triggered, this, [this] {
    if (session_ == nullptr) return;
    if (session_->isReplay()) return askBookmark(*session_, *this);
    session_->mark();
    say(tr("Marked."));
  });
  const auto onOrders = [this](QAction* action, void (Orders::*handle)()) {
    connect(action, &QAction::triggered, this, [this, handle] {
      if (orders_ != nullptr) (orders_.get()->*handle)();
    });
  };
  onOrders(actions_.revert, &Orders::revertLast);
  onOrders(actions_.halt, &Orders::haltRollouts);
  onOrders(actions_.resume, &Orders::resumeAll);
  onOrders(actions_.step, &Orders::stepOneTick);
}

void MainWindow::wirePanelActions() {
  const auto onWorkspace = [this](QAction* action, auto handle) {
    connect(action, &QAction::triggered, this, [this, handle] {
      if (workspace_ != nullptr) handle(*workspace_);
    });
  };
  onWorkspace(actions_.review, [](Workspace& panels) { panels.reviewOrPush(); });
  onWorkspace(actions_.why, [](Workspace& panels) { panels.why().askHere(); });
  onWorkspace(actions_.breakpoint, [](Workspace& panels) { panels.focusBreakpoints(); });
  onWorkspace(actions_.resetLayout, [](Workspace& panels) { panels.resetLayout(); });
}

void MainWindow::fillBandMenu() {
  QMenu* menu = top_->contextMenu();
  menu->addActions({actions_.stage, actions_.attach, actions_.open});
  menu->addSeparator();
  menu->addActions({actions_.keepRecording, actions_.keepStretch, actions_.close});
  menu->addSeparator();
  menu->addActions({actions_.theme, actions_.resetLayout, actions_.quit});
}

}  // namespace qd::console
