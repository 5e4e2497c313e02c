// SPDX-License-Identifier: GPL-3.0-or-later
// View clock, selection, formatting, theme, drag data and markers.
#include <QMimeData>
#include <QSignalSpy>
#include <QTest>
#include <memory>

#include "widgets/base/empty_state.h"
#include "widgets/base/format.h"
#include "widgets/base/marker.h"
#include "widgets/base/selection.h"
#include "widgets/base/series_mime.h"
#include "widgets/base/theme.h"
#include "widgets/base/view_clock.h"

using namespace qd;
using namespace qd::widgets;

namespace {

constexpr TimeNs kS = kNsPerSecond;
constexpr TimeNs kDay = 1'772'632'800LL * kNsPerSecond;  // 2026-03-04 14:00:00 UTC
const QString kNbsp = QString(QChar(0x00a0));

double contrast(const QColor& a, const QColor& b) {
  const auto luminance = [](const QColor& c) {
    const auto linear = [](double v) { return v <= 0.03928 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4); };
    return 0.2126 * linear(c.redF()) + 0.7152 * linear(c.greenF()) + 0.0722 * linear(c.blueF());
  };
  const double high = std::max(luminance(a), luminance(b)), low = std::min(luminance(a), luminance(b));
  return (high + 0.05) / (low + 0.05);
}

}  // namespace

