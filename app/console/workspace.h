// SPDX-License-Identifier: GPL-3.0-or-later
// The panels of one session and where they stand in the window: docks around the plots, the timeline below. Made when
// a session opens, deleted before it closes; remembers the layout. UI thread.
#pragma once

#include <QList>
#include <QObject>
#include <QSettings>

#include "app/console/session.h"
#include "widgets/timeline/timeline_panel.h"
#include "widgets/why/why_panel.h"

class QDockWidget;
class QMainWindow;
class QSplitter;
class QTabWidget;
class QToolBar;

namespace qd::widgets {
class BreakpointsPanel;
class DebugView;
class ParamsPanel;
class PlotPanel;
class StopBanner;
}  // namespace qd::widgets

namespace qd::console {

class Workspace final : public QObject {
  Q_OBJECT
 public:
  Workspace(Session& session, QMainWindow& window, QSettings& settings);
  ~Workspace() override;  // saves the layout, takes the panels out of the window

  QWidget* centre() const;
  widgets::TimelinePanel& timeline() { return *timeline_; }
  widgets::WhyPanel& why();  // brought to the front
  widgets::StopBanner& banner() { return *banner_; }
  void reviewOrPush();      // shows the parameters, then their review, then pushes
  void focusBreakpoints();  // shows the breakpoints, ready to arm one
  widgets::DebugView& debug() { return *debug_; }
  bool debugs() const;  // the debug view is shown
  void showDebug(bool shown);
  QList<QDockWidget*> docks() const { return docks_; }
  void resetLayout();

 Q_SIGNALS:
  void attachRequested();  // from a panel that is empty
  void said(const QString& sentence, bool problem);

 private:
  QDockWidget* dock(const QString& name, const QString& title, QWidget* panel, QWidget* titleBar);
  QToolBar* bar(const QString& name, const QString& title, QWidget* content);
  QWidget* makeChangeTabs(const widgets::SessionContext& context);
  void place();
  void sizeDocks();
  void setSizes();

  Session& session_;
  QMainWindow& window_;
  QSettings& settings_;
  QSplitter* centre_;
  widgets::DebugView* debug_;
  widgets::PlotPanel* plots_;
  widgets::TimelinePanel* timeline_;
  QToolBar* timelineBar_;
  QToolBar* bannerBar_;
  widgets::StopBanner* banner_;
  widgets::ParamsPanel* params_ = nullptr;
  widgets::BreakpointsPanel* breakpoints_ = nullptr;
  QTabWidget* change_ = nullptr;
  QList<QDockWidget*> docks_;
  QMetaObject::Connection sizing_;
  widgets::WhyPanel* why_ = nullptr;
  QDockWidget *fleet_, *players_, *log_, *whyDock_, *changeDock_, *world_;
};

}  // namespace qd::console
