// SPDX-License-Identifier: GPL-3.0-or-later
// The timeline's controls against the view clock.
#include <QComboBox>
#include <QLabel>
#include <QSignalSpy>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

#include "widgets/base/demo_session.h"
#include "widgets/base/marker.h"
#include "widgets/base/moment_to_show.h"
#include "widgets/timeline/bookmarks.h"
#include "widgets/timeline/bookmarks_dialog.h"
#include "widgets/timeline/timeline_panel.h"
#include "widgets/timeline/timeline_strip.h"

using namespace qd;
using namespace qd::widgets;

namespace {

constexpr TimeNs kS = kNsPerSecond;

struct Shown {
  explicit Shown(TimeNs length, bool replay = false) : session(length, replay), panel(session.context) {
    panel.resize(1000, 96);
    panel.show();
    strip().refresh(true);
  }
  timeline::TimelineStrip& strip() { return *panel.findChild<timeline::TimelineStrip*>(); }
  bool hasLabel(const QString& text) {
    for (const QLabel* label : panel.findChildren<QLabel*>())
      if (label->text().contains(text)) return true;
    return false;
  }

  demo::Session session;
  TimelinePanel panel;
};

}  // namespace

class PanelTest final : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void stepsGoByOneTickAndBySeconds() {
    Shown shown(20 * kS);
    ViewClock& clock = shown.session.clock;
    clock.goTo(demo::kStart + 600 * demo::kTickNs);
    QTest::keyClick(&shown.panel, Qt::Key_Right);
    QCOMPARE(clock.now(), demo::kStart + 601 * demo::kTickNs);
    QTest::keyClick(&shown.panel, Qt::Key_Left);
    QTest::keyClick(&shown.panel, Qt::Key_Left);
    QCOMPARE(clock.now(), demo::kStart + 599 * demo::kTickNs);
    QTest::keyClick(&shown.panel, Qt::Key_Right, Qt::ShiftModifier);
    QCOMPARE(clock.now(), demo::kStart + 599 * demo::kTickNs + kS);
    QCOMPARE(clock.mode(), ViewClock::Mode::Frozen);
  }

  void theModeIsWritten() {
    Shown live(20 * kS);
    QVERIFY(live.hasLabel(QStringLiteral("LIVE")));
    live.session.clock.toggleFreeze();
    QVERIFY(live.hasLabel(QStringLiteral("FROZEN")));
    Shown replay(20 * kS, true);
    QVERIFY(replay.hasLabel(QStringLiteral("REPLAY")));
    QVERIFY(!replay.hasLabel(QStringLiteral("LIVE")));
  }

  void aClickOnTheStripGoesThere() {
    Shown shown(600 * kS);
    ViewClock& clock = shown.session.clock;
    auto& strip = shown.strip();
    QTest::mouseClick(&strip, Qt::LeftButton, {}, QPoint(strip.width() / 4, 40));
    QCOMPARE(clock.mode(), ViewClock::Mode::Frozen);
    const double seconds = static_cast<double>(clock.now() - demo::kStart) / 1e9;
    QVERIFY2(std::abs(seconds - 150) < 5, qPrintable(QString::number(seconds)));
  }

  void draggingTheBrushMovesTheWindow() {
    Shown shown(600 * kS);
    ViewClock& clock = shown.session.clock;
    clock.setSpan(60 * kS);
    auto& strip = shown.strip();
    const QPoint inBrush(strip.width() - 30, 40), to = inBrush - QPoint(200, 0);
    QTest::mousePress(&strip, Qt::LeftButton, {}, inBrush);
    QMouseEvent move(QEvent::MouseMove, QPointF(to), strip.mapToGlobal(QPointF(to)), Qt::NoButton, Qt::LeftButton, {});
    QCoreApplication::sendEvent(&strip, &move);
    QTest::mouseRelease(&strip, Qt::LeftButton, {}, to);
    const double moved = static_cast<double>(demo::kStart + 600 * kS - clock.viewTo()) / 1e9;
    const double expected = 200.0 / (strip.width() - 16) * 600;
    QVERIFY2(std::abs(moved - expected) < 3, qPrintable(QString::number(moved)));
    QCOMPARE(clock.span(), 60 * kS);
  }

  void theSpeedIsChosenFromTheList() {
    Shown shown(20 * kS);
    auto* speed = shown.panel.findChild<QComboBox*>();
    QCOMPARE(speed->currentText(), QStringLiteral("1\u00d7"));
    Q_EMIT speed->activated(0);
    QCOMPARE(shown.session.clock.speed(), 0.05);
    QCOMPARE(speed->currentText(), QStringLiteral("0.05\u00d7"));
  }

  void stepsGoFromEventToEvent() {
    Shown shown(600 * kS, true);
    ViewClock& clock = shown.session.clock;
    const auto moments = shown.session.log.query(0, INT64_MAX, markerFilter(), 100);
    std::vector<TimeNs> marked;
    for (const auto& moment : moments)
      if (markerOf(moment)) marked.push_back(momentToShow(shown.session.breakpoints, moment));
    QVERIFY(marked.size() >= 3);
    clock.goTo(clock.first());
    shown.panel.stepEvents(1);
    QCOMPARE(clock.now(), marked[0]);
    shown.panel.stepEvents(1);
    QCOMPARE(clock.now(), marked[1]);
    QTest::keyClick(&shown.panel, Qt::Key_Left, Qt::ControlModifier);
    QCOMPARE(clock.now(), marked[0]);
    shown.panel.stepEvents(-1);
    QCOMPARE(clock.now(), marked[0]);  // there is none before it
  }

  void aDragWithShiftIsRepeated() {
    Shown shown(600 * kS, true);
    ViewClock& clock = shown.session.clock;
    auto& strip = shown.strip();
    const QPoint from(strip.width() / 2, 40), to = from + QPoint(60, 0);
    QTest::mousePress(&strip, Qt::LeftButton, Qt::ShiftModifier, from);
    QMouseEvent move(QEvent::MouseMove, QPointF(to), strip.mapToGlobal(QPointF(to)), Qt::NoButton, Qt::LeftButton,
                     Qt::ShiftModifier);
    QCoreApplication::sendEvent(&strip, &move);
    QTest::mouseRelease(&strip, Qt::LeftButton, Qt::ShiftModifier, to);
    QVERIFY(clock.loop().has_value());
    const auto loop = *clock.loop();
    clock.goTo(clock.first());
    clock.play();
    QCOMPARE(clock.now(), loop.from);  // it begins where it repeats
    clock.advance(loop.to - loop.from + 5);
    QCOMPARE(clock.now(), loop.from);
    QCOMPARE(clock.mode(), ViewClock::Mode::Playing);
    shown.panel.toggleLoop();
    QVERIFY(!clock.loop());
    shown.panel.toggleLoop();  // what the plots show
    QCOMPARE(clock.loop()->from, std::max(clock.viewFrom(), clock.first()));
  }

  void bookmarksAreKeptBesideTheRecording() {
    QTemporaryDir folder;
    const QString recording = folder.filePath(QStringLiteral("a.qdrec"));
    Shown shown(600 * kS, true);
    Bookmarks bookmarks(recording);
    shown.panel.setBookmarks(&bookmarks);
    const TimeNs at = demo::kStart + 100 * kS;
    bookmarks.add({at, 6000, "server-1", "here it lags", "ann", 1});
    bookmarks.add({at - 50 * kS, 3000, "server-1", "", "ann", 2});
    QCOMPARE(Bookmarks(recording).all().size(), std::size_t{2});
    QCOMPARE(Bookmarks(recording).all()[1].text, std::string("here it lags"));
    shown.session.clock.goTo(at - 50 * kS - 1);
    shown.panel.stepEvents(1);
    QCOMPARE(shown.session.clock.now(), at - 50 * kS);
    BookmarksDialog dialog(bookmarks, shown.session.context);
    dialog.setAttribute(Qt::WA_DeleteOnClose, false);
    auto* table = dialog.findChild<QTableWidget*>();
    QCOMPARE(table->rowCount(), 2);
    Q_EMIT table->cellClicked(1, 0);
    QCOMPARE(shown.session.clock.now(), at);
    table->item(0, 2)->setText(QStringLiteral("begins here"));
    QCOMPARE(Bookmarks(recording).all()[0].text, std::string("begins here"));
    bookmarks.remove(0);
    QCOMPARE(Bookmarks(recording).all().size(), std::size_t{1});
    QTRY_COMPARE(table->rowCount(), 1);
  }

  void aPlaceThatCannotBeWrittenToIsSaid() {
    Bookmarks bookmarks(QStringLiteral("/proc/none/a.qdrec"));
    QSignalSpy failed(&bookmarks, &Bookmarks::failed);
    bookmarks.add({1, 0, "", "x", "", 1});
    QCOMPARE(failed.count(), 1);
    QVERIFY(bookmarks.problem().contains(QStringLiteral("/proc/none")));
    QCOMPARE(bookmarks.all().size(), std::size_t{1});  // for this session
  }
};

QObject* makePanelTest() {
  return new PanelTest;
}
#include "panel_test.moc"
