// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "core/ingest/directory.h"
#include "core/ingest/event_sink.h"
#include "widgets/base/demo_feed.h"
#include "widgets/timeline/timeline_model.h"

using namespace qd;
using namespace qd::widgets;
using namespace qd::widgets::timeline;

namespace {
constexpr TimeNs kS = kNsPerSecond;
}

class TimelineTest final : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void liveShowsTheLastQuarterOfAnHour() {
    const TimeNs last = demo::kStart + 7200 * kS;
    QCOMPARE(chooseExtent(demo::kStart, last, false).from, last - 900 * kS);
    QCOMPARE(chooseExtent(last - 5 * kS, last, false).from, last - 60 * kS);
    QCOMPARE(chooseExtent(demo::kStart, last, true).from, demo::kStart);
    QCOMPARE(chooseExtent(demo::kStart, last, true).to, last);
  }

  void placesAndMomentsAgree() {
    const Extent extent{demo::kStart, demo::kStart + 100 * kS};
    QCOMPARE(extent.x(demo::kStart + 25 * kS, 400), 100.0);
    QCOMPARE(extent.timeAt(100, 400), demo::kStart + 25 * kS);
    QCOMPARE(Extent{}.x(5, 100), 0.0);
  }

  void onePushToManyProcessesIsOne() {
    QCOMPARE(pushAsOne("change-1a-3c.e42edd8d.1"), pushAsOne("change-1a-3c.00000001.2"));
    QVERIFY(pushAsOne("change-1a-3c.e42edd8d.1") != pushAsOne("change-1a-3c.e42edd8d.r2"));
    QVERIFY(pushAsOne("change-1a-3c.e42edd8d.1") != pushAsOne("change-1a-3d.e42edd8d.1"));
    QCOMPARE(pushAsOne("push-1a21c038f4e-0e389506"), std::string("push-1a21c038f4e-0e389506"));
    QCOMPARE(pushAsOne("."), std::string("."));
  }

  void theWorstOfAllProcessesIsKept() {
    const Extent extent{demo::kStart, demo::kStart + 10 * kS};
    Worst worst(10), around(10);
    series::RangeResult a, b;
    a.samples = {{0, demo::kStart + kS, 3}, {0, demo::kStart + kS + 1, 9}, {0, demo::kStart + 20 * kS, 99}};
    b.buckets.push_back({demo::kStart, demo::kStart + 2 * kS, 1, 5, 2, 2, 100});
    foldWorst(a, extent, worst, around);
    foldWorst(b, extent, worst, around);
    QCOMPARE(worst[0], std::optional(5.0));
    QCOMPARE(worst[1], std::optional(9.0));
    QCOMPARE(worst[2], std::optional(5.0));
    QVERIFY(!worst[3]);
    QCOMPARE(around, Worst(10));
  }

  // The maximum of a stretch that is still being read is nobody's alarm: it is not known which column has it.
  void whatIsStillBeingReadIsKeptApart() {
    const Extent extent{demo::kStart, demo::kStart + 10 * kS};
    Worst worst(10), around(10);
    series::RangeResult coarse;
    coarse.refining = true;
    coarse.buckets.push_back({demo::kStart, demo::kStart + 6 * kS, 1, 50, 2, 2, 1000});
    coarse.buckets.push_back({demo::kStart + 7 * kS, demo::kStart + 8 * kS, 1, 5, 2, 2, 60});
    foldWorst(coarse, extent, worst, around);
    QVERIFY(!worst[0] && !worst[6]);
    QCOMPARE(around[0], std::optional(50.0));
    QCOMPARE(around[6], std::optional(50.0));
    QCOMPARE(worst[7], std::optional(5.0));
    QVERIFY(!around[8]);
  }

  void aSpikeOfOneTickIsSeenInAQuarterOfAnHour() {
    series::Store store;
    ingest::Directory directory;
    ingest::FanOut all;
    all.add(store);
    all.add(directory);
    demo::Feed feed(all, 900 * kS);
    feed.run();
    const Extent extent{demo::kStart, demo::kStart + 900 * kS};
    const auto worst = worstTicks(store, directory.processes(), extent, 300);
    QCOMPARE(worst.budget, std::optional(16.67));
    const auto at = static_cast<std::size_t>(extent.x(feed.spike(), 300));
    const auto isHigh = [&](std::size_t i) { return worst.values[i] && *worst.values[i] > 20; };
    QVERIFY(isHigh(at) || isHigh(at - 1) || isHigh(at + 1));
    QVERIFY(worst.values[10] && *worst.values[10] < 10);
  }
};

QObject* makeModelTest() {
  return new TimelineTest;
}
#include "timeline_test.moc"