class BaseTest final : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void liveFollowsTheEdge() {
    ViewClock clock;
    clock.setExtent(kDay, kDay + 10 * kS);
    QCOMPARE(clock.mode(), ViewClock::Mode::Live);
    QCOMPARE(clock.now(), kDay + 10 * kS);
    clock.setExtent(kDay, kDay + 11 * kS);
    QCOMPARE(clock.now(), kDay + 11 * kS);
    QCOMPARE(clock.viewTo(), clock.now());
  }

  void freezingHoldsTheMomentAndEscReturns() {
    ViewClock clock;
    QSignalSpy modes(&clock, &ViewClock::modeChanged), jumps(&clock, &ViewClock::jumped);
    clock.setExtent(kDay, kDay + 10 * kS);
    clock.toggleFreeze();
    clock.setExtent(kDay, kDay + 60 * kS);
    QCOMPARE(clock.mode(), ViewClock::Mode::Frozen);
    QCOMPARE(clock.now(), kDay + 10 * kS);
    QCOMPARE(jumps.count(), 0);
    clock.goLive();
    QCOMPARE(clock.mode(), ViewClock::Mode::Live);
    QCOMPARE(clock.now(), kDay + 60 * kS);
    QCOMPARE(modes.count(), 2);
    QCOMPARE(jumps.count(), 1);
  }

  void goingToAVisibleMomentKeepsTheWindow() {
    ViewClock clock;
    clock.setExtent(kDay, kDay + 100 * kS);
    clock.setSpan(40 * kS);
    clock.goTo(kDay + 80 * kS);
    QCOMPARE(clock.now(), kDay + 80 * kS);
    QCOMPARE(clock.viewTo(), kDay + 100 * kS);
    clock.goTo(kDay + 20 * kS);  // out of sight: at three quarters
    QCOMPARE(clock.viewTo(), kDay + 30 * kS);
    QCOMPARE(clock.viewFrom(), kDay - 10 * kS);
    clock.goTo(kDay - 5 * kS);
    QCOMPARE(clock.now(), kDay);
  }

  void playingRunsAtItsSpeedAndEndsLive() {
    ViewClock clock;
    clock.setExtent(kDay, kDay + 100 * kS);
    clock.goTo(kDay + 10 * kS);
    clock.setSpeed(2);
    clock.play();
    clock.advance(kS);
    QCOMPARE(clock.now(), kDay + 12 * kS);
    clock.setSpeed(1000);
    QCOMPARE(clock.speed(), 100.0);
    clock.advance(kS);
    QCOMPARE(clock.mode(), ViewClock::Mode::Live);
    clock.advance(kS);
    QCOMPARE(clock.now(), kDay + 100 * kS);
  }

  void aRecordingHasNoLiveEdge() {
    ViewClock clock;
    clock.setRecording(true);
    clock.setExtent(kDay, kDay + 50 * kS);
    QCOMPARE(clock.mode(), ViewClock::Mode::Frozen);
    QCOMPARE(clock.now(), kDay + 50 * kS);
    clock.toggleFreeze();  // at its end: from the start
    QCOMPARE(clock.mode(), ViewClock::Mode::Playing);
    QCOMPARE(clock.now(), kDay);
    clock.advance(60 * kS);
    QCOMPARE(clock.mode(), ViewClock::Mode::Frozen);
    QCOMPARE(clock.now(), kDay + 50 * kS);
    clock.goTo(kDay + 5 * kS);
    clock.goLive();
    QCOMPARE(clock.mode(), ViewClock::Mode::Frozen);
    QCOMPARE(clock.now(), kDay + 50 * kS);
  }

  void zoomKeepsTheAnchorInPlace() {
    ViewClock clock;
    clock.setExtent(kDay, kDay + 100 * kS);
    clock.setSpan(40 * kS);
    clock.zoomAt(kDay + 70 * kS, 0.5);
    QCOMPARE(clock.viewTo(), kDay + 100 * kS);  // live: around the edge
    clock.setSpan(40 * kS);
    clock.goTo(kDay + 90 * kS);
    clock.zoomAt(kDay + 70 * kS, 0.5);
    QCOMPARE(clock.now(), kDay + 90 * kS);
    QCOMPARE(clock.span(), 20 * kS);
    QCOMPARE(kDay + 70 * kS - clock.viewFrom(), 5 * kS);  // a quarter in, as before
    clock.panBy(-10 * kS);
    QCOMPARE(clock.now(), kDay + 80 * kS);
    QCOMPARE(clock.mode(), ViewClock::Mode::Frozen);
  }

  void anotherProcessHasOtherEntities() {
    Selection selection;
    selection.setProcess(ProcessId("server-1"));
    selection.setEntity(7);
    QSignalSpy entities(&selection, &Selection::entityChanged);
    selection.setProcess(ProcessId("server-2"));
    QVERIFY(!selection.entity());
    QCOMPARE(entities.count(), 1);
  }

  void aFollowedPlayerSurvivesAChangeOfProcess() {
    Selection selection;
    const FollowedPlayer player{ProcessId("server-1"), 7};
    QSignalSpy players(&selection, &Selection::playerChanged);
    selection.setPlayer(player);
    selection.setPlayer(player);
    QCOMPARE(players.count(), 1);
    QCOMPARE(selection.entity(), std::optional<std::uint32_t>(7));
    selection.setProcess(ProcessId("editor-1"));
    QCOMPARE(selection.playerOn(ProcessId("server-1")), std::optional<std::uint32_t>(7));
    QVERIFY(!selection.playerOn(ProcessId("server-2")));
    selection.setPlayer(std::nullopt);
    QVERIFY(!selection.entity() && !selection.player());
  }

  void numbersHaveThreeDigits_data() {
    QTest::addColumn<double>("value");
    QTest::addColumn<QString>("text");
    const auto row = [](double value, const char* text) { QTest::newRow(text) << value << QString::fromUtf8(text); };
    row(0, "0");
    row(2.1349, "2.13");
    row(16.67, "16.7");
    row(9.996, "10.0");
    row(99.96, "100");
    row(128.4, "128");
    row(1284, "1284");
    row(20, "20");
    row(0.0123, "0.0123");
    row(-2.5, "\u22122.50");
    row(std::nan(""), "\u2014");
  }
  void numbersHaveThreeDigits() {
    QFETCH(double, value);
    QFETCH(QString, text);
    QCOMPARE(formatNumber(value), text);
  }

  void unitsAreThoseOfTheWindow() {
    QCOMPARE(formatValue(std::nullopt, "ms"), noData());
    QCOMPARE(formatValue(2.13, "ms"), QStringLiteral("2.13") + kNbsp + QStringLiteral("ms"));
    QCOMPARE(formatValue(0.0043, "m"), QStringLiteral("4.30") + kNbsp + QStringLiteral("mm"));
    QCOMPARE(formatValue(1.25, "m"), QStringLiteral("1.25") + kNbsp + QStringLiteral("m"));
    QCOMPARE(formatValue(5200, "bytes/s"), QStringLiteral("5.20") + kNbsp + QStringLiteral("kB/s"));
    QCOMPARE(formatValue(2.0e6, "ns"), QStringLiteral("2") + kNbsp + QStringLiteral("ms"));
    QCOMPARE(formatValue(60, "count"), QStringLiteral("60"));
    QCOMPARE(formatValue(0.25, "ratio"), QStringLiteral("25") + kNbsp + QStringLiteral("%"));
    QCOMPARE(formatCount(12'340), QStringLiteral("12.3") + kNbsp + QStringLiteral("k"));
    QCOMPARE(formatTick(std::nullopt), noData());
    QCOMPARE(formatTick(1234567), QStringLiteral("1\u2009234\u2009567"));
  }

  void timesAreUtc() {
    QCOMPARE(formatUtc(kDay + 131 * kS), QStringLiteral("14:02:11Z"));
    QCOMPARE(formatUtc(kDay + 5 * kNsPerMs, Precision::Milliseconds), QStringLiteral("14:00:00.005Z"));
    QCOMPARE(formatUtc(0), noData());
    QCOMPARE(formatSpan(60 * kS), QStringLiteral("60") + kNbsp + QStringLiteral("s"));
    QCOMPARE(formatSpan(900 * kS), QStringLiteral("15") + kNbsp + QStringLiteral("min"));
    QCOMPARE(formatSpeed(0.05), QStringLiteral("0.05\u00d7"));
  }

  void textCanBeReadInBothSchemes() {
    for (const Scheme scheme : {Scheme::Dark, Scheme::Light}) {
      const Colors& c = colors(scheme);
      for (const QColor& ground : {c.window, c.panel, c.raised}) {
        QVERIFY(contrast(c.text, ground) >= 7);
        QVERIFY(contrast(c.muted, ground) >= 4.5);
      }
      QVERIFY(contrast(c.alarm, c.panel) >= 4.5);
      for (const auto kind : {ingest::ProcessKind::Server, ingest::ProcessKind::Editor})
        for (const char* id : {"a-1", "a-2"}) {
          const QColor color = seriesColor(scheme, kind, ProcessId(id), "tick.duration");
          QVERIFY2(contrast(color, c.panel) >= 3, qPrintable(color.name()));
        }
    }
    for (const auto e : {Environment::Stage, Environment::Staging, Environment::Production, Environment::Replay})
      QVERIFY(contrast(bandOf(e).background, bandOf(e).text) >= 4.5);
  }

  void seriesColoursAreFixed() {
    const auto of = [](ingest::ProcessKind kind, const char* id, const char* series) {
      return seriesColor(Scheme::Dark, kind, ProcessId(id), series);
    };
    using enum ingest::ProcessKind;
    QCOMPARE(of(Server, "server-1", "tick.duration"), QColor(0x56b4e9));
    QVERIFY(of(Server, "server-2", "tick.duration") != of(Server, "server-1", "tick.duration"));
    QVERIFY(of(Editor, "editor-1", "net.rtt") != of(Editor, "editor-1", "net.jitter"));
    for (const char* id : {"server-1", "server-2", "server-17"}) {
      const QColor color = of(Server, id, "net.rtt");
      QVERIFY(color.blue() > color.red());
    }
  }

  void draggedSeriesSurviveTheTrip() {
    const std::vector<SeriesRef> refs = {{ProcessId("server-1"), "net.rtt", {{"client", "3"}}},
                                         {ProcessId("editor-1"), "", {}}};
    const std::unique_ptr<QMimeData> data(makeSeriesMime(refs));
    QCOMPARE(readSeriesMime(data.get()), refs);
    QMimeData foreign;
    foreign.setText(QStringLiteral("server-1"));
    QVERIFY(readSeriesMime(&foreign).empty());
    foreign.setData(seriesMimeType(), QByteArray("[{\"process\":"));
    QVERIFY(readSeriesMime(&foreign).empty());
  }

  void momentsGetTheirMarkers() {
    ingest::Moment moment;
    moment.kind = ingest::MomentKind::Push;
    QCOMPARE(markerOf(moment), std::optional(MarkerKind::Push));
    moment.kind = ingest::MomentKind::Log;
    moment.level = ingest::LogLevel::Error;
    QVERIFY(!markerOf(moment));
    moment.kind = ingest::MomentKind::Game;
    moment.category = "alert.net.loss";
    QCOMPARE(markerOf(moment), std::optional(MarkerKind::Alert));
    moment.category = "player.joined";
    QVERIFY(!markerOf(moment));
  }

  void anEmptyStateOffersItsAction() {
    EmptyState empty(QStringLiteral("Nothing here"), QString(), QStringLiteral("Attach"));
    QSignalSpy activated(&empty, &EmptyState::activated);
    auto* button = empty.findChild<QWidget*>(QString(), Qt::FindDirectChildrenOnly);
    for (QWidget* child : empty.findChildren<QWidget*>())
      if (child->inherits("QPushButton")) button = child;
    QTest::mouseClick(button, Qt::LeftButton);
    QCOMPARE(activated.count(), 1);
  }
};

QTEST_MAIN(BaseTest)
#include "base_test.moc"
