// SPDX-License-Identifier: GPL-3.0-or-later
// The debug view in the real window, with a real agent, two real games and a real debugger on each. With
// QD_SHOTS=FOLDER it leaves pictures of both themes there.
// First: QScintilla wants Qt's keywords, and they eat names of our headers.
#include "core/ingest/rollup_book.h"
//
#include <QAction>
#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QProcess>
#include <QPushButton>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>
#include <QTreeWidget>

#include "app/console/composition.h"
#include "app/console/main_window.h"
#include "core/breakpoints/registry_view.h"
#include "core/ingest/directory.h"
#include "tests/support/paths.h"
#include "widgets/base/selection.h"
#include "widgets/debug/debug_view.h"
#include "widgets/debug/process_pane.h"
#include "widgets/debug/source_view.h"

namespace qd::console {
namespace {

constexpr int kPatience = 60'000;

QString qt(const std::string& text) {
  return QString::fromStdString(text);
}

}  // namespace

class DebugViewSuite final : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase();
  void cleanupTestCase();
  void aHitShowsBothSidesStepsAndRunsOn();
  void whatHasNoCodeIsNeverShownAsArmed();
  void theBundleIsThereInTheRecording();

 private:
  void start(QProcess& process, const QString& program, const QStringList& arguments);
  ingest::LinkGroup group() { return composition_->session()->context().breakpoints.groups().at(0); }
  bool stands() { return group().state == ingest::GroupState::Stopped; }
  void shoot(const QString& name);
  widgets::ProcessPane* pane(const char* process);

  QTemporaryDir home_;
  QProcess agent_, server_, editor_;
  QString file_;
  int line_ = 0;
  std::unique_ptr<QSettings> settings_;
  std::unique_ptr<Composition> composition_;
  std::unique_ptr<MainWindow> window_;
  widgets::DebugView* view_ = nullptr;
  QString recording_;
};

void DebugViewSuite::start(QProcess& process, const QString& program, const QStringList& arguments) {
  QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
  environment.insert(QStringLiteral("QUARTERDECK_SOCKET"), home_.filePath(QStringLiteral("probe.sock")));
  process.setProcessEnvironment(environment);
  process.setStandardErrorFile(QProcess::nullDevice());
  process.start(program, arguments);
  QVERIFY2(process.waitForStarted(), qPrintable(program));
}

