// SPDX-License-Identifier: GPL-3.0-or-later
// The timeline's controls against the view clock.
#include <QComboBox>
#include <QLabel>
#include <QTest>
#include <QToolButton>

#include "widgets/base/demo_session.h"
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
};

QObject* makePanelTest() {
  return new PanelTest;
}
#include "panel_test.moc"
