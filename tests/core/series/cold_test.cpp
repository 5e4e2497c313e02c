// SPDX-License-Identifier: Apache-2.0
// What the budget does not hold: it stays known by its extents, answers coarsely, and comes back from a source.
#include <gtest/gtest.h>

#include <atomic>
#include <bit>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/series/store.h"
#include "tests/core/series/made.h"

namespace qd::series {
namespace {

using namespace qd::ingest;

// A recording of one series of doubles; says what it was asked for.
class Shelf final : public ColdSource {
 public:
  explicit Shelf(std::vector<Sample> all) : all_(std::move(all)) {}

  Result<ColdLoad> load(const ColdRequest& request) override {
    ++asked;
    if (answer) return answer(request);
    return rows(request.extent.t0, request.extent.t1);
  }
  ColdLoad rows(TimeNs from, TimeNs to) const {
    ColdRun run;
    for (const Sample& s : all_) {
      if (s.time >= from && s.time <= to) run.rows.push_back({s.time, s.tick, std::bit_cast<std::uint64_t>(s.value)});
    }
    ColdLoad load;
    if (!run.rows.empty()) load.runs.push_back(std::move(run));
    return load;
  }

  std::atomic<int> asked{0};
  std::function<Result<ColdLoad>(const ColdRequest&)> answer;

