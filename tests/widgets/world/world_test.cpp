// SPDX-License-Identifier: GPL-3.0-or-later
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QToolButton>

#include "core/ingest/interest_set.h"
#include "widgets/base/demo_session.h"
#include "widgets/base/empty_state.h"
#include "widgets/base/theme.h"
#include "widgets/world/scene.h"
#include "widgets/world/world_panel.h"
#include "widgets/world/world_view.h"

using namespace qd;
using namespace qd::widgets;
using namespace qd::widgets::world;

namespace {

ingest::EntityFrame frameOf(std::vector<std::uint32_t> ids, std::vector<std::int64_t> x, std::vector<std::int64_t> y,
                            std::uint32_t flags) {
  ingest::EntityFrame frame;
  frame.flags.assign(ids.size(), flags);
  frame.ids = std::move(ids);
  frame.x = std::move(x);
  frame.y = std::move(y);
  return frame;
}

int countOf(const QImage& image, const QRect& area, const QColor& color) {
  int count = 0;
  for (int y = std::max(0, area.top()); y <= std::min(area.bottom(), image.height() - 1); ++y)
    for (int x = std::max(0, area.left()); x <= std::min(area.right(), image.width() - 1); ++x)
      count += image.pixelColor(x, y) == color ? 1 : 0;
  return count;
}

// The panel on the demo session: 32 entities on circles, players 1 to 20.
struct Shown {
  explicit Shown(TimeNs length = 20 * kNsPerSecond) : session(length), panel(session.context) {
    panel.resize(400, 380);
    panel.show();
  }
  WorldView& view() { return *panel.findChild<WorldView*>(); }
  EmptyState& empty() { return *panel.findChild<EmptyState*>(); }
  QToolButton* button(const QString& text) {
    for (auto* b : panel.findChildren<QToolButton*>())
      if (b->text() == text) return b;
    return nullptr;
  }
  const Entity& entity(std::uint32_t id) { return *std::ranges::find(view().scene().entities, id, &Entity::id); }
  QPoint screen(std::uint32_t id) {
    const Entity& e = entity(id);
    return view().screenOf(e.x, e.y).toPoint();
  }
  void shot(TimeNs time, bool clientHit, bool serverHit) {
    const auto i = [](std::int64_t v) { return Value(v); };
    ingest::GameEvent event{{ProcessId("server-1"), InstanceId(1)}, 600, time, "combat.hit", {}};
    event.fields = {{"shooter", i(1)},
                    {"victim", i(2)},
                    {"client_verdict", Value(std::string(clientHit ? "hit" : "miss"))},
                    {"server_verdict", Value(std::string(serverHit ? "hit" : "miss"))},
                    {"rewind_ms", Value(133.0)},
                    {"origin_x_m", Value(0.0)},
                    {"origin_y_m", Value(0.0)},
                    {"yaw_rad", Value(0.0)},
                    {"seen_x_m", Value(10.0)},
                    {"seen_y_m", Value(0.0)},
                    {"rewound_x_m", Value(10.3)},
                    {"rewound_y_m", Value(0.0)},
                    {"now_x_m", Value(11.0)},
                    {"now_y_m", Value(0.0)}};
    session.all.on(demo::wrap(event));
  }

  demo::Session session;
  WorldPanel panel;
};

}  // namespace

