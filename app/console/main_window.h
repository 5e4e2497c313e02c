// SPDX-License-Identifier: GPL-3.0-or-later
// Wiring only: the bars, the start page, the panels of the open session, and which action calls what. UI thread.
#pragma once

#include <QMainWindow>
#include <memory>
#include <optional>

#include "app/console/actions.h"
#include "app/console/composition.h"
#include "app/console/orders.h"
#include "app/console/workspace.h"
#include "widgets/base/theme.h"

class QStackedWidget;

namespace qd::session {
class CommandPalette;
class StartPage;
class StatusBar;
class TopBar;
}  // namespace qd::session

namespace qd::console {

class MainWindow final : public QMainWindow {
  Q_OBJECT
 public:
  MainWindow(Composition& composition, QSettings& settings, std::optional<widgets::Scheme> scheme);
  ~MainWindow() override;

 protected:
  void paintEvent(QPaintEvent* event) override;
  void closeEvent(QCloseEvent* event) override;

 private:
  void wireComposition();
  void wireSessionActions();
  void wireTimeActions();
  void wirePanelActions();
  void fillBandMenu();
  void showSession(Session* session);
  void dropSession();
  void showStart();
  void showBand();
  void applyActions();
  void askAttach();
  void askRecording();
  void askDestination();
  void setScheme(widgets::Scheme scheme);
  void switchScheme();  // and remembers it
  void nameFreeze();
  void onFrame(bool second);
  void say(const QString& sentence, bool problem = false);

  Composition& composition_;
  QSettings& settings_;
  Actions actions_;
  session::TopBar* top_;
  session::StatusBar* status_;
  session::StartPage* start_;
  session::CommandPalette* palette_;
  QStackedWidget* centre_;
  widgets::Scheme scheme_ = widgets::Scheme::Dark;
  Session* session_ = nullptr;
  std::unique_ptr<Workspace> workspace_;
  std::unique_ptr<Orders> orders_;
};

}  // namespace qd::console
