// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/console/workspace.h"

#include <QDockWidget>
#include <QLabel>
#include <QMainWindow>
#include <QTabWidget>
#include <QTimer>
#include <QToolBar>

#include "widgets/base/theme.h"
#include "widgets/fleet/fleet_panel.h"
#include "widgets/fleet/players_panel.h"
#include "widgets/log/alert_panel.h"
#include "widgets/log/log_panel.h"
#include "widgets/plot/plot_panel.h"
#include "widgets/world/world_panel.h"

namespace qd::console {
namespace {

constexpr int kLeftWidth = 264, kRightWidth = 360, kLogHeight = 190, kTimelineHeight = 96;
constexpr int kLayoutVersion = 1;  // another one forgets remembered layouts
const QLatin1String kLayoutKey("window/layout");

// For a dock whose content has several panels, each with a title of its own in a tab.
QWidget* plainTitle(const QString& text) {
  auto* title = new QLabel(text.toUpper());
  title->setFont(widgets::uiFont(widgets::kSmallPx, QFont::DemiBold));
  title->setFixedHeight(widgets::kTitleHeight);
  title->setContentsMargins(widgets::kPad, 0, widgets::kPad, 0);
  return title;
}

}  // namespace

Workspace::Workspace(Session& session, QMainWindow& window, QSettings& settings)
    : session_(session), window_(window), settings_(settings) {
  const auto context = session.context();
  centre_ = new widgets::PlotPanel(context);
  timeline_ = new widgets::TimelinePanel(context);
  timeline_->setFixedHeight(kTimelineHeight);
  timelineBar_ = new QToolBar(tr("Timeline"));
  timelineBar_->setObjectName(QStringLiteral("timelineBar"));
  timelineBar_->setMovable(false);
  timelineBar_->setContextMenuPolicy(Qt::PreventContextMenu);
  timelineBar_->setStyleSheet(QStringLiteral("QToolBar { padding: 0; border: none; spacing: 0; }"));
  timelineBar_->addWidget(timeline_);
  auto* fleet = new fleet::FleetPanel(context);
  auto* players = new fleet::PlayersPanel(context);
  auto* log = new log::LogPanel(context);
  fleet_ = dock(QStringLiteral("fleet"), tr("Fleet"), fleet, fleet->titleBar());
  players_ = dock(QStringLiteral("players"), tr("Players"), players, players->titleBar());
  log_ = dock(QStringLiteral("log"), tr("Log + Events"), log, log->titleBar());
  changeDock_ = dock(QStringLiteral("change"), tr("Change"), makeChangeTabs(context), plainTitle(tr("Change")));
  auto* world = new widgets::WorldPanel(context);
  world_ = dock(QStringLiteral("world"), tr("World"), world, world->titleBar());
  window_.setDockOptions(QMainWindow::AllowNestedDocks | QMainWindow::AllowTabbedDocks);
  window_.setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
  window_.setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
  place();
  if (!window_.restoreState(settings_.value(kLayoutKey).toByteArray(), kLayoutVersion)) sizeDocks();
}

Workspace::~Workspace() {
  settings_.setValue(kLayoutKey, window_.saveState(kLayoutVersion));
  for (QDockWidget* dock : docks_) {
    window_.removeDockWidget(dock);
    delete dock;
  }
  window_.removeToolBar(timelineBar_);
  delete timelineBar_;
}

QDockWidget* Workspace::dock(const QString& name, const QString& title, QWidget* panel, QWidget* titleBar) {
  auto* dock = new QDockWidget(title, &window_);
  dock->setObjectName(name);
  dock->setWidget(panel);
  if (titleBar != nullptr) dock->setTitleBarWidget(titleBar);
  docks_.append(dock);
  return dock;
}

QWidget* Workspace::makeChangeTabs(const widgets::SessionContext& context) {
  change_ = new QTabWidget;
  change_->setDocumentMode(true);
  auto* alerts = new log::AlertPanel(session_.core().alerts, context);
  const int at = change_->addTab(alerts, tr("Alerts"));
  connect(alerts, &log::AlertPanel::countChanged, change_,
          [this, at](int on) { change_->setTabText(at, on == 0 ? tr("Alerts") : tr("Alerts ! %1").arg(on)); });
  return change_;
}

// As ux.md draws it.
void Workspace::place() {
  window_.addToolBar(Qt::BottomToolBarArea, timelineBar_);
  window_.addDockWidget(Qt::LeftDockWidgetArea, fleet_);
  window_.splitDockWidget(fleet_, players_, Qt::Vertical);
  window_.addDockWidget(Qt::BottomDockWidgetArea, log_);
  window_.addDockWidget(Qt::RightDockWidgetArea, changeDock_);
  window_.splitDockWidget(changeDock_, world_, Qt::Vertical);
  for (QDockWidget* dock : docks_) {
    dock->setFloating(false);
    dock->show();
  }
}

// Once the docks have been laid out: before that there is nothing to divide.
void Workspace::sizeDocks() {
  QTimer::singleShot(0, this, [this] { setSizes(); });
}

void Workspace::setSizes() {
  window_.resizeDocks({fleet_, changeDock_}, {kLeftWidth, kRightWidth}, Qt::Horizontal);
  window_.resizeDocks({fleet_, players_}, {45, 55}, Qt::Vertical);
  window_.resizeDocks({changeDock_, world_}, {55, 45}, Qt::Vertical);
  window_.resizeDocks({log_}, {kLogHeight}, Qt::Vertical);
}

void Workspace::resetLayout() {
  place();
  sizeDocks();
}

}  // namespace qd::console
