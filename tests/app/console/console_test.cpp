// SPDX-License-Identifier: GPL-3.0-or-later
#include <signal.h>

#include <QApplication>
#include <QDir>
#include <QDockWidget>
#include <QFile>
#include <QInputDialog>
#include <QLabel>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "app/console/composition.h"
#include "app/console/end_signals.h"
#include "app/console/main_window.h"
#include "app/console/options.h"
#include "app/console/stage_process.h"
#include "core/params/preset.h"
#include "tests/support/paths.h"
#include "widgets/session/contexts.h"
#include "widgets/session/recent_sessions.h"
#include "widgets/session/start_page.h"

namespace qd::console {
namespace {

std::expected<Options, EarlyExit> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "quarterdeck");
  return parseOptions(static_cast<int>(arguments.size()), arguments.data(), "1.2.3");
}

bool shows(const QWidget& widget, const QString& part) {
  for (const QLabel* label : widget.findChildren<QLabel*>()) {
    if (label->isVisible() && label->text().contains(part)) return true;
  }
  return false;
}

session::SessionRequest attachTo(const char* agent) {
  session::SessionRequest request;
  request.context.name = "nobody";
  request.context.agents = {agent};
  return request;
}

}  // namespace

class ConsoleSuite final : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase();
  void readsTheCommandLine();
  void wrongUsageIsCodeTwoAndOneSentence_data();
  void wrongUsageIsCodeTwoAndOneSentence();
  void readsTheReadyLineOfTheStage();
  void readsPresetsBesideContexts();
  void aLostAgentStillOpensEveryPanel();
  void whatIsRecordedOpensAgain();
  void aStretchIsKeptUnderAName();
  void aBrokenRecordingIsSaidOnTheStartPage();
  void aSignalEndsByTheEventLoop();

 private:
  QTemporaryDir home_;
};

void ConsoleSuite::initTestCase() {
  QVERIFY(home_.isValid());
  qputenv("XDG_DATA_HOME", home_.path().toUtf8());
  qputenv("XDG_CONFIG_HOME", home_.path().toUtf8());
}

void ConsoleSuite::readsTheCommandLine() {
  const auto options = parse({"--agent", "a:1", "--agent", "b:2", "--screenshot", "x.png", "--after", "1500ms"});
  QVERIFY(options.has_value());
  QCOMPARE(options->agents, (std::vector<std::string>{"a:1", "b:2"}));
  QCOMPARE(options->after.ns, 1500 * kNsPerMs);
  QCOMPARE(parse({"--memory", "64"})->memoryMib, 64);
  QVERIFY(parse({})->agents.empty());
  const auto version = parse({"--version"});
  QVERIFY(!version && version.error().code == 0);
  QCOMPARE(version.error().text, std::string("1.2.3\n"));
}

// Both are TOML, read by two rooms that only this program has together.
void ConsoleSuite::readsPresetsBesideContexts() {
  const auto contexts = session::parseContexts("[[context]]\nname = 'here'\nagents = ['127.0.0.1:7400']\n", "c", "/");
  QVERIFY2(contexts.has_value(), contexts ? "" : contexts.error().message.c_str());
  const auto preset = params::presetFromToml("name = 'storm night'\n\n[values]\n'npc.density' = 3\n", "p");
  QVERIFY2(preset.has_value(), preset ? "" : preset.error().message.c_str());
  QCOMPARE(preset->values.size(), std::size_t{1});
}

void ConsoleSuite::wrongUsageIsCodeTwoAndOneSentence_data() {
  QTest::addColumn<QStringList>("arguments");
  const auto row = [](const char* name, const char* line) {
    QTest::newRow(name) << QString::fromUtf8(line).split(QLatin1Char(' '));
  };
  row("unknown", "--bogus");
  row("stray word", "file.qdrec");
  row("no port", "--agent host");
  row("live and recording", "--replay f --agent a:1");
  row("two sources", "--stage --agent a:1");
  row("after alone", "--after 5s");
  row("no duration", "--screenshot x.png --after soon");
  row("theme", "--theme pink");
  row("no memory", "--memory 0");
}

