// SPDX-License-Identifier: GPL-3.0-or-later
// The plot panel on a made-up session: what it shows for which selection, mouse and drops, what is visible in it.
#include <QDropEvent>
#include <QMimeData>
#include <QSignalSpy>
#include <QTest>
#include <QWheelEvent>
#include <memory>

#include "widgets/base/demo_session.h"
#include "widgets/base/empty_state.h"
#include "widgets/base/series_mime.h"
#include "widgets/base/theme.h"
#include "widgets/plot/plot_panel.h"
#include "widgets/plot/plot_stack.h"

using namespace qd;
using namespace qd::widgets;

namespace {

constexpr TimeNs kS = kNsPerSecond;
constexpr QSize kSize(816, 620);

struct Shown {
  explicit Shown(TimeNs length) : session(length), panel(session.context) {
    panel.resize(kSize);
    panel.show();
    refresh();
  }
  plot::PlotStack& stack() { return panel.stack(); }
  void refresh() {
    stack().refresh(true);
    QCoreApplication::processEvents();
  }
  std::vector<std::string> processesIn(std::size_t pane) {
    std::vector<std::string> ids;
    for (const auto& series : stack().panes().at(pane)->shown()) ids.push_back(series.meta.process.value);
    return ids;
  }
  int middleOf(std::size_t pane) {
    const auto* p = stack().panes().at(pane);
    return p->mapTo(&stack(), p->plotArea().center()).y();
  }

  demo::Session session;
  PlotPanel panel;
};

void click(QWidget& widget, QPoint at) {
  // Through the widget under the mouse, as a person does: what the panes ignore arrives at the stack.
  QWidget* under = widget.childAt(at);
  QTest::mouseClick(under != nullptr ? under : &widget, Qt::LeftButton, {},
                    under != nullptr ? under->mapFrom(&widget, at) : at);
}

int countOf(const QImage& image, const QRect& area, const QColor& color) {
  int count = 0;
  for (int y = area.top(); y <= area.bottom(); ++y)
    for (int x = area.left(); x <= area.right(); ++x) count += image.pixelColor(x, y) == color ? 1 : 0;
  return count;
}

}  // namespace

