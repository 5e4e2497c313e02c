// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/console/main_window.h"

#include <QApplication>
#include <QCloseEvent>
#include <QFileDialog>
#include <QInputDialog>
#include <QMenu>
#include <QPainter>
#include <QScreen>
#include <QStackedWidget>
#include <QStatusBar>

#include "app/console/navigation.h"
#include "widgets/breakpoints/stop_banner.h"
#include "widgets/session/attach_dialog.h"
#include "widgets/session/command_palette.h"
#include "widgets/session/start_page.h"
#include "widgets/session/status_bar.h"
#include "widgets/session/top_bar.h"
#include "widgets/timeline/bookmarks.h"

namespace qd::console {
namespace {

constexpr int kReplayFrame = 3, kRecentShown = 12;
const QLatin1String kThemeKey("window/theme"), kGeometryKey("window/geometry");

widgets::Environment bandEnvironment(const Session& session) {
  if (session.isReplay()) return widgets::Environment::Replay;
  switch (session.request().context.environment) {
    case session::Environment::Stage:
      return widgets::Environment::Stage;
    case session::Environment::Production:
      return widgets::Environment::Production;
    case session::Environment::Staging:
      break;
  }
  return widgets::Environment::Staging;
}

}  // namespace

MainWindow::MainWindow(Composition& composition, QSettings& settings, std::optional<widgets::Scheme> scheme)
    : composition_(composition), settings_(settings), actions_(this) {
  setWindowTitle(tr("Quarterdeck"));
  const bool light = settings_.value(kThemeKey).toString() == QLatin1String("light");
  setScheme(scheme.value_or(light ? widgets::Scheme::Light : widgets::Scheme::Dark));
  top_ = new session::TopBar({actions_.freeze, actions_.mark, actions_.halt, actions_.palette});
  status_ = new session::StatusBar;
  start_ = new session::StartPage;
  centre_ = new QStackedWidget;
  centre_->addWidget(start_);
  setMenuWidget(top_);
  setCentralWidget(centre_);
  statusBar()->setSizeGripEnabled(false);
  statusBar()->setFixedHeight(status_->height());
  statusBar()->setContentsMargins(0, 0, 0, 0);
  statusBar()->addWidget(status_, 1);
  palette_ = new session::CommandPalette(this);
  wireComposition();
  wireSessionActions();
  wireTimeActions();
  wirePanelActions();
  fillBandMenu();
  showStart();
  if (!restoreGeometry(settings_.value(kGeometryKey).toByteArray())) setGeometry(screen()->availableGeometry());
}

MainWindow::~MainWindow() {
  dropSession();
}

void MainWindow::wireComposition() {
  connect(&composition_, &Composition::opening, start_, [this](const QString& what) {
    start_->showProblem(QString());
    start_->showProgress(what);
  });
  connect(&composition_, &Composition::opened, this, &MainWindow::showSession);
  connect(&composition_, &Composition::aboutToClose, this, &MainWindow::dropSession);
  connect(&composition_, &Composition::closed, this, &MainWindow::showStart);
  connect(&composition_, &Composition::failed, this, [this](const QString& sentence) {
    start_->showProgress(QString());
    start_->showProblem(sentence);
    if (session_ != nullptr) say(sentence, true);
  });
  connect(&composition_.ticker(), &widgets::FrameTick::tick, this, [this](TimeNs, bool second) { onFrame(second); });
  connect(start_, &session::StartPage::requested, &composition_, &Composition::open);
  connect(start_, &session::StartPage::attachClicked, this, &MainWindow::askAttach);
  connect(start_, &session::StartPage::openClicked, this, &MainWindow::askRecording);
  connect(start_, &session::StartPage::cancelClicked, this, [this] {
    composition_.close();
    start_->showProgress(QString());
  });
}

void MainWindow::showSession(Session* session) {
  session_ = session;
  actions_.keepRecording->setChecked(false);
  workspace_ = std::make_unique<Workspace>(*session, *this, settings_);
  centre_->addWidget(workspace_->centre());
  centre_->setCurrentWidget(workspace_->centre());
  connect(workspace_.get(), &Workspace::attachRequested, this, &MainWindow::askAttach);
  connect(workspace_.get(), &Workspace::said, this, &MainWindow::say);
  orders_ = std::make_unique<Orders>(session->context());
  connect(orders_.get(), &Orders::said, this, &MainWindow::say);
  connect(&workspace_->banner(), &widgets::StopBanner::continueClicked, orders_.get(), &Orders::resumeAll);
  connect(&workspace_->banner(), &widgets::StopBanner::stepClicked, orders_.get(), &Orders::stepOneTick);
  connect(&workspace_->timeline(), &widgets::TimelinePanel::keepAsked, actions_.keepStretch, &QAction::trigger);
  if (widgets::Bookmarks* bookmarks = session->bookmarks()) {
    workspace_->timeline().setBookmarks(bookmarks);
    connect(&workspace_->timeline(), &widgets::TimelinePanel::bookmarkRequested, actions_.mark, &QAction::trigger);
    connect(bookmarks, &widgets::Bookmarks::failed, this, [this](const QString& sentence) { say(sentence, true); });
    if (!bookmarks->problem().isEmpty()) say(bookmarks->problem(), true);
  }
  top_->setClock(&session->context().clock);
  setContentsMargins(session->isReplay() ? QMargins(kReplayFrame, kReplayFrame, kReplayFrame, kReplayFrame)
                                         : QMargins());
  start_->showProgress(QString());
  start_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Ignored);  // what is hidden claims no room of the window
  showBand();
  applyActions();
  onFrame(true);
}