 private:
  const std::vector<Sample> all_;
};

// Tasks run when the test says so.
struct Later {
  std::vector<std::function<void()>> tasks;
  Executor executor() {
    return [this](std::function<void()> task) { tasks.push_back(std::move(task)); };
  }
  void run() {
    while (!tasks.empty()) {
      auto task = std::move(tasks.back());
      tasks.pop_back();
      task();
    }
  }
};

ColdExtent extentOf(const std::vector<Sample>& all, std::size_t begin, std::size_t end, std::uint64_t key) {
  ColdExtent cold;
  cold.key = key;
  std::vector<double> values;
  cold.extent.t0 = all[begin].time;
  cold.extent.t1 = all[end - 1].time;
  cold.extent.k0 = all[begin].tick;
  cold.extent.k1 = all[end - 1].tick;
  for (std::size_t i = begin; i < end; ++i) {
    cold.extent.summary.add(all[i].value);
    values.push_back(all[i].value);
  }
  cold.sketch = std::make_shared<const std::string>(encodedSketch(values));
  return cold;
}

std::vector<ColdExtent> extents(const std::vector<Sample>& all, std::size_t begin, std::size_t end, std::size_t each) {
  std::vector<ColdExtent> result;
  for (std::size_t i = begin; i < end; i += each) result.push_back(extentOf(all, i, std::min(end, i + each), 1 + i));
  return result;
}

// A live store whose budget holds a part of what it is given.
struct Live {
  explicit Live(std::size_t budget, std::size_t count, std::uint64_t seed = 4)
      : all(noise(count, seed)), store(budget), budget(budget) {
    source.process.series = {info(0, "a", false)};
    store.on(envelope(ProcessChange{source.process, ""}));
    for (std::size_t i = 0; i < all.size(); i += 500) {
      const std::size_t end = std::min(all.size(), i + 500);
      store.on(envelope(source.block(
          {all.begin() + static_cast<std::ptrdiff_t>(i), all.begin() + static_cast<std::ptrdiff_t>(end)}, 0, false)));
      EXPECT_LE(store.totals().mostBytes, budget);
    }
  }
  std::vector<Sample> all;
  Store store;
  Source source;
  std::size_t budget;
};

}  // namespace

TEST(Cold, WhatTheBudgetDoesNotHoldStaysKnown) {
  Live live(1 << 20, 300'000);
  const SeriesId id = only(live.store);
  const StoreTotals totals = live.store.totals();
  EXPECT_EQ(totals.points, live.all.size());
  EXPECT_EQ(totals.firstTime, live.all.front().time);
  EXPECT_EQ(totals.lastTime, live.all.back().time);
  const RangeResult whole = live.store.query(id, Axis::Time, kLow, kHigh, 40);
  ASSERT_FALSE(whole.exact);
  EXPECT_FALSE(whole.refining);  // there is nothing to get it from
  double min = 1e9, max = -1e9;
  std::uint64_t count = 0;
  for (const Bucket& b : whole.buckets) {
    min = std::min(min, b.min);
    max = std::max(max, b.max);
    count += b.count;
  }
  const auto less = [](const Sample& a, const Sample& b) { return a.value < b.value; };
  EXPECT_EQ(count, live.all.size());
  EXPECT_EQ(min, std::min_element(live.all.begin(), live.all.end(), less)->value);
  EXPECT_EQ(max, std::max_element(live.all.begin(), live.all.end(), less)->value);
  const Statistics statistics = live.store.statistics(id, Axis::Time, kLow, kHigh);
  EXPECT_EQ(statistics.n, live.all.size());
  std::vector<double> values;
  for (const Sample& s : live.all) values.push_back(s.value);
  std::sort(values.begin(), values.end());
  EXPECT_NEAR(statistics.p95, values[values.size() * 95 / 100], std::abs(statistics.p95) * 0.01);
  // The newest are there in full.
  const std::vector<Sample> newest(live.all.end() - 2000, live.all.end());
  compare(live.store.query(id, Axis::Time, newest.front().time, kHigh, 1500), newest, Axis::Time, newest.front().time,
          kHigh, 1500);
}

TEST(Cold, ItComesBackFromTheRecordingWhenSomebodyLooksCloser) {
  Live live(1 << 20, 300'000);
  const SeriesId id = only(live.store);
  const auto shelf = std::make_shared<Shelf>(live.all);
  Later later;
  int told = 0;
  live.store.setColdSource(shelf, later.executor(), {.onLoaded = [&] { ++told; }});
  std::mt19937_64 random(7);
  for (int round = 0; round < 20; ++round) {
    const std::size_t a = random() % 100'000, width = 500 + random() % 6000;
    const TimeNs from = live.all[a].time, to = live.all[a + width].time;
    RangeResult result = live.store.query(id, Axis::Time, from, to, 1200);
    for (int tries = 0; tries < 20 && result.refining; ++tries) {
      for (const Bucket& b : result.buckets) {  // coarse, but never outside of the range
        EXPECT_GE(b.x0, from);
        EXPECT_LE(b.x1, to);
      }
      later.run();
      result = live.store.query(id, Axis::Time, from, to, 1200);
    }
    ASSERT_FALSE(result.refining);
    compare(result, live.all, Axis::Time, from, to, 1200);
    EXPECT_LE(live.store.totals().mostBytes, live.budget);
    std::uint64_t visited = 0;
    EXPECT_TRUE(live.store.visit(id, Axis::Time, from, to, [&](const ExactSample& s) {
      const Sample& expected = live.all[a + visited++];
      EXPECT_EQ(s.bits, std::bit_cast<std::uint64_t>(expected.value));
      EXPECT_EQ(s.time, expected.time);
    }));
    EXPECT_EQ(visited, width + 1);
  }
  EXPECT_GT(told, 0);
  EXPECT_GT(live.store.loads(), 0u);
  EXPECT_FALSE(live.store.query(id, Axis::Time, kLow, kHigh, 20).refining);  // from afar nothing is loaded
}

TEST(Cold, ARecordingIsAdoptedByItsUpperLevelsAndRefinesItself) {
  const std::vector<Sample> all = noise(200'000, 21);
  const auto shelf = std::make_shared<Shelf>(all);
  shelf->answer = [&](const ColdRequest& request) -> Result<ColdLoad> {
    EXPECT_EQ(request.process.id, kServer);
    const std::uint64_t level = request.key >> 32, begin = (request.key & 0xFFFFFFFF) - 1;
    if (level == 0) return shelf->rows(request.extent.t0, request.extent.t1);
    ColdLoad load;
    load.children = extents(all, begin, std::min<std::size_t>(all.size(), begin + 32'768), 2048);
    return load;
  };
  std::vector<ColdExtent> top = extents(all, 0, all.size(), 32'768);
  for (ColdExtent& cold : top) cold.key |= std::uint64_t{1} << 32;
  Store store;
  Later later;
  store.setColdSource(shelf, later.executor());
  ProcessInfo process = serverInfo();
  process.series = {info(3, "a", false)};
  store.on(envelope(ProcessChange{process, ""}));
  const auto id = store.adopt(ref(process), process.series[0], top);
  ASSERT_TRUE(id);
  store.adoptClock(ref(process), top);
  EXPECT_EQ(store.totals().points, all.size());
  EXPECT_EQ(shelf->asked, 0);
  std::uint64_t count = 0;
  for (const Bucket& b : store.query(*id, Axis::Time, kLow, kHigh, 2).buckets) count += b.count;
  EXPECT_EQ(count, all.size());
  EXPECT_NEAR(store.tickAt(kServer, all[70'000].time).value_or(0), all[70'000].tick, 4000);
  later.run();
  for (const Axis axis : {Axis::Time, Axis::Tick}) {
    for (const std::size_t a : {5'000ul, 32'000ul, 150'000ul}) {
      const std::int64_t from = xOf(all[a], axis), to = xOf(all[a + 3000], axis);
      RangeResult result = store.query(*id, axis, from, to, 1600);
      EXPECT_EQ(result.refining, axis == Axis::Time);  // the second time it is there
      for (int tries = 0; tries < 8 && result.refining; ++tries) {
        later.run();
        result = store.query(*id, axis, from, to, 1600);
      }
      ASSERT_FALSE(result.refining);
      compare(result, all, axis, from, to, 1600);
    }
  }
  for (int tries = 0; tries < 8; ++tries) {
    (void)store.tickAt(kServer, all[70'000].time);
    later.run();
  }
  EXPECT_EQ(store.tickAt(kServer, all[70'000].time), all[70'000].tick);
  EXPECT_EQ(store.timeAt(kServer, all[70'000].tick), all[70'000].time);
}

TEST(Cold, WhatTheSourceDoesNotHaveIsNotPromised) {
  Live live(1 << 20, 200'000);
  const SeriesId id = only(live.store);
  const auto shelf = std::make_shared<Shelf>(live.all);
  Later later;
  live.store.setColdSource(shelf, later.executor());
  const auto ask = [&](std::size_t at) {
    return live.store.query(id, Axis::Time, live.all[at].time, live.all[at + 900].time, 1200);
  };
  shelf->answer = [](const ColdRequest&) -> Result<ColdLoad> {
    return fail(ErrorCode::Corrupt, "A chunk is damaged.");
  };
  EXPECT_TRUE(ask(1000).refining);
  later.run();
  const int asked = shelf->asked;
  EXPECT_FALSE(ask(1000).refining);
  later.run();
  EXPECT_EQ(shelf->asked, asked);
  shelf->answer = [](const ColdRequest&) -> Result<ColdLoad> { return ColdLoad{}; };  // it is gone
  EXPECT_TRUE(ask(30'000).refining);
  later.run();
  EXPECT_FALSE(ask(30'000).refining);
  EXPECT_FALSE(ask(30'000).buckets.empty());
  live.store.setColdSource(nullptr, {});
  EXPECT_FALSE(ask(60'000).refining);
  later.run();
}

TEST(Cold, LateSamplesThatFallIntoWhatIsColdCount) {
  Live live(1 << 20, 200'000);
  const SeriesId id = only(live.store);
  const std::vector<Sample> late{{1001, live.all[1].time + 1, 5000}, {1002, live.all[2].time + 1, -5000}};
  live.store.on(envelope(live.source.block(late, 0, false)));
  EXPECT_EQ(live.store.totals().points, live.all.size() + 2);
  double min = 0, max = 0;
  std::uint64_t count = 0;
  for (const Bucket& b : live.store.query(id, Axis::Time, kLow, kHigh, 30).buckets) {
    min = std::min(min, b.min);
    max = std::max(max, b.max);
    count += b.count;
  }
  EXPECT_EQ(min, -5000);
  EXPECT_EQ(max, 5000);
  EXPECT_EQ(count, live.all.size() + 2);
}

TEST(Cold, LoadsOfManyThreadsAndAStoreThatGoes) {
  for (int round = 0; round < 5; ++round) {
    auto live = std::make_unique<Live>(1 << 20, 100'000);
    const SeriesId id = only(live->store);
    const auto shelf = std::make_shared<Shelf>(live->all);
    std::mutex mutex;
    std::condition_variable ready;
    std::vector<std::function<void()>> tasks;
    bool done = false;
    std::thread worker([&] {
      std::unique_lock lock(mutex);
      while (!done) {
        ready.wait(lock, [&] { return done || !tasks.empty(); });
        auto now = std::exchange(tasks, {});
        lock.unlock();
        for (auto& task : now) task();
        lock.lock();
      }
    });
    live->store.setColdSource(shelf, [&](std::function<void()> task) {
      const std::lock_guard lock(mutex);
      tasks.push_back(std::move(task));
      ready.notify_one();
    });
    std::atomic<int> wrong{0};
    std::vector<std::thread> readers;
    for (int r = 0; r < 2; ++r) {
      readers.emplace_back([&, r] {
        std::mt19937_64 random(static_cast<std::uint64_t>(round * 2 + r));
        for (int i = 0; i < 100; ++i) {
          const std::size_t a = random() % 90'000;
          const auto result = live->store.query(id, Axis::Time, live->all[a].time, live->all[a + 5000].time, 600);
          std::int64_t x = kLow;
          for (const Bucket& b : result.buckets) {
            if (b.x0 < x || b.x1 < b.x0 || b.min > b.max) ++wrong;
            x = b.x1;
          }
        }
      });
    }
    const std::vector<Sample> more = noise(20'000, 99);
    std::vector<Sample> shifted = more;
    for (Sample& s : shifted) s.time += live->all.back().time - more.front().time + 1, s.tick += 1'000'000;
    for (std::size_t i = 0; i < shifted.size(); i += 500) {
      live->store.on(envelope(live->source.block(
          {shifted.begin() + static_cast<std::ptrdiff_t>(i), shifted.begin() + static_cast<std::ptrdiff_t>(i + 500)}, 0,
          false)));
    }
    for (std::thread& reader : readers) reader.join();
    EXPECT_EQ(wrong.load(), 0);
    EXPECT_LE(live->store.totals().mostBytes, live->budget);
    live = nullptr;  // with loads waiting or running
    {
      const std::lock_guard lock(mutex);
      done = true;
      ready.notify_one();
    }
    worker.join();
  }
}

}  // namespace qd::series