class WorldTest final : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void posesAreAskedForOnlyWhileItIsOpen() {
    ingest::InterestSet interest;
    demo::Session session(20 * kNsPerSecond);
    session.context.interest = &interest;
    const auto wanted = [&] { return std::ranges::count(interest.poses(), std::string("server-1")) == 1; };
    {
      WorldPanel panel(session.context);
      QCoreApplication::processEvents();
      QVERIFY(interest.poses().empty());
      panel.show();
      QTRY_VERIFY(wanted());
      panel.hide();
      QTRY_VERIFY(interest.poses().empty());
      panel.show();
      QTRY_VERIFY(wanted());
    }
    QVERIFY(interest.poses().empty());
  }

  void ghostsStandBesideTheirEntities() {
    const auto server = frameOf({1, 2}, {1'000'000, 5'000'000}, {0, 0}, ingest::kEntityPlayer);
    const auto editor = frameOf({1, 9}, {900'000, 0}, {0, 2'000'000}, ingest::kEntityHeld);
    const Authority authority = [](std::uint32_t id, std::uint64_t) -> std::optional<netcode::Pose> {
      if (id != 1) return std::nullopt;
      netcode::Pose pose;
      pose.x = 0.903;
      pose.y = 0.004;
      return pose;
    };
    const Scene scene = makeScene(&server, {&editor}, authority);
    QCOMPARE(scene.entities.size(), 3U);
    const Entity& one = scene.entities[0];
    QCOMPARE(one.x, 1.0);
    QCOMPARE(one.ghosts.size(), 1U);
    QVERIFY(std::abs(*one.ghosts[0].error() - 0.005) < 1e-9);
    QCOMPARE(one.ghosts[0].how, Drawn::Held);
    QVERIFY(scene.entities[1].ghosts.empty());
    QVERIFY(!scene.entities[2].onServer);  // only the editor drew it
    QVERIFY(!scene.entities[2].ghosts[0].error());
    QCOMPARE(scene.held, 2U);
  }

  void aFrameWithShortColumnsIsCut() {
    auto server = frameOf({1, 2, 3}, {1, 2}, {1, 2, 3}, 0);
    server.flags.clear();
    QCOMPARE(makeScene(&server, {}, {}).entities.size(), 2U);
    QVERIFY(makeScene(nullptr, {}, {}).isEmpty());
    QVERIFY(!boundsOf(Scene{}));
  }

  void theNearestIsPicked() {
    const auto server = frameOf({1, 2}, {0, 1'000'000}, {0, 0}, 0);
    const Scene scene = makeScene(&server, {}, {});
    QCOMPARE(nearest(scene, 0.9, 0, 0.5), std::optional<std::uint32_t>(2));
    QVERIFY(!nearest(scene, 0.5, 3, 0.5));
  }

  void errorsAreLengthenedUntilTheyCanBeSeen() {
    QCOMPARE(errorScale(0, 10, 40), 1);
    QCOMPARE(errorScale(2, 20, 40), 1);
    QCOMPARE(errorScale(0.2, 20, 40), 10);
    QCOMPARE(errorScale(0.005, 20, 40), 100);
    QCOMPARE(errorScale(0.0005, 20, 40), 1000);
  }

  void thePanelShowsBothSides() {
    demo::Session session(20 * kNsPerSecond);
    WorldPanel panel(session.context);
    panel.resize(360, 320);
    panel.show();
    auto* view = panel.findChild<WorldView*>();
    QTRY_COMPARE(view->scene().entities.size(), std::size_t{demo::kEntities});
    QCOMPARE(view->scene().interpolated, std::size_t{demo::kEntities});
    // The editor draws 4 mm beside the circle; the history knows where the server had it.
    for (const Entity& entity : view->scene().entities)
      QVERIFY(std::abs(entity.ghosts.at(0).error().value_or(0) - 0.004) < 0.0002);
    session.clock.goTo(demo::kStart + 11 * kNsPerSecond);
    QTRY_COMPARE(view->scene().held, std::size_t{8});
  }

  void aClickSelects() {
    const auto server = frameOf({7}, {0}, {0}, ingest::kEntityPlayer);
    WorldView view;
    view.resize(300, 300);
    Picture picture;
    picture.scene = makeScene(&server, {}, {});
    view.setPicture(std::move(picture));
    QSignalSpy picked(&view, &WorldView::picked);
    QTest::mouseClick(&view, Qt::LeftButton, {}, QPoint(150, 130));  // the middle of the canvas above the legend
    QCOMPARE(picked.count(), 1);
    QCOMPARE(picked.at(0).at(0).value<std::optional<std::uint32_t>>(), std::optional<std::uint32_t>(7));
  }

  void trailsBreakWhereAnEntityWasPutElsewhere() {
    Frames frames;
    const std::int64_t path[] = {0, 100'000, 200'000, 9'000'000, 9'100'000, 9'200'000};
    for (std::size_t i = 0; i < std::size(path); ++i) {
      auto frame = frameOf({5}, {path[i]}, {0}, i == 4 ? ingest::kEntityTeleported : ingest::kEntityHeld);
      frames.push_back(std::make_shared<ingest::EntityFrame>(frame));
    }
    const auto trails = trailsOf({5, 6}, frames, {frames});
    QCOMPARE(trails.size(), 1U);  // nobody saw 6
    QCOMPARE(trails[0].server.size(), 6U);
    QVERIFY(!trails[0].server[1].breakBefore);
    QVERIFY(trails[0].server[3].breakBefore);  // nobody walks nine metres in a tick
    QVERIFY(trails[0].server[4].breakBefore);  // told by its flag
    QCOMPARE(trails[0].drawn[0][1].how, Drawn::Held);
  }

  void aPlayerIsFollowedInEveryPanel() {
    Shown shown;
    QTRY_COMPARE(shown.view().scene().entities.size(), std::size_t{demo::kEntities});
    QTest::mouseClick(&shown.view(), Qt::LeftButton, {}, shown.screen(3));
    QCOMPARE(shown.session.selection.player(), (std::optional(FollowedPlayer{ProcessId("server-1"), 3})));
    QVERIFY(shown.view().isFollowing());
    QTRY_VERIFY(!shown.view().picture().trails.empty());
    // It stays in the middle while time goes on.
    for (const int second : {3, 6, 9}) {
      shown.session.clock.goTo(demo::kStart + second * kNsPerSecond);
      QTRY_VERIFY(
          (shown.screen(3) - QPoint(shown.view().width() / 2, (shown.view().height() - 40) / 2)).manhattanLength() <=
          2);
    }
    // Another process of the same world does not lose the player; letting go does.
    shown.session.selection.setProcess(ProcessId("editor-1"));
    QVERIFY(shown.session.selection.player());
    shown.session.selection.setPlayer(std::nullopt);
    QVERIFY(!shown.view().isFollowing());
  }

  void panningLetsGoOfTheMiddle() {
    Shown shown;
    QTRY_COMPARE(shown.view().scene().entities.size(), std::size_t{demo::kEntities});
    shown.session.selection.setEntity(25);
    QTRY_VERIFY(shown.button(QStringLiteral("Follow"))->isEnabled());
    QTest::keyClick(&shown.view(), Qt::Key_F);
    QVERIFY(shown.button(QStringLiteral("Follow"))->isChecked());
    QTest::mousePress(&shown.view(), Qt::LeftButton, {}, QPoint(100, 100));
    QMouseEvent move(QEvent::MouseMove, QPointF(150, 140), shown.view().mapToGlobal(QPointF(150, 140)), Qt::NoButton,
                     Qt::LeftButton, Qt::NoModifier);
    QCoreApplication::sendEvent(&shown.view(), &move);
    QTest::mouseRelease(&shown.view(), Qt::LeftButton, {}, QPoint(150, 140));
    QVERIFY(!shown.button(QStringLiteral("Follow"))->isChecked());
    QCOMPARE(shown.session.selection.entity(), std::optional<std::uint32_t>(25));
  }

  void hoverNeverCoversWhatIsHovered() {
    Shown shown;
    QTRY_COMPARE(shown.view().scene().entities.size(), std::size_t{demo::kEntities});
    const QColor box = colorsOf(&shown.view()).raised;
    for (std::uint32_t id = 1; id <= demo::kEntities; ++id) {
      const QPoint at = shown.screen(id);
      const QRect around(at - QPoint(8, 8), QSize(17, 17));
      QMouseEvent away(QEvent::MouseMove, QPointF(-50, -50), QPointF(), Qt::NoButton, Qt::NoButton, Qt::NoModifier);
      QCoreApplication::sendEvent(&shown.view(), &away);
      const int before = countOf(shown.view().grab().toImage(), around, box);
      QMouseEvent move(QEvent::MouseMove, at, shown.view().mapToGlobal(at), Qt::NoButton, Qt::NoButton, Qt::NoModifier);
      QCoreApplication::sendEvent(&shown.view(), &move);
      QVERIFY(shown.view().hovered());
      const QImage image = shown.view().grab().toImage();
      QVERIFY(countOf(image, image.rect(), box) > 500);  // it is there
      QCOMPARE(countOf(image, around, box), before);     // and not over the entity
    }
  }

  void shotsAreDrawnAsBothSidesSawThem() {
    Shown shown;
    QTRY_COMPARE(shown.view().scene().entities.size(), std::size_t{demo::kEntities});
    const TimeNs time = demo::kStart + 10 * kNsPerSecond;
    shown.shot(time, true, false);
    shown.session.clock.goTo(time);
    QTRY_COMPARE(shown.view().picture().shots.size(), 1U);
    QVERIFY(!shown.view().picture().shots[0].agree());
    const QImage with = shown.view().grab().toImage();
    QTest::keyClick(&shown.view(), Qt::Key_S);
    QVERIFY(!shown.button(QStringLiteral("Shots"))->isChecked());
    QVERIFY(with != shown.view().grab().toImage());
    // Two seconds later it is over.
    shown.session.clock.goTo(time + 2 * kNsPerSecond);
    QTRY_VERIFY(shown.view().picture().shots.empty());
  }

  void scrubbingShowsTheMoment() {
    Shown shown;
    shown.session.clock.goTo(demo::kStart + 5 * kNsPerSecond);
    QTRY_VERIFY(!shown.view().scene().isEmpty());
    QTRY_VERIFY(std::abs(shown.entity(1).vx) > 0);
    const double there = shown.entity(1).x;
    shown.session.clock.goTo(demo::kStart + 7 * kNsPerSecond);
    QTRY_VERIFY(std::abs(shown.entity(1).x - there) > 0.1);
    shown.session.clock.goTo(demo::kStart + 5 * kNsPerSecond);
    QTRY_COMPARE(shown.entity(1).x, there);
  }

  void staleIsSaidAndLongGoneIsEmpty() {
    Shown shown;
    const TimeNs end = demo::kStart + 20 * kNsPerSecond;
    shown.session.clock.setExtent(demo::kStart, end + 60 * kNsPerSecond);
    shown.session.clock.goTo(end + 4 * kNsPerSecond);
    QTRY_VERIFY(shown.view().picture().age.has_value());
    shown.session.clock.goTo(end + 30 * kNsPerSecond);
    QTRY_VERIFY(shown.empty().isVisible());
    auto* go = shown.empty().findChild<QPushButton*>();
    QVERIFY(go->isVisible());
    QTest::mouseClick(go, Qt::LeftButton);  // to the nearest moment that has entities
    QTRY_VERIFY(shown.view().isVisible());
    QVERIFY(shown.session.clock.now() < end);
  }

  void anEmptySessionOffersToAttach() {
    Shown shown(0);
    QTRY_VERIFY(shown.empty().isVisible());
    QSignalSpy attach(&shown.panel, &WorldPanel::attachRequested);
    QTest::mouseClick(shown.empty().findChild<QPushButton*>(), Qt::LeftButton);
    QCOMPARE(attach.count(), 1);
  }
};

QTEST_MAIN(WorldTest)
#include "world_test.moc"