void ConsoleSuite::wrongUsageIsCodeTwoAndOneSentence() {
  QFETCH(QStringList, arguments);
  QList<QByteArray> bytes;
  std::vector<const char*> list;
  for (const QString& argument : arguments) bytes.append(argument.toUtf8());
  for (const QByteArray& argument : bytes) list.push_back(argument.constData());
  const auto options = parse(list);
  QVERIFY(!options.has_value());
  QCOMPARE(options.error().code, 2);
  const QString text = QString::fromStdString(options.error().text);
  QVERIFY(text.startsWith(QStringLiteral("quarterdeck: ")));
  QCOMPARE(text.count(QLatin1Char('\n')), 1);
}

void ConsoleSuite::readsTheReadyLineOfTheStage() {
  const auto agents = readyAgents(R"({"ready":true,"agent":"127.0.0.1:5","agents":["127.0.0.1:5","127.0.0.1:6"]})");
  QVERIFY(agents.has_value());
  QCOMPARE(*agents, (QStringList{QStringLiteral("127.0.0.1:5"), QStringLiteral("127.0.0.1:6")}));
  QCOMPARE(*readyAgents(R"({"ready":true,"agent":"a:1"})"), QStringList{QStringLiteral("a:1")});
  QCOMPARE(*readyAgents(R"({"ready":true,"agent":"a:1","agents":[{"listen":"a:1","pid":5},{"listen":"a:2"}]})"),
           (QStringList{QStringLiteral("a:1"), QStringLiteral("a:2")}));
  QVERIFY(!readyAgents("error: no port").has_value());
  QVERIFY(!readyAgents(R"({"ready":true})").has_value());
}

void ConsoleSuite::aLostAgentStillOpensEveryPanel() {
  QSettings settings(home_.filePath(QStringLiteral("window.ini")), QSettings::IniFormat);
  Composition composition(settings);
  MainWindow window(composition, settings, std::nullopt);
  window.show();
  QVERIFY(QTest::qWaitForWindowExposed(&window));
  QVERIFY(shows(window, QStringLiteral("Try the stage")));
  composition.open(attachTo("127.0.0.1:1"));
  QTRY_VERIFY(composition.session() != nullptr);
  QStringList docks;
  for (const QDockWidget* dock : window.findChildren<QDockWidget*>()) docks.append(dock->objectName());
  docks.sort();
  QCOMPARE(docks, (QStringList{QStringLiteral("change"), QStringLiteral("fleet"), QStringLiteral("log"),
                               QStringLiteral("players"), QStringLiteral("why"), QStringLiteral("world")}));
  QTRY_VERIFY_WITH_TIMEOUT(shows(window, QStringLiteral("0/1 agents")), 15000);
  QTRY_VERIFY_WITH_TIMEOUT(shows(window, QStringLiteral("○ NO AGENT")), 15000);  // and not "live", in either place
  QTRY_VERIFY_WITH_TIMEOUT(!shows(window, QStringLiteral("LIVE")), 15000);
  // A laptop of 1280x800 shows all of it, the banner of a stop included.
  QVERIFY2(window.minimumSizeHint().height() + 52 <= 800,
           qPrintable(QString::number(window.minimumSizeHint().height())));
  QVERIFY2(window.minimumSizeHint().width() <= 1280, qPrintable(QString::number(window.minimumSizeHint().width())));
  composition.close();
  QVERIFY(composition.session() == nullptr);
  QVERIFY(window.findChildren<QDockWidget*>().isEmpty());
  QVERIFY(shows(window, QStringLiteral("Try the stage")));
}

