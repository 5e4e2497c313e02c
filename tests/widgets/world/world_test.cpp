// SPDX-License-Identifier: GPL-3.0-or-later
#include <QSignalSpy>
#include <QTest>

#include "widgets/base/demo_session.h"
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

}  // namespace

class WorldTest final : public QObject {
  Q_OBJECT
 private Q_SLOTS:
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
    view.setScene(makeScene(&server, {}, {}), {});
    QSignalSpy picked(&view, &WorldView::picked);
    QTest::mouseClick(&view, Qt::LeftButton, {}, QPoint(150, 130));  // the middle of the canvas above the legend
    QCOMPARE(picked.count(), 1);
    QCOMPARE(picked.at(0).at(0).value<std::optional<std::uint32_t>>(), std::optional<std::uint32_t>(7));
  }
};

QTEST_MAIN(WorldTest)
#include "world_test.moc"