void DebugViewSuite::initTestCase() {
  QVERIFY(home_.isValid());
  qputenv("XDG_DATA_HOME", home_.path().toUtf8());
  qputenv("XDG_CONFIG_HOME", home_.path().toUtf8());
  const QString bin = qt(paths::kBinDir);
  start(agent_, bin + QStringLiteral("/quarterdeckd"),
        {QStringLiteral("--listen"), QStringLiteral("127.0.0.1:0"), QStringLiteral("--socket"),
         home_.filePath(QStringLiteral("probe.sock")), QStringLiteral("--data"), home_.filePath(QStringLiteral("data")),
         QStringLiteral("--allow-debug"), QStringLiteral("--debugger"), QStringLiteral("game-*=lldb")});
  QVERIFY2(agent_.waitForReadyRead(20'000), "the agent says nothing");
  const QByteArray ready = agent_.readLine();
  const int at = static_cast<int>(ready.indexOf("127.0.0.1:"));
  QVERIFY(at > 0);
  const QByteArray address = ready.mid(at, ready.indexOf('"', at) - at);
  const QString game = bin + QStringLiteral("/../tests/debug-game");
  start(server_, game, {QStringLiteral("--id"), QStringLiteral("game-1")});
  start(editor_, game,
        {QStringLiteral("--id"), QStringLiteral("game-2"), QStringLiteral("--kind"), QStringLiteral("editor"),
         QStringLiteral("--domain"), QStringLiteral("game-1")});
  file_ = qt(paths::kSourceDir) + QStringLiteral("/tests/agent/daemon/game/game_main.cpp");
  QFile source(file_);
  QVERIFY(source.open(QIODevice::ReadOnly));
  const QList<QByteArray> lines = source.readAll().split('\n');
  for (int i = 0; i < lines.size(); ++i) {
    if (lines[i].contains("qd_site_enabled(site)")) line_ = i + 1;
  }
  settings_ = std::make_unique<QSettings>(home_.filePath(QStringLiteral("window.ini")), QSettings::IniFormat);
  composition_ = std::make_unique<Composition>(*settings_);
  window_ = std::make_unique<MainWindow>(*composition_, *settings_, widgets::Scheme::Dark);
  window_->resize(1440, 900);
  window_->show();
  session::SessionRequest request;
  request.context.name = "debug";
  request.context.agents = {address.toStdString()};
  composition_->open(request);
  QTRY_VERIFY_WITH_TIMEOUT(composition_->session() != nullptr, kPatience);
  QTRY_VERIFY_WITH_TIMEOUT(composition_->session()->context().directory.processes().size() == 2, kPatience);
  recording_ = composition_->recordingPath();
  composition_->session()->context().selection.setProcess(ProcessId("game-1"));
  for (QAction* action : window_->actions()) {
    if (action->shortcut() == QKeySequence(QStringLiteral("Ctrl+D"))) action->trigger();
  }
  view_ = window_->findChild<widgets::DebugView*>();
  QVERIFY(view_ != nullptr);
  QTRY_VERIFY(view_->isVisible());
}

void DebugViewSuite::cleanupTestCase() {
  window_.reset();
  composition_.reset();
  for (QProcess* process : {&server_, &editor_}) {
    process->kill();
    process->waitForFinished();
  }
  agent_.terminate();
  if (!agent_.waitForFinished(20'000)) agent_.kill();
}

widgets::ProcessPane* DebugViewSuite::pane(const char* process) {
  for (auto* one : view_->findChildren<widgets::ProcessPane*>()) {
    if (one->process() == ProcessId(process)) return one;
  }
  return nullptr;
}

void DebugViewSuite::shoot(const QString& name) {
  const QString folder = qEnvironmentVariable("QD_SHOTS");
  if (folder.isEmpty()) return;
  for (const auto scheme : {widgets::Scheme::Light, widgets::Scheme::Dark}) {
    widgets::applyTheme(*qApp, scheme);
    QCoreApplication::processEvents();
    const QString theme = scheme == widgets::Scheme::Light ? QStringLiteral("light") : QStringLiteral("dark");
    QVERIFY(window_->grab().save(QStringLiteral("%1/%2-%3.png").arg(folder, name, theme)));
  }
}

void DebugViewSuite::aHitShowsBothSidesStepsAndRunsOn() {
  auto* commands = composition_->session()->context().commands;
  QVERIFY(commands != nullptr);
  commands->link({ProcessId("game-1"), ProcessId("game-2")}, [](const auto&) {});
  QTRY_VERIFY_WITH_TIMEOUT(!composition_->session()->context().breakpoints.groups().empty(), kPatience);
  QTRY_VERIFY(pane("game-1") != nullptr && pane("game-2") != nullptr);
  // Somebody types the path, goes to the line, and sets a breakpoint there.
  auto* left = pane("game-1");
  auto* path = left->findChild<QLineEdit*>(QStringLiteral("sourcePath"));
  path->setText(file_);
  QTest::keyClick(path, Qt::Key_Return);
  auto* source = left->findChild<widgets::SourceView*>();
  QTRY_VERIFY(source->text().contains(QStringLiteral("qd_site_enabled(site)")));
  source->setFocus();
  source->setCursorPosition(line_ - 1, 0);
  view_->toggleHere();
  QTRY_VERIFY_WITH_TIMEOUT(stands(), kPatience);
  // Where it stands, on both sides.
  auto* stack = left->findChild<QTreeWidget*>(QStringLiteral("stack"));
  auto* locals = left->findChild<QTreeWidget*>(QStringLiteral("variables"));
  QTRY_VERIFY_WITH_TIMEOUT(stack->topLevelItemCount() > 0, kPatience);
  QTRY_VERIFY_WITH_TIMEOUT(!locals->findItems(QStringLiteral("tick"), Qt::MatchExactly).isEmpty(), kPatience);
  QVERIFY(stack->topLevelItem(0)->text(1).endsWith(QStringLiteral(":%1").arg(line_)));
  auto* right = pane("game-2");
  auto* others = right->findChild<QTreeWidget*>(QStringLiteral("stack"));
  // Until the other's debugger has attached, a hit stops it by its probe, between two ticks: no stack there yet.
  QElapsedTimer since;
  since.start();
  const auto bothHaveStacks = [&] {
    if (others->topLevelItemCount() > 0) return true;
    if (since.elapsed() > 2000 && stands()) {
      since.restart();
      view_->continueAll();
    }
    return false;
  };
  QTRY_VERIFY_WITH_TIMEOUT(bothHaveStacks(), kPatience);
  QTRY_VERIFY_WITH_TIMEOUT(stands() && stack->topLevelItemCount() > 0, kPatience);
  auto* state = view_->findChild<QLabel*>(QStringLiteral("debugState"));
  QTRY_VERIFY(state->text().contains(QStringLiteral("game-1")) && state->text().contains(QStringLiteral("game-2")));
  // What lies below a local comes when it is opened; the hit's own copy, which is there first, has nothing below.
  // The tree is filled anew when the debugger has answered: an item is asked for each time.
  const auto options = [&] { return locals->findItems(QStringLiteral("options"), Qt::MatchExactly).value(0); };
  QTRY_VERIFY_WITH_TIMEOUT(options() != nullptr && options()->childIndicatorPolicy() == QTreeWidgetItem::ShowIndicator,
                           kPatience);
  QCOMPARE(options()->childCount(), 0);
  options()->setExpanded(true);
  const auto hasChildren = [&] { return options() != nullptr && options()->childCount() > 0; };
  QTRY_VERIFY_WITH_TIMEOUT(hasChildren(), kPatience);
  shoot(QStringLiteral("debug-stopped"));
  // A line further; the other stands meanwhile.
  const auto before = group().hitId;
  view_->stepOver();
  QTRY_VERIFY_WITH_TIMEOUT(stands() && group().hitId != before, kPatience);
  QTRY_VERIFY_WITH_TIMEOUT(
      stack->topLevelItemCount() > 0 && !stack->topLevelItem(0)->text(1).endsWith(QStringLiteral(":%1").arg(line_)),
      kPatience);
  // Again at the line a tick later: what has changed is marked.
  const auto again = group().hitId;
  view_->continueAll();
  QTRY_VERIFY_WITH_TIMEOUT(stands() && group().hitId != again, kPatience);
  const auto tickItem = [&] { return locals->findItems(QStringLiteral("tick"), Qt::MatchExactly).value(0); };
  QTRY_VERIFY_WITH_TIMEOUT(tickItem() != nullptr && tickItem()->text(1).startsWith(QStringLiteral("Δ")), kPatience);
  QTRY_VERIFY_WITH_TIMEOUT(hasChildren() && options()->isExpanded(), kPatience);  // it was open
  shoot(QStringLiteral("debug-changed"));
  // F9 again clears it, F5 runs both on.
  source->setCursorPosition(line_ - 1, 0);
  view_->toggleHere();
  QTRY_VERIFY_WITH_TIMEOUT(composition_->session()->context().breakpoints.breakpoints().empty(), kPatience);
  view_->continueAll();
  QTRY_VERIFY_WITH_TIMEOUT(group().state == ingest::GroupState::Running, kPatience);
  QTRY_VERIFY(state->text().startsWith(QStringLiteral("Nobody stands")));
  auto* hits = view_->findChild<QTreeWidget*>(QStringLiteral("debugHits"));
  QTRY_VERIFY(hits->topLevelItemCount() >= 3);
  // An earlier bundle opens, with both stacks.
  Q_EMIT hits->itemClicked(hits->topLevelItem(2), 0);
  QTRY_VERIFY_WITH_TIMEOUT(stack->topLevelItemCount() > 0, kPatience);
  QVERIFY(others->topLevelItemCount() > 0);
  shoot(QStringLiteral("debug-bundle"));
}

void DebugViewSuite::whatHasNoCodeIsNeverShownAsArmed() {
  auto* left = pane("game-1");
  QVERIFY(left != nullptr);
  left->openFile(file_, 0);
  auto* source = left->findChild<widgets::SourceView*>();
  const int last = source->lines();
  Q_EMIT source->toggled(last + 500);
  const auto all = [&] { return composition_->session()->context().breakpoints.breakpoints(); };
  QTRY_VERIFY_WITH_TIMEOUT(!all().empty() && all().front().members.front().ack == ingest::MemberAck::Rejected,
                           kPatience);
  QVERIFY(!all().front().armed);
  composition_->session()->context().commands->removeBreakpoint(all().front().id, [](const auto&) {});
  QTRY_VERIFY_WITH_TIMEOUT(all().empty(), kPatience);
}

void DebugViewSuite::theBundleIsThereInTheRecording() {
  composition_->setKeepRecording(true);
  composition_->close();
  QTRY_VERIFY(composition_->session() == nullptr);
  const QDir kept(QFileInfo(recording_).path() + QStringLiteral("/kept"));
  QStringList files;  // moved there by a worker, after the session's end
  const auto isKept = [&] {
    files = kept.entryList({QStringLiteral("*.qdrec")}, QDir::Files);
    return !files.isEmpty();
  };
  QTRY_VERIFY_WITH_TIMEOUT(isKept(), kPatience);
  composition_->open({session::SessionRequest::Kind::Replay, {}, kept.filePath(files.front())});
  QTRY_VERIFY_WITH_TIMEOUT(composition_->session() != nullptr, kPatience);
  auto& registry = composition_->session()->context().breakpoints;
  QTRY_VERIFY_WITH_TIMEOUT(registry.hits().size() >= 3, kPatience);
  const auto all = registry.hits();
  const auto whole = std::ranges::find_if(all, [](const ingest::Hit& h) {
    return h.members.size() == 2 && std::ranges::none_of(h.members, [](const auto& m) { return m.frames.empty(); });
  });
  QVERIFY(whole != all.end());
  const ingest::Hit hit = *whole;
  const auto leader = std::ranges::find(hit.members, hit.leader, [](const auto& m) { return m.state.process; });
  QVERIFY(!leader->sources.empty() && !leader->locals.empty());
  QCOMPARE(leader->sources.front().firstLine, line_ - 40);
  for (QAction* action : window_->actions()) {
    if (action->shortcut() == QKeySequence(QStringLiteral("Ctrl+D"))) action->trigger();
  }
  view_ = window_->findChild<widgets::DebugView*>();
  QVERIFY(view_ != nullptr);
  composition_->session()->context().selection.setHit(qt(hit.id));
  QTRY_VERIFY_WITH_TIMEOUT(pane("game-1") != nullptr, kPatience);
  auto* source = pane("game-1")->findChild<widgets::SourceView*>();
  QTRY_VERIFY_WITH_TIMEOUT(source->text(line_ - 1).contains(QStringLiteral("qd_site_enabled")), kPatience);
  shoot(QStringLiteral("debug-recording"));
}

}  // namespace qd::console

QTEST_MAIN(qd::console::DebugViewSuite)
#include "debug_view_test.moc"