class StackTest final : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase() { applyTheme(*qApp, Scheme::Dark); }

  // What its server says of a followed player stands beside what is told of all of them, and goes with it.
  void plotsShowTheFollowedPlayer() {
    Shown shown(10 * kS);
    const ProcessId server("server-1");
    for (const char* client : {"3", "4"}) {
      ingest::SeriesInfo info;
      info.name = "net.rtt";
      info.unit = "ms";
      info.dimensions = {{"client", client}};
      const auto id = shown.session.store.declareDerived(server, info);
      const series::Sample sample{1, shown.session.clock.first(), 80};
      shown.session.store.append(id, std::span(&sample, 1));
    }
    const auto labels = [&shown] {
      QStringList all;
      for (const auto& series : shown.stack().panes().at(1)->shown()) all.append(series.label);
      return all;
    };
    shown.session.selection.setProcess(server);
    shown.refresh();
    const QStringList before = labels();
    shown.session.selection.setPlayer(FollowedPlayer{server, 3});
    shown.refresh();
    QCOMPARE(labels(), before + QStringList{QStringLiteral("player 3 rtt")});
    shown.session.selection.setPlayer(FollowedPlayer{server, 4});
    shown.refresh();
    QCOMPARE(labels(), before + QStringList{QStringLiteral("player 4 rtt")});
    // Taken out of this plot it stays out, and only this one.
    shown.stack().removeSeries(*shown.stack().panes().at(1), shown.stack().panes().at(1)->shown().back().ref);
    shown.refresh();
    QCOMPARE(labels(), before);
    shown.session.selection.setProcess(ProcessId("server-2"));
    shown.session.selection.setPlayer(FollowedPlayer{server, 3});
    shown.refresh();
    QVERIFY(!labels().contains(QStringLiteral("player 3 rtt")));
    shown.session.selection.setProcess(server);
    shown.session.selection.setPlayer(std::nullopt);
    shown.refresh();
    QCOMPARE(labels(), before);
  }

  void plotsFollowTheSelectionUnlessPinned() {
    Shown shown(30 * kS);
    using Ids = std::vector<std::string>;
    QCOMPARE(shown.processesIn(0), (Ids{"server-1", "server-2"}));
    shown.session.selection.setProcess(ProcessId("server-2"));
    shown.refresh();
    QCOMPARE(shown.processesIn(0), Ids{"server-2"});
    QVERIFY(shown.processesIn(2).empty());  // its editors: none
    shown.session.selection.setProcess(ProcessId("editor-1"));
    shown.refresh();
    QCOMPARE(shown.processesIn(0), Ids{"server-1"});
    QCOMPARE(shown.processesIn(1), (Ids{"editor-1", "editor-1"}));
    shown.panel.setPinned(true);
    shown.session.selection.setProcess(ProcessId("server-2"));
    shown.refresh();
    QCOMPARE(shown.processesIn(0), Ids{"server-1"});
    shown.panel.setPinned(false);
    shown.refresh();
    QCOMPARE(shown.processesIn(0), Ids{"server-2"});
  }

  void anEmptySessionSaysWhatFillsIt() {
    Shown shown(0);
    QTRY_VERIFY(shown.panel.findChild<EmptyState*>()->isVisible());
    QSignalSpy attach(&shown.panel, &PlotPanel::attachRequested);
    Q_EMIT shown.panel.findChild<EmptyState*>()->activated();
    QCOMPARE(attach.count(), 1);
  }

  // The tick over budget is one of 36,000 and one pixel wide: it must be in the picture of ten minutes.
  void theSpikeIsVisibleAtFullZoomOut() {
    Shown shown(600 * kS);
    shown.session.selection.setProcess(ProcessId("server-1"));
    shown.session.clock.setSpan(600 * kS);
    shown.refresh();
    shown.refresh();
    auto* pane = shown.stack().panes().front();
    const QImage image = pane->grab().toImage();
    QRect upper = pane->plotArea();
    upper.setHeight(upper.height() / 4);
    const QColor blue = seriesColor(Scheme::Dark, ingest::ProcessKind::Server, ProcessId("server-1"), "tick.duration");
    QVERIFY(countOf(image, upper, blue) > 3);
  }

  void aGapStaysEmpty() {
    Shown shown(100 * kS);
    shown.session.selection.setProcess(ProcessId("server-2"));
    shown.session.clock.setSpan(100 * kS);
    shown.refresh();
    shown.refresh();
    auto* pane = shown.stack().panes().front();
    const QImage image = pane->grab().toImage();
    const QColor blue = seriesColor(Scheme::Dark, ingest::ProcessKind::Server, ProcessId("server-2"), "tick.duration");
    const auto columnAt = [&](double share) {
      const QRect area = pane->plotArea();
      return QRect(area.left() + static_cast<int>(share * area.width()), area.top(), 3, area.height());
    };
    QVERIFY(countOf(image, columnAt(0.2), blue) > 0);
    QCOMPARE(countOf(image, columnAt(0.45), blue), 0);
  }

  void theWheelZoomsAndADragPans() {
    Shown shown(100 * kS);
    ViewClock& clock = shown.session.clock;
    const QPoint at(400, shown.middleOf(0));
    QWheelEvent wheel(QPointF(at), shown.stack().mapToGlobal(QPointF(at)), {}, QPoint(0, 120), Qt::NoButton, {},
                      Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(&shown.stack(), &wheel);
    QCOMPARE(clock.span(), 48 * kS);
    QCOMPARE(clock.mode(), ViewClock::Mode::Live);
    const TimeNs before = clock.viewTo();
    QTest::mousePress(&shown.stack(), Qt::LeftButton, {}, at);
    QMouseEvent move(QEvent::MouseMove, QPointF(at + QPoint(100, 0)),
                     shown.stack().mapToGlobal(QPointF(at + QPoint(100, 0))), Qt::NoButton, Qt::LeftButton, {});
    QCoreApplication::sendEvent(&shown.stack(), &move);
    QTest::mouseRelease(&shown.stack(), Qt::LeftButton, {}, at + QPoint(100, 0));
    QCOMPARE(clock.mode(), ViewClock::Mode::Frozen);
    const double moved = static_cast<double>(before - clock.viewTo()) / 1e9;
    QVERIFY2(std::abs(moved - 48.0 * 100 / (816 - 68)) < 0.1, qPrintable(QString::number(moved)));
    QTest::keyClick(&shown.stack(), Qt::Key_Escape);
    QCOMPARE(clock.mode(), ViewClock::Mode::Live);
  }

  void aClickGoesThere() {
    Shown shown(100 * kS);
    ViewClock& clock = shown.session.clock;
    const TimeNs from = clock.viewFrom(), to = clock.viewTo();
    click(shown.stack(), QPoint(56 + (816 - 68) / 2, shown.middleOf(1)));
    QCOMPARE(clock.mode(), ViewClock::Mode::Frozen);
    const double seconds = static_cast<double>(clock.now() - (from + to) / 2) / 1e9;
    QVERIFY2(std::abs(seconds) < 0.3, qPrintable(QString::number(seconds)));
    QCOMPARE(clock.viewTo(), to);  // nothing jumped
  }

  // A hit is when the first came to it; one goes to where all of them stood.
  void aClickOnAHitGoesToWhereBothStood() {
    Shown shown(100 * kS);
    ViewClock& clock = shown.session.clock;
    const TimeNs middle = clock.viewFrom() + (clock.viewTo() - clock.viewFrom()) / 2, stood = middle + 240'000'000;
    const auto put = [&](ingest::Event event, TimeNs received) {
      auto envelope = std::make_shared<ingest::Envelope>();
      envelope->agent = AgentId("agent");
      envelope->received = received;
      envelope->event = std::move(event);
      shown.session.all.on(envelope);
    };
    ingest::LinkGroup group;
    group.id = "g";
    group.state = ingest::GroupState::Stopped;
    group.hitId = "h1";
    group.stoppedAt = middle;
    put(group, stood);
    ingest::Hit hit;
    hit.id = "h1";
    hit.group = "g";
    hit.leader = ProcessId("server-1");
    hit.time = middle;
    put(hit, stood);
    const auto goes = [&] {
      shown.refresh();
      click(shown.stack(), QPoint(56 + (816 - 68) / 2, shown.middleOf(1)));
      return clock.now() == stood;
    };
    QTRY_VERIFY(goes());
  }

  void aDroppedSeriesStaysThroughSelections() {
    Shown shown(30 * kS);
    const std::unique_ptr<QMimeData> data(makeSeriesMime({{ProcessId("editor-1"), "interp.error", {}}}));
    QDropEvent drop(QPointF(300, shown.middleOf(0)), Qt::CopyAction, data.get(), Qt::LeftButton, {});
    // Straight to the widget: QApplication delivers drops only within a drag of its own.
    static_cast<QObject&>(shown.stack()).event(&drop);
    shown.session.selection.setProcess(ProcessId("server-2"));
    shown.refresh();
    QCOMPARE(shown.processesIn(0), (std::vector<std::string>{"server-2", "editor-1"}));
    const std::size_t before = shown.stack().panes().size();
    QDropEvent below(QPointF(300, shown.stack().height() - 4), Qt::CopyAction, data.get(), Qt::LeftButton, {});
    static_cast<QObject&>(shown.stack()).event(&below);
    QCOMPARE(shown.stack().panes().size(), before + 1);
  }

  void theCrosshairReadsOutTimeAndTick() {
    Shown shown(30 * kS);
    QSignalSpy readOut(&shown.stack(), &plot::PlotStack::readOut);
    shown.stack().setCrosshair(500);
    QVERIFY(!readOut.isEmpty());
    const QString text = readOut.last().at(0).toString();
    QVERIFY2(text.contains(QStringLiteral("14:00:")) && text.contains(QStringLiteral("tick")), qPrintable(text));
  }

  void bothSchemesCanBeSwitchedWhileShown() {
    Shown shown(30 * kS);
    applyTheme(*qApp, Scheme::Light);
    shown.refresh();
    auto* pane = shown.stack().panes().front();
    const QImage image = pane->grab().toImage();
    QCOMPARE(image.pixelColor(pane->plotArea().topLeft() + QPoint(20, 20)), colors(Scheme::Light).panel);
    QCOMPARE(pane->shown().front().color,
             seriesColor(Scheme::Light, ingest::ProcessKind::Server, ProcessId("server-1"), "tick.duration"));
    applyTheme(*qApp, Scheme::Dark);
  }
};

QObject* makeStackTest() {
  return new StackTest;
}
#include "stack_test.moc"
