// SPDX-License-Identifier: GPL-3.0-or-later
// A live session whose store holds a small part of it: what left memory is drawn from its folds at once, "refining…",
// and then out of the recording that is being written, off this thread.
#include <QScopeGuard>
#include <QTest>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "core/recording/live_samples.h"
#include "core/recording/recorder.h"
#include "tests/fakes/recording/synthetic.h"
#include "widgets/base/demo_session.h"
#include "widgets/plot/legend_bar.h"
#include "widgets/plot/plot_panel.h"
#include "widgets/plot/plot_stack.h"

using namespace qd;
using namespace qd::widgets;

namespace {

constexpr int kRows = 512, kBlocks = 500;
constexpr std::size_t kBudget = 1 << 20;

double valueAt(std::int64_t tick) {
  if (tick == 40'000) return 90;
  return static_cast<double>((static_cast<std::uint64_t>(tick) * 0x9e3779b97f4a7c15) >> 48) / 4096;
}
TimeNs timeAt(std::int64_t tick) {
  return demo::kStart + tick * demo::kTickNs;
}

ingest::SampleBlock blockAt(const ingest::ProcessInfo& process, int n) {
  ingest::SampleBlock b;
  b.process = {process.id, process.instance};
  b.firstSequence = static_cast<std::uint64_t>(n) * kRows;
  b.count = kRows;
  std::vector<double> values;
  for (int i = 0; i < kRows; ++i) {
    const std::int64_t tick = std::int64_t{n} * kRows + i;
    b.ticks.push_back(tick);
    b.times.push_back(timeAt(tick));
    values.push_back(valueAt(tick));
  }
  b.columns.push_back({SeriesIndex(0), {}, std::move(values)});
  return b;
}

class Loads {
 public:
  void post(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    changed_.notify_one();
  }

 private:
  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [this] { return !tasks_.empty(); })) {
      const auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      lock.lock();
    }
  }
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::function<void()>> tasks_;
  std::jthread thread_{[this](const std::stop_token& stop) { run(stop); }};
};

// The source, with a look at the thread that asks it.
class Watched final : public series::ColdSource {
 public:
  Watched(std::shared_ptr<series::ColdSource> of, std::atomic<int>& here) : of_(std::move(of)), here_(here) {}
  Result<series::ColdLoad> load(const series::ColdRequest& request) override {
    if (std::this_thread::get_id() == ui_) ++here_;
    return of_->load(request);
  }

 private:
  const std::shared_ptr<series::ColdSource> of_;
  std::atomic<int>& here_;
  const std::thread::id ui_ = std::this_thread::get_id();
};

ingest::ProcessInfo processOf() {
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
  return process;
}

}  // namespace

class RecordedLiveTest final : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void whatLeftMemoryComesOutOfTheRecordingThatIsWritten() {
    const recording::testing::Scratch scratch;
    recording::RecorderOptions options;
    options.path = scratch / "live.qdrec";
    options.program = "test";
    auto recorder = recording::Recorder::open(std::move(options));
    QVERIFY(recorder);
    demo::Session session(0, false, kBudget);
    session.all.add(**recorder);
    const ingest::ProcessInfo process = processOf();
    session.all.on(demo::wrap(ingest::ProcessChange{process, {}}, demo::kStart));
    for (int n = 0; n < kBlocks; ++n) {
      session.all.on(
          recording::testing::envelope(blockAt(process, n), static_cast<std::uint64_t>(n) + 2, "127.0.0.1:7400"));
    }
    std::atomic<int> onThisThread{0};
    Loads loads;
    const auto source = std::make_shared<recording::LiveSamples>([&] {
      return recording::LiveSamples::Files{{}, (*recorder)->path()};
    });
    session.store.setColdSource(std::make_shared<Watched>(source, onThisThread),
                                [&](std::function<void()> task) { loads.post(std::move(task)); });
    const auto stopLoads = qScopeGuard([&] { session.store.setColdSource(nullptr, {}); });

    session.clock.setExtent(timeAt(0), timeAt(std::int64_t{kRows} * kBlocks - 1));
    session.clock.setSpan(timeAt(600) - timeAt(0));
    PlotPanel panel(session.context);
    panel.resize(816, 620);
    panel.show();
    plot::PlotPane& pane = *panel.stack().panes().front();
    const auto id = session.store.find(process.id, "tick.duration");
    QVERIFY(id);
    int refined = 0;
    for (std::int64_t first = 500; first + 600 < std::int64_t{kRows} * kBlocks; first += 39'000) {
      session.clock.goTo(timeAt(first + 600));
      panel.stack().refresh(true);
      refined += pane.legend().note() == QStringLiteral("refining…") ? 1 : 0;
      const auto shown = [&] {
        panel.stack().refresh(true);
        return pane.legend().note().isEmpty();
      };
      QTRY_VERIFY_WITH_TIMEOUT(shown(), 60'000);
      const auto ask = [&] {  // asks for a sample more than the window at times, which may be of another chunk
        return session.store.query(*id, series::Axis::Time, timeAt(first), timeAt(first + 600), 700);
      };
      QTRY_VERIFY_WITH_TIMEOUT(ask().exact, 60'000);
      const auto data = ask();
      QCOMPARE(data.samples.size(), std::size_t{601});
      for (std::size_t i = 0; i < data.samples.size(); ++i) {
        QCOMPARE(data.samples[i].tick, first + static_cast<std::int64_t>(i));
        QCOMPARE(data.samples[i].value, valueAt(data.samples[i].tick));
      }
      QVERIFY(session.store.totals().mostBytes <= kBudget);
    }
    QVERIFY(refined >= 4);  // the oldest were not in memory
    QVERIFY(session.store.loads() >= 4);
    QCOMPARE(onThisThread.load(), 0);
  }
};

QObject* makeRecordedLiveTest() {
  return new RecordedLiveTest;
}
#include "recorded_live_test.moc"
