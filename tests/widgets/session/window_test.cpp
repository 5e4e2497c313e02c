// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAction>
#include <QComboBox>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "tests/widgets/session/suites.h"
#include "widgets/base/format.h"
#include "widgets/base/view_clock.h"
#include "widgets/session/command_palette.h"
#include "widgets/session/palette_model.h"
#include "widgets/session/recent_sessions.h"
#include "widgets/session/start_page.h"
#include "widgets/session/status_bar.h"
#include "widgets/session/top_bar.h"

namespace qd::session {
namespace {

QString textOf(const QVector<StatusPiece>& pieces, const QString& key) {
  for (const auto& piece : pieces) {
    if (piece.key == key) return piece.text;
  }
  return QString();
}

bool anyLabel(const QWidget& widget, const QString& part) {
  for (const QLabel* label : widget.findChildren<QLabel*>()) {
    if (!label->isHidden() && label->text().contains(part)) return true;
  }
  return false;
}

}  // namespace

void WindowSuite::paletteFindsByLettersAndPutsDisabledLast() {
  QAction freeze(QStringLiteral("Freeze")), revert(QStringLiteral("Revert last push")),
      live(QStringLiteral("Back to live"));
  revert.setEnabled(false);
  PaletteModel model;
  model.setActions({&freeze, &revert, &live});
  QCOMPARE(model.rowCount(), 3);
  model.setTyped(QStringLiteral("l"));
  QCOMPARE(model.rowCount(), 2);
  QCOMPARE(model.actionAt(0), &live);
  QCOMPARE(model.actionAt(1), &revert);
  model.setTyped(QStringLiteral("btl"));
  QCOMPARE(model.actionAt(0), &live);
  model.setTyped(QStringLiteral("zzz"));
  QCOMPARE(model.rowCount(), 0);
  QVERIFY(*matchScore(QStringLiteral("Go to tick"), QStringLiteral("tick")) <
          *matchScore(QStringLiteral("Stick"), QStringLiteral("tick")));
}

void WindowSuite::paletteRunsTheChosenAction() {
  QWidget window;
  window.resize(800, 600);
  QAction first(QStringLiteral("Alpha")), second(QStringLiteral("Beta"));
  QSignalSpy ran(&second, &QAction::triggered);
  CommandPalette palette(&window);
  window.show();
  QVERIFY(QTest::qWaitForWindowExposed(&window));
  palette.open({&first, &second});
  auto* input = palette.findChild<QLineEdit*>();
  QTest::keyClicks(input, QStringLiteral("bet"));
  QTest::keyClick(input, Qt::Key_Return);
  QVERIFY(palette.isHidden());
  QTRY_COMPARE(ran.count(), 1);
}

void WindowSuite::statusSaysDashForWhatNobodyMeasured() {
  const auto pieces = statusPieces({});
  QCOMPARE(textOf(pieces, QStringLiteral("rate")), QStringLiteral("— points/s"));
  QCOMPARE(textOf(pieces, QStringLiteral("behind")), QStringLiteral("— behind"));
  QCOMPARE(textOf(pieces, QStringLiteral("clock")), QStringLiteral("clock —"));
  QCOMPARE(textOf(pieces, QStringLiteral("dropped")), QStringLiteral("0 dropped"));
}

void WindowSuite::statusRaisesAlarms() {
  StatusNumbers numbers;
  numbers.agents = 2;
  numbers.agentsConnected = 1;
  numbers.processes = 3;
  numbers.behind = 5 * kNsPerSecond;
  numbers.dropped = 7;
  numbers.recordingProblem = QStringLiteral("The disk is full.");
  QStringList alarms;
  for (const auto& piece : statusPieces(numbers)) {
    if (piece.alarm) alarms.append(piece.key);
  }
  QCOMPARE(alarms, (QStringList{QStringLiteral("agents"), QStringLiteral("behind"), QStringLiteral("dropped"),
                                QStringLiteral("rec")}));
  QCOMPARE(textOf(statusPieces(numbers), QStringLiteral("agents")), QStringLiteral("1/2 agents"));
  // A recording with a hole, or whose next file could not be begun, goes on and says so.
  numbers.recordingProblem.clear();
  numbers.recordedBytes = 4'000'000;
  numbers.recordingWarning = QStringLiteral("The folder is read-only.");
  const auto rec = [&] {
    const auto pieces = statusPieces(numbers);
    return *std::ranges::find(pieces, QStringLiteral("rec"), &StatusPiece::key);
  };
  QVERIFY(rec().alarm && rec().tip.contains(numbers.recordingWarning) &&
          rec().text.startsWith(QStringLiteral("REC 4")));
  numbers.recordingWarning.clear();
  QVERIFY(!rec().alarm);
  numbers.notRecorded = 12;
  QVERIFY(rec().alarm && rec().text.contains(QStringLiteral("gaps")) && rec().tip.contains(QStringLiteral("12")));
}

void WindowSuite::statusSaysWhatGaveWayToTheCap() {
  StatusNumbers numbers;
  numbers.pointsPerSecond = 42'000;
  numbers.tier = Tier::ShownOnly;
  numbers.pointsCap = 50'000;
  numbers.fullPointsPerSecond = 200'000;
  numbers.bytesPerSecond = 1.5e6;
  const auto pieces = statusPieces(numbers);
  QVERIFY(textOf(pieces, QStringLiteral("rate")).contains(QStringLiteral("rest at 1 s")));
  const auto rate =
      std::find_if(pieces.begin(), pieces.end(), [](const auto& piece) { return piece.key == QStringLiteral("rate"); });
  QVERIFY(rate->alarm);
  QVERIFY(rate->tip.contains(widgets::formatCount(200'000)) && rate->tip.contains(widgets::formatCount(50'000)));
  QVERIFY(rate->tip.contains(widgets::formatBytes(1.5e6) + QStringLiteral("/s")));
  numbers.tier = Tier::Full;
  QVERIFY(!statusPieces(numbers)[2].alarm);
}

void WindowSuite::statusWidthsOnlyGrow() {
  StatusBar bar;
  StatusNumbers numbers;
  numbers.behind = 1234 * kNsPerMs;
  bar.show(statusPieces(numbers));
  const auto* label = bar.findChild<QLabel*>(QStringLiteral("status-behind"));
  const int wide = label->minimumWidth();
  numbers.behind = 1 * kNsPerMs;
  bar.show(statusPieces(numbers));
  QCOMPARE(label->minimumWidth(), wide);
  QCOMPARE(label->text(), QStringLiteral("1 ms behind"));
}

void WindowSuite::recentRecordingsNewestFirst() {
  QTemporaryDir folder;
  QVERIFY(QDir(folder.path()).mkpath(QStringLiteral("kept")));
  const auto now = QDateTime::currentDateTimeUtc();
  int age = 0;
  for (const char* name : {"c.qdrec", "kept/b.qdrec", "a.qdrec", "other.txt"}) {
    QFile file(folder.filePath(QLatin1String(name)));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("12345");
    QVERIFY(file.flush());
    QVERIFY(file.setFileTime(now.addSecs(-60 * age++), QFileDevice::FileModificationTime));
  }
  const auto found = recentRecordings(folder.path(), 2);
  QCOMPARE(found.size(), 2);
  QCOMPARE(found[0].name, QStringLiteral("c"));
  QCOMPARE(found[1].name, QStringLiteral("b"));
  QCOMPARE(found[0].bytes, qint64{5});
}

void WindowSuite::clustersAreRememberedOnce() {
  QTemporaryDir folder;
  QSettings settings(folder.filePath(QStringLiteral("s.ini")), QSettings::IniFormat);
  rememberCluster(settings, {QStringLiteral("a:1"), QStringLiteral("b:2")});
  rememberCluster(settings, {QStringLiteral("c:3")});
  rememberCluster(settings, {QStringLiteral("a:1"), QStringLiteral("b:2")});
  QCOMPARE(recentClusters(settings), (QStringList{QStringLiteral("a:1, b:2"), QStringLiteral("c:3")}));
}

void WindowSuite::startPageShowsWhatIsWrongInContexts() {
  StartPage page;
  page.setContexts(fail(ErrorCode::InvalidArgument, "contexts.toml:3: that is wrong."),
                   QStringLiteral("contexts.toml"));
  QVERIFY(anyLabel(page, QStringLiteral("contexts.toml:3: that is wrong.")));
  page.setContexts(std::vector<Context>(), QStringLiteral("contexts.toml"));
  QVERIFY(!anyLabel(page, QStringLiteral("that is wrong")));
}

void WindowSuite::startPageAsksForWhatIsClicked() {
  StartPage page;
  std::optional<SessionRequest> asked;
  connect(&page, &StartPage::requested, this, [&](const SessionRequest& request) { asked = request; });
  page.findChild<QPushButton*>(QStringLiteral("tryStage"))->click();
  QVERIFY(asked && asked->kind == SessionRequest::Kind::Stage);
  page.setRecent({{QStringLiteral("/r/x.qdrec"), QStringLiteral("x"), QDateTime::currentDateTimeUtc(), 10}},
                 {QStringLiteral("a:1, b:2")});
  const auto lists = page.findChildren<QListWidget*>();
  QListWidget* recent = lists.at(1);
  QCOMPARE(recent->count(), 2);
  Q_EMIT recent->itemActivated(recent->item(0));
  QCOMPARE(asked->context.agents, (std::vector<std::string>{"a:1", "b:2"}));
  Q_EMIT recent->itemActivated(recent->item(1));
  QVERIFY(asked->kind == SessionRequest::Kind::Replay);
  QCOMPARE(asked->recording, QStringLiteral("/r/x.qdrec"));
}

void WindowSuite::topBarFollowsTheClock() {
  QAction freeze(QStringLiteral("Freeze")), mark(QStringLiteral("Mark")), halt(QStringLiteral("Halt")),
      palette(QStringLiteral("Ctrl+K"));
  TopBar bar({&freeze, &mark, &halt, &palette});
  widgets::ViewClock clock;
  clock.setExtent(1'700'000'000 * kNsPerSecond, 1'700'000'060 * kNsPerSecond);
  bar.setClock(&clock);
  bar.refresh();
  QVERIFY(anyLabel(bar, QStringLiteral("LIVE")));
  QVERIFY(anyLabel(bar, QStringLiteral("22:14:20Z")));
  clock.toggleFreeze();
  bar.refresh();
  QVERIFY(anyLabel(bar, QStringLiteral("FROZEN")));
  clock.setSpan(42 * kNsPerSecond);
  QCOMPARE(bar.findChild<QComboBox*>()->currentData().toLongLong(), qlonglong{42} * kNsPerSecond);
  clock.setRecording(true);
  bar.refresh();
  QVERIFY(anyLabel(bar, QStringLiteral("REPLAY")));
}

}  // namespace qd::session

int main(int argc, char** argv) {
  QApplication app(argc, argv);
  int failed = 0;
  qd::session::ContextsSuite contexts;
  qd::session::GoToSuite goTo;
  qd::session::WindowSuite window;
  for (QObject* suite : std::initializer_list<QObject*>{&contexts, &goTo, &window}) {
    failed += QTest::qExec(suite, argc, argv) == 0 ? 0 : 1;
  }
  return failed;
}
