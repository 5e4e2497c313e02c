// SPDX-License-Identifier: GPL-3.0-or-later
#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>

#include "tests/support/stutter_feed.h"
#include "widgets/base/demo_session.h"
#include "widgets/base/empty_state.h"
#include "widgets/base/theme.h"
#include "widgets/why/layer_strips.h"
#include "widgets/why/why_panel.h"

using namespace qd;
using namespace qd::widgets;
using Feed = qd::testing::StutterFeed;

namespace {

// A recording with one fault, shown at its end.
struct Shown {
  explicit Shown(Feed::Fault fault, bool replay = true) : session(0, replay), panel(session.context) {
    Feed(session.all, fault).run();
    const auto totals = session.store.totals();
    session.clock.setExtent(totals.firstTime, totals.lastTime);
    panel.resize(816, 220);
    panel.show();
  }
  why::LayerStrips& strips() { return *panel.findChild<why::LayerStrips*>(); }
  EmptyState& empty() { return *panel.findChild<EmptyState*>(); }

  demo::Session session;
  WhyPanel panel;
};

// How many pixels of `image` in `area` have the colour, give or take.
int countOf(const QImage& image, const QRect& area, const QColor& color) {
  int count = 0;
  for (int y = area.top(); y <= area.bottom(); ++y)
    for (int x = area.left(); x <= area.right(); ++x) {
      const QColor at = image.pixelColor(x, y);
      count +=
          std::abs(at.red() - color.red()) + std::abs(at.green() - color.green()) + std::abs(at.blue() - color.blue()) <
                  24
              ? 1
              : 0;
    }
  return count;
}

}  // namespace

