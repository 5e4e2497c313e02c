// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/console/workspace.h"

#include <QDockWidget>
#include <QLabel>
#include <QMainWindow>
#include <QSplitter>
#include <QTabWidget>
#include <QThreadPool>
#include <QToolBar>
#include <QVBoxLayout>
#include <QWindow>

#include "widgets/base/frame_tick.h"
#include "widgets/base/theme.h"
#include "widgets/breakpoints/breakpoints_panel.h"
#include "widgets/breakpoints/stop_banner.h"
#include "widgets/debug/debug_view.h"
#include "widgets/fleet/fleet_panel.h"
#include "widgets/fleet/players_panel.h"
#include "widgets/log/alert_panel.h"
#include "widgets/log/log_panel.h"
#include "widgets/params/ledger_panel.h"
#include "widgets/params/params_panel.h"
#include "widgets/params/rollouts_panel.h"
#include "widgets/plot/plot_panel.h"
#include "widgets/plot/plot_stack.h"
#include "widgets/world/world_panel.h"

namespace qd::console {
namespace {

constexpr int kLeftWidth = 264, kRightWidth = 360, kLogHeight = 190, kTimelineHeight = 96;
constexpr int kLayoutVersion = 3;  // another one forgets remembered layouts
const QLatin1String kLayoutKey("window/layout"), kPlotsKey("window/plots");

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
  plots_ = new widgets::PlotPanel(context);
  plots_->stack().restoreLayout(settings_.value(kPlotsKey).toByteArray());
  connect(plots_, &widgets::PlotPanel::attachRequested, this, &Workspace::attachRequested);
  connect(plots_, &widgets::PlotPanel::said, this, &Workspace::said);
  debug_ = new widgets::DebugView(context);
  connect(debug_, &widgets::DebugView::said, this, &Workspace::said);
  centre_ = new QSplitter(Qt::Vertical);
  centre_->setChildrenCollapsible(false);
  auto* debugBox = new QWidget;
  auto* debugLayout = new QVBoxLayout(debugBox);
  debugLayout->setContentsMargins({});
  debugLayout->setSpacing(0);
  debugLayout->addWidget(debug_->titleBar());
  debugLayout->addWidget(debug_, 1);
  centre_->addWidget(debugBox);
  centre_->addWidget(plots_);
  centre_->setSizes({500, 220});
  debugBox->hide();
  timeline_ = new widgets::TimelinePanel(context);
  timeline_->setFixedHeight(kTimelineHeight);
  timelineBar_ = bar(QStringLiteral("timelineBar"), tr("Timeline"), timeline_);
  banner_ = new widgets::StopBanner(context);
  banner_->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  bannerBar_ = bar(QStringLiteral("bannerBar"), tr("Stopped"), banner_);
  connect(banner_, &widgets::StopBanner::wanted, bannerBar_, &QToolBar::setVisible);
  auto* fleet = new fleet::FleetPanel(context);
  auto* players = new fleet::PlayersPanel(context);
  auto* log = new log::LogPanel(context);
  fleet_ = dock(QStringLiteral("fleet"), tr("Fleet"), fleet, fleet->titleBar());
  players_ = dock(QStringLiteral("players"), tr("Players"), players, players->titleBar());
  log_ = dock(QStringLiteral("log"), tr("Log + Events"), log, log->titleBar());
  why_ = new widgets::WhyPanel(context);
  whyDock_ = dock(QStringLiteral("why"), tr("Why"), why_, why_->titleBar());
  const auto askWhy = [this](TimeNs time, TimeNs reach) { why().ask(time, reach); };
  connect(plots_, &widgets::PlotPanel::whyAsked, this, askWhy);
  connect(timeline_, &widgets::TimelinePanel::whyAsked, this, askWhy);
  changeDock_ = dock(QStringLiteral("change"), tr("Change"), makeChangeTabs(context), plainTitle(tr("Change")));
  auto* world = new widgets::WorldPanel(context);
  connect(world, &widgets::WorldPanel::attachRequested, this, &Workspace::attachRequested);
  world_ = dock(QStringLiteral("world"), tr("World"), world, world->titleBar());
  window_.setDockOptions(QMainWindow::AllowNestedDocks | QMainWindow::AllowTabbedDocks);
  window_.setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
  window_.setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
  place();
  if (!window_.restoreState(settings_.value(kLayoutKey).toByteArray(), kLayoutVersion)) sizeDocks();
  bannerBar_->hide();
}

Workspace::~Workspace() {
  settings_.setValue(kLayoutKey, window_.saveState(kLayoutVersion));
  settings_.setValue(kPlotsKey, plots_->stack().saveLayout());
  QThreadPool::globalInstance()->waitForDone();  // the ledger's sums read the session's store
  for (QDockWidget* dock : docks_) {
    window_.removeDockWidget(dock);
    delete dock;
  }
  delete centre_;
  for (QToolBar* bar : {timelineBar_, bannerBar_}) {
    window_.removeToolBar(bar);
    delete bar;
  }
}

QToolBar* Workspace::bar(const QString& name, const QString& title, QWidget* content) {
  auto* bar = new QToolBar(title);
  bar->setObjectName(name);
  bar->setMovable(false);
  bar->setContextMenuPolicy(Qt::PreventContextMenu);
  bar->setStyleSheet(QStringLiteral("QToolBar { padding: 0; border: none; spacing: 0; }"));
  bar->addWidget(content);
  return bar;
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
  change_->setObjectName(QStringLiteral("changeTabs"));
  params_ = new widgets::ParamsPanel(context);
  params_->setSources(&session_.core().changes, &settings_);
  breakpoints_ = new widgets::BreakpointsPanel(context);
  change_->addTab(params_, tr("Params"));
  change_->addTab(breakpoints_, tr("Breakpoints"));
  auto* rollouts = new widgets::RolloutsPanel(session_.core().changes, context);
  const int rolling = change_->addTab(rollouts, tr("Rollouts"));
  connect(rollouts, &widgets::RolloutsPanel::countChanged, change_, [this, rolling](int on) {
    change_->setTabText(rolling, on == 0 ? tr("Rollouts") : tr("Rollouts ▶ %1").arg(on));
  });
  change_->addTab(new widgets::LedgerPanel(context), tr("Ledger"));
  auto* alerts = new log::AlertPanel(session_.core().alerts, context);
  const int at = change_->addTab(alerts, tr("Alerts"));
  connect(alerts, &log::AlertPanel::countChanged, change_,
          [this, at](int on) { change_->setTabText(at, on == 0 ? tr("Alerts") : tr("Alerts ! %1").arg(on)); });
  return change_;
}

// Fleet and players left, change and world right, the log below the plots, the timeline across.
void Workspace::place() {
  window_.addToolBar(Qt::TopToolBarArea, bannerBar_);
  window_.addToolBar(Qt::BottomToolBarArea, timelineBar_);
  window_.addDockWidget(Qt::LeftDockWidgetArea, fleet_);
  window_.splitDockWidget(fleet_, players_, Qt::Vertical);
  window_.addDockWidget(Qt::BottomDockWidgetArea, log_);
  window_.tabifyDockWidget(log_, whyDock_);
  window_.addDockWidget(Qt::RightDockWidgetArea, changeDock_);
  window_.splitDockWidget(changeDock_, world_, Qt::Vertical);
  for (QDockWidget* dock : docks_) {
    dock->setFloating(false);
    dock->show();
  }
  log_->raise();
}

// Once the window is on the screen in its size: before that there is nothing to divide.
void Workspace::sizeDocks() {
  const auto& ticker = session_.context().ticker;
  disconnect(sizing_);
  sizing_ = connect(&ticker, &widgets::FrameTick::tick, this, [this] {
    if (window_.windowHandle() == nullptr || !window_.windowHandle()->isExposed()) return;
    disconnect(sizing_);
    setSizes();
  });
}

void Workspace::setSizes() {
  window_.resizeDocks({fleet_, changeDock_}, {kLeftWidth, kRightWidth}, Qt::Horizontal);
  window_.resizeDocks({fleet_, players_}, {45, 55}, Qt::Vertical);
  window_.resizeDocks({changeDock_, world_}, {64, 36}, Qt::Vertical);
  window_.resizeDocks({log_}, {kLogHeight}, Qt::Vertical);
}

QWidget* Workspace::centre() const {
  return centre_;
}

bool Workspace::debugs() const {
  return centre_->widget(0)->isVisibleTo(centre_);
}

// The sources of two processes need room: fleet, players and log make it, and come back.
void Workspace::showDebug(bool shown) {
  if (shown == debugs()) return;
  centre_->widget(0)->setVisible(shown);
  for (QDockWidget* dock : {fleet_, players_, log_, whyDock_}) dock->setVisible(!shown);
  if (!shown) log_->raise();
}

void Workspace::resetLayout() {
  plots_->stack().resetPanes();
  place();
  sizeDocks();
}

widgets::WhyPanel& Workspace::why() {
  whyDock_->show();
  whyDock_->raise();
  return *why_;
}

void Workspace::reviewOrPush() {
  changeDock_->show();
  change_->setCurrentWidget(params_);
  params_->reviewOrPush();
}

void Workspace::focusBreakpoints() {
  changeDock_->show();
  change_->setCurrentWidget(breakpoints_);
  breakpoints_->focusArm();
}

}  // namespace qd::console
