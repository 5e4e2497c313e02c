// SPDX-License-Identifier: GPL-3.0-or-later
// A plot of what lies in a recording and not in memory: drawn at once from what is known, "refining…" until the samples
// are there, and then with them.
#include <QTest>
#include <bit>

#include "widgets/base/demo_session.h"
#include "widgets/plot/legend_bar.h"
#include "widgets/plot/plot_panel.h"
#include "widgets/plot/plot_stack.h"

using namespace qd;
using namespace qd::widgets;

namespace {

constexpr int kEach = 4096, kExtents = 4;

double valueAt(std::int64_t i) {
  return i == 5000 ? 40.0 : 2.0 + static_cast<double>(i % 10) * 0.1;
}
TimeNs timeAt(std::int64_t i) {
  return demo::kStart + i * demo::kTickNs;
}

class Shelf final : public series::ColdSource {
 public:
  Result<series::ColdLoad> load(const series::ColdRequest& request) override {
    series::ColdRun run;
    for (std::int64_t i = 0; i < std::int64_t{kEach} * kExtents; ++i)
      if (timeAt(i) >= request.extent.t0 && timeAt(i) <= request.extent.t1)
        run.rows.push_back({timeAt(i), i, std::bit_cast<std::uint64_t>(valueAt(i))});
    series::ColdLoad load;
    load.runs.push_back(std::move(run));
    return load;
  }
};

std::vector<series::ColdExtent> extents() {
  std::vector<series::ColdExtent> all;
  for (std::int64_t e = 0; e < kExtents; ++e) {
    series::ColdExtent cold;
    cold.key = static_cast<std::uint64_t>(e) + 1;
    cold.extent.t0 = timeAt(e * kEach);
    cold.extent.t1 = timeAt((e + 1) * kEach - 1);
    cold.extent.k0 = e * kEach;
    cold.extent.k1 = (e + 1) * kEach - 1;
    for (std::int64_t i = e * kEach; i < (e + 1) * kEach; ++i) cold.extent.summary.add(valueAt(i));
    all.push_back(cold);
  }
  return all;
}

}  // namespace

class RefiningTest final : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void whatIsColdIsShownAtOnceAndRefined() {
    demo::Session session(0);
    std::vector<std::function<void()>> tasks;
    session.store.setColdSource(std::make_shared<Shelf>(),
                                [&](std::function<void()> task) { tasks.push_back(std::move(task)); });
    ingest::ProcessInfo process;
    process.id = ProcessId("server-1");
    process.instance = InstanceId(1);
    process.kind = ingest::ProcessKind::Server;
    process.domain = "server-1";
    ingest::SeriesInfo info;
    info.name = "tick.duration";
    info.unit = "ms";
    info.integer = false;
    process.series = {info};
    session.directory.on(demo::wrap(ingest::ProcessChange{process, {}}, demo::kStart));
    QVERIFY(session.store.adopt({process.id, process.instance}, info, extents()));
    session.clock.setRecording(true);
    session.clock.setExtent(timeAt(0), timeAt(kEach * kExtents - 1));
    session.clock.setSpan(timeAt(kEach * kExtents) - timeAt(0));
    PlotPanel panel(session.context);
    panel.resize(816, 620);
    panel.show();
    plot::PlotStack& stack = panel.stack();
    plot::PlotPane& pane = *stack.panes().front();
    stack.refresh(true);
    QCOMPARE(pane.shown().size(), 1U);
    QCOMPARE(pane.legend().note(), QStringLiteral("refining…"));
    QVERIFY(pane.range().high > 40);  // the spike is known before its sample is here
    const std::uint64_t draws = pane.draws();
    stack.refresh(false);
    QCOMPARE(pane.draws(), draws);  // nothing came: nothing is drawn
    for (int round = 0; round < 20 && !tasks.empty(); ++round) {
      for (auto& task : std::exchange(tasks, {})) task();
      stack.refresh(false);
    }
    QVERIFY(pane.draws() > draws);
    QCOMPARE(pane.legend().note(), QString());
    const auto data =
        session.store.query(pane.shown().front().meta.id, series::Axis::Time, timeAt(4990), timeAt(5010), 500);
    QVERIFY(data.exact && data.samples.size() == 21);
  }

  void whatCanNotComeIsSaid() {
    demo::Session session(0);
    ingest::ProcessInfo process;
    process.id = ProcessId("server-1");
    process.instance = InstanceId(1);
    process.kind = ingest::ProcessKind::Server;
    process.domain = "server-1";
    ingest::SeriesInfo info;
    info.name = "tick.duration";
    info.unit = "ms";
    info.integer = false;
    process.series = {info};
    session.directory.on(demo::wrap(ingest::ProcessChange{process, {}}, demo::kStart));
    QVERIFY(session.store.adopt({process.id, process.instance}, info, extents()));
    session.clock.setRecording(true);
    session.clock.setExtent(timeAt(0), timeAt(kEach * kExtents - 1));
    session.clock.setSpan(timeAt(kEach * kExtents) - timeAt(0));
    PlotPanel panel(session.context);
    panel.resize(816, 620);
    panel.show();
    panel.stack().refresh(true);
    plot::PlotPane& pane = *panel.stack().panes().front();
    QVERIFY(pane.legend().note().contains(QStringLiteral("no longer in memory")));
    QVERIFY(pane.range().high > 40);  // and its folds are shown
  }
};

QObject* makeRefiningTest() {
  return new RefiningTest;
}
#include "refining_test.moc"