class WhyTest final : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void unaskedItSaysWhatWouldFillIt() {
    Shown shown(Feed::Fault::SlowTick);
    QTRY_VERIFY(shown.empty().isVisible());
    auto* button = shown.empty().findChild<QPushButton*>();
    QVERIFY(button->isVisible());
    shown.session.clock.goTo(Feed::timeOf(705));
    QTest::mouseClick(button, Qt::LeftButton);
    QTRY_VERIFY(shown.strips().isVisible());
    QVERIFY(shown.panel.headline().contains(QStringLiteral("Server tick went wrong first, at tick 700")));
  }

  void eachFaultIsNamedAndDrawnInItsRow() {
    const std::pair<Feed::Fault, analysis::Layer> cases[] = {{Feed::Fault::SlowTick, analysis::Layer::ServerTick},
                                                             {Feed::Fault::Blackout, analysis::Layer::SnapshotArrival},
                                                             {Feed::Fault::FrameStall, analysis::Layer::ClientFrame}};
    for (const auto& [fault, layer] : cases) {
      Shown shown(fault);
      shown.panel.ask(Feed::timeOf(708));
      QTRY_VERIFY(shown.strips().isVisible());
      QCOMPARE(shown.strips().report().first, std::optional(layer));
      const QImage image = shown.strips().grab().toImage();
      const QColor alarm = colorsOf(&shown.panel).alarm;
      const auto row = static_cast<std::size_t>(layer);
      QVERIFY2(countOf(image, shown.strips().strip(row).toAlignedRect(), alarm) > 10, analysis::nameOf(layer));
      QCOMPARE(countOf(image, shown.strips().strip(0).toAlignedRect(), alarm), 0);  // the host did nothing
    }
  }

  void stripsAreLinedUpInTicks() {
    Shown shown(Feed::Fault::Blackout);
    shown.panel.ask(Feed::timeOf(708));
    QTRY_VERIFY(shown.strips().isVisible());
    const auto& report = shown.strips().report();
    const QRectF area = shown.strips().strip(0);
    QCOMPARE(shown.strips().xOf(report.to), area.right());
    QVERIFY(std::abs(shown.strips().xOf(report.from) - area.center().x()) < 0.5);  // as much before as after
    for (std::size_t row = 1; row < analysis::kLayers; ++row) {
      QCOMPARE(shown.strips().strip(row).left(), area.left());
      QCOMPARE(shown.strips().strip(row).right(), area.right());
    }
  }

  void aClickGoesToTheSample() {
    Shown shown(Feed::Fault::SlowTick);
    shown.panel.ask(Feed::timeOf(708));
    QTRY_VERIFY(shown.strips().isVisible());
    auto& strips = shown.strips();
    const QPoint at(qRound(strips.xOf(700)), qRound(strips.strip(1).center().y()));
    QTest::mouseClick(&strips, Qt::LeftButton, {}, at);
    QVERIFY(std::abs(shown.session.clock.now() - Feed::timeOf(700)) <= Feed::kTickNs);
  }

  // Of a followed player it is told what the server says of it, and whether the others had it too.
  void theFollowedPlayerIsToldOf() {
    Shown shown(Feed::Fault::Blackout);
    const ProcessId server("server-1");
    for (const char* client : {"2", "5", "6"}) {
      ingest::SeriesInfo info;
      info.name = "net.loss";
      info.dimensions = {{"client", client}};
      const auto id = shown.session.store.declareDerived(server, info);
      for (Tick tick = 0; tick < Feed::kTicks; tick += 30) {
        const bool bad = client[0] == '5' && tick >= 690 && tick < 750;
        const series::Sample sample{tick, Feed::timeOf(tick), bad ? 0.4 : 0.01};
        shown.session.store.append(id, std::span(&sample, 1));
      }
    }
    shown.panel.ask(Feed::timeOf(708));
    QTRY_VERIFY(shown.strips().isVisible());
    const auto told = [&shown](const QString& text) {
      for (const QLabel* label : shown.panel.findChildren<QLabel*>())
        if (label->isVisible() && label->text().contains(text)) return true;
      return false;
    };
    QVERIFY(!told(QStringLiteral("player 5")));
    shown.session.selection.setPlayer(FollowedPlayer{server, 5});
    QTRY_VERIFY(told(QStringLiteral("player 5: net.loss 0.4")));
    QVERIFY(told(QStringLiteral("this player alone")));
    QVERIFY(shown.panel.headline().contains(QStringLiteral("No snapshot reached")));  // the editor's own layers stay
    shown.session.selection.setPlayer(FollowedPlayer{server, 2});
    QTRY_VERIFY(told(QStringLiteral("of player 2 was out of line")));
  }

  void aCalmMomentIsSaidToBeCalm() {
    Shown shown(Feed::Fault::None);
    shown.panel.ask(Feed::timeOf(500));
    QTRY_VERIFY(shown.strips().isVisible());
    QVERIFY(shown.panel.headline().contains(QStringLiteral("Nothing went wrong")));
    QCOMPARE(countOf(shown.strips().grab().toImage(), shown.strips().rect(), colorsOf(&shown.panel).alarm), 0);
  }

  void whatCannotBeExplainedIsSaidInASentence() {
    Shown shown(Feed::Fault::None);
    shown.panel.ask(12);
    QTRY_VERIFY(shown.empty().isVisible());
    bool said = false;
    for (const QLabel* label : shown.empty().findChildren<QLabel*>())
      said = said || label->text().contains(QStringLiteral("outside of what is here"));
    QVERIFY(said);
  }

  void anEmptySessionHasNoPlayer() {
    demo::Session session(0);
    WhyPanel panel(session.context);
    panel.resize(816, 220);
    panel.show();
    panel.askHere();
    QTRY_VERIFY(panel.findChild<EmptyState*>()->isVisible());
  }

  void atTheLiveEdgeItLooksAgain() {
    Shown shown(Feed::Fault::None, false);
    shown.panel.ask(Feed::timeOf(Feed::kTicks - 2));
    QTRY_VERIFY(shown.strips().isVisible());
    bool said = false;
    for (const QLabel* label : shown.panel.findChildren<QLabel*>())
      said = said || label->text().contains(QStringLiteral("still coming in"));
    QVERIFY(said);
  }
};

QTEST_MAIN(WhyTest)
#include "why_test.moc"