void ConsoleSuite::whatIsRecordedOpensAgain() {
  QSettings settings(home_.filePath(QStringLiteral("window.ini")), QSettings::IniFormat);
  QString path;
  {
    Composition composition(settings);
    composition.open(attachTo("127.0.0.1:1"));
    QTRY_VERIFY(composition.session() != nullptr);
    composition.session()->mark();
    path = composition.recordingPath();
    composition.setKeepRecording(true);
  }
  const auto kept = session::recentRecordings(session::recordingsFolder(), 5);
  QVERIFY(!kept.isEmpty());
  QVERIFY(!QFile::exists(path) && kept.front().path.contains(QStringLiteral("/kept/")));
  Composition composition(settings);
  MainWindow window(composition, settings, widgets::Scheme::Light);
  window.show();
  composition.open({session::SessionRequest::Kind::Replay, {}, kept.front().path});
  QTRY_VERIFY(composition.session() != nullptr);
  QVERIFY(composition.session()->isReplay());
  QVERIFY(composition.session()->context().commands == nullptr);
  auto& log = composition.session()->core().log;
  const auto marks = [&] { return log.query(INT64_MIN, INT64_MAX, {.kinds = {ingest::MomentKind::Mark}}, 10).size(); };
  QTRY_COMPARE(marks(), std::size_t{1});
}

void ConsoleSuite::aStretchIsKeptUnderAName() {
  QSettings settings(home_.filePath(QStringLiteral("window.ini")), QSettings::IniFormat);
  const QString golden = QString::fromStdString(qd::paths::kSourceDir + "/tests/golden/format1.qdrec");
  Composition composition(settings);
  MainWindow window(composition, settings, std::nullopt);
  window.show();
  QVERIFY(QTest::qWaitForWindowExposed(&window));
  composition.open({session::SessionRequest::Kind::Replay, {}, golden});
  QTRY_VERIFY(composition.session() != nullptr);
  auto& clock = composition.session()->context().clock;
  QTRY_VERIFY(clock.last() > clock.first());
  clock.setLoop(clock.first(), clock.last());
  QSignalSpy kept(&composition, &Composition::kept);
  window.activateWindow();
  QVERIFY(QTest::qWaitForWindowActive(&window));
  QTest::keyClick(&window, Qt::Key_K);
  auto* dialog = window.findChild<QInputDialog*>(QStringLiteral("keepDialog"));
  QVERIFY(dialog != nullptr && dialog->isVisible());
  dialog->setTextValue(QStringLiteral("Spike of Tuesday"));
  dialog->accept();
  QTRY_COMPARE(kept.count(), 1);
  QVERIFY2(!kept.front().at(1).toBool(), qPrintable(kept.front().at(0).toString()));
  const auto recent = session::recentRecordings(session::recordingsFolder(), 20);
  const auto named = [](const auto& r) { return r.name == QStringLiteral("Spike-of-Tuesday"); };
  QVERIFY(std::any_of(recent.begin(), recent.end(), named));
}

// A logout or Ctrl-C must not leave the recording cut off.
void ConsoleSuite::aSignalEndsByTheEventLoop() {
  EndSignals ends;
  QSignalSpy asked(&ends, &EndSignals::asked);
  ::raise(SIGTERM);
  QCOMPARE(asked.count(), 0);  // not within the handler
  QVERIFY(asked.wait(5000));
  QCOMPARE(asked.count(), 1);
}

void ConsoleSuite::aBrokenRecordingIsSaidOnTheStartPage() {
  QSettings settings(home_.filePath(QStringLiteral("window.ini")), QSettings::IniFormat);
  const QString path = home_.filePath(QStringLiteral("broken.qdrec"));
  QFile file(path);
  QVERIFY(file.open(QIODevice::WriteOnly) && file.write("this is no recording") > 0);
  file.close();
  Composition composition(settings);
  MainWindow window(composition, settings, std::nullopt);
  window.show();
  QSignalSpy failed(&composition, &Composition::failed);
  composition.open({session::SessionRequest::Kind::Replay, {}, path});
  QTRY_COMPARE(failed.count(), 1);
  QVERIFY(composition.session() == nullptr);
  QVERIFY(shows(window, QStringLiteral("broken.qdrec")));
}

}  // namespace qd::console

QTEST_MAIN(qd::console::ConsoleSuite)
#include "console_test.moc"