void MainWindow::dropSession() {
  if (session_ == nullptr) return;
  top_->setClock(nullptr);
  orders_.reset();
  workspace_.reset();
  session_ = nullptr;
}

void MainWindow::showStart() {
  start_->setContexts(session::loadContexts(session::contextsPath()), QString::fromStdString(session::contextsPath()));
  start_->setRecent(session::recentRecordings(session::recordingsFolder(), kRecentShown),
                    session::recentClusters(settings_));
  start_->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Preferred);
  centre_->setCurrentWidget(start_);
  setContentsMargins({});
  status_->clear();
  showBand();
  applyActions();
}

void MainWindow::showBand() {
  if (session_ == nullptr) {
    top_->setBand(tr("QUARTERDECK"), widgets::Environment::None, QString(), tr("Nothing is open"));
    return;
  }
  const auto& request = session_->request();
  QStringList agents;
  for (const auto& agent : request.context.agents) agents.append(QString::fromStdString(agent));
  QString name = QString::fromStdString(request.context.name);
  if (session_->isReadOnly()) name += tr(" · read-only");
  if (session_->isReplay()) name = QFileInfo(request.recording).completeBaseName();
  top_->setBand(name.toUpper(), bandEnvironment(*session_), QString::fromStdString(request.context.colour),
                session_->isReplay() ? request.recording : agents.join(QLatin1Char('\n')));
  setWindowTitle(tr("%1 — Quarterdeck").arg(name));
}

void MainWindow::applyActions() {
  const bool commands = session_ != nullptr && session_->context().commands != nullptr;
  actions_.apply({session_ != nullptr, commands, session_ != nullptr && session_->isReplay()});
  actions_.keepRecording->setEnabled(session_ != nullptr && !session_->isReplay());
}

void MainWindow::askAttach() {
  const QStringList last = session::recentClusters(settings_);
  auto* dialog = new session::AttachDialog(last.value(0), this);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  connect(dialog, &QDialog::accepted, this, [this, dialog] { composition_.open(dialog->request()); });
  dialog->open();
}

void MainWindow::askRecording() {
  auto* dialog = new QFileDialog(this, tr("Open recording"), session::recordingsFolder(), tr("Recordings (*.qdrec)"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setFileMode(QFileDialog::ExistingFile);
  connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) {
    composition_.open({session::SessionRequest::Kind::Replay, {}, path});
  });
  dialog->open();
}

void MainWindow::askDestination() {
  auto* dialog = new QInputDialog(this);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setWindowTitle(tr("Go to"));
  dialog->setLabelText(tr("Tick of the selected server (123456), UTC time (14:02:11) or step (-30s)"));
  connect(dialog, &QInputDialog::textValueSelected, this, [this](const QString& typed) {
    if (session_ == nullptr) return;
    if (const auto done = goTo(session_->context(), typed); !done)
      say(QString::fromStdString(done.error().message), true);
  });
  dialog->open();
}

void MainWindow::setScheme(widgets::Scheme scheme) {
  scheme_ = scheme;
  widgets::applyTheme(*qobject_cast<QApplication*>(QCoreApplication::instance()), scheme);
}

void MainWindow::switchScheme() {
  setScheme(scheme_ == widgets::Scheme::Dark ? widgets::Scheme::Light : widgets::Scheme::Dark);
  settings_.setValue(kThemeKey, scheme_ == widgets::Scheme::Dark ? QStringLiteral("dark") : QStringLiteral("light"));
}

// What Space does now.
void MainWindow::nameFreeze() {
  if (session_ == nullptr) return;
  const auto& clock = session_->context().clock;
  const bool frozen = clock.mode() == widgets::ViewClock::Mode::Frozen;
  const QString name =
      clock.isRecording() ? (frozen ? tr("Play") : tr("Pause")) : (frozen ? tr("Go live") : tr("Freeze"));
  if (actions_.freeze->text() != name) actions_.freeze->setText(name);
}

void MainWindow::onFrame(bool second) {
  top_->refresh();
  nameFreeze();
  if (!second || session_ == nullptr) return;
  const session::StatusNumbers numbers = session_->status();
  top_->setReachable(session_->isReplay() || numbers.agentsConnected > 0);
  status_->show(session::statusPieces(numbers));
}

void MainWindow::say(const QString& sentence, bool problem) {
  status_->say(sentence, problem);
}

void MainWindow::paintEvent(QPaintEvent* event) {
  QMainWindow::paintEvent(event);
  if (session_ == nullptr || !session_->isReplay()) return;
  QPainter painter(this);
  painter.setPen(QPen(widgets::bandOf(widgets::Environment::Replay).background, 2 * kReplayFrame));
  painter.drawRect(rect());
}

void MainWindow::closeEvent(QCloseEvent* event) {
  settings_.setValue(kGeometryKey, saveGeometry());
  composition_.close();
  event->accept();
}

}  // namespace qd::console
