// SPDX-License-Identifier: Apache-2.0
// A recording that is adopted answers as one that was read whole.
#include "core/recording/recorded_samples.h"

#include <gtest/gtest.h>

#include <bit>
#include <utility>

#include "core/recording/writer.h"
#include "core/series/store.h"
#include "tests/core/recording/read_back.h"
#include "tests/fakes/recording/synthetic.h"

namespace qd::recording::testing {
namespace {

using namespace ingest;

constexpr TimeNs kStart = 1'700'000'000'000'000'000, kTick = 16'666'667;

// With chunks so small that the tree of summaries has levels.
std::string recordSmall(const Scratch& scratch, const std::string& name, const std::vector<EnvelopePtr>& all,
                        bool close) {
  const std::string path = scratch / name;
  WriterLimits limits;
  limits.foldPoints = 600;
  auto writer = Writer::create(path, "test", limits);
  EXPECT_TRUE(writer) << (writer ? "" : writer.error().message);
  std::vector<EnvelopePtr> some;
  for (const EnvelopePtr& e : all) {
    some.push_back(e);
    if (some.size() < 8) continue;
    EXPECT_TRUE((*writer)->commit(some));
    some.clear();
  }
  EXPECT_TRUE((*writer)->commit(some));
  if (close) {
    EXPECT_TRUE((*writer)->finish());
  }
  return path;
}

struct Both {
  explicit Both(const std::string& path) {
    for (const EnvelopePtr& e : replay(path)) read.on(e);
    auto opened = RecordedSamples::open(path);
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
    samples = *opened;
    adopted.setColdSource(samples, [this](std::function<void()> task) { later->push_back(std::move(task)); });
    samples->adoptInto(adopted);
  }
  ~Both() { adopted.setColdSource(nullptr, {}); }

  series::SeriesId id(const series::Store& store, const char* name) const {
    const auto found = name == std::string("load")
                           ? store.find(ProcessId("server-1"), "load", {{"world", "w1"}, {"client", "3"}})
                           : store.find(ProcessId("server-1"), name);
    EXPECT_TRUE(found) << name;
    return found.value_or(series::SeriesId());
  }
  // Asked for until nothing better is on its way.
  series::RangeResult settled(const char* name, series::Axis axis, std::int64_t from, std::int64_t to,
                              int pixels) const {
    series::RangeResult result;
    for (int i = 0; i < 20; ++i) {
      result = adopted.query(id(adopted, name), axis, from, to, pixels);
      if (!result.refining) return result;
      load();
    }
    ADD_FAILURE() << name << " never settles";
    return result;
  }

  // What the worker would do.
  void load() const {
    for (const auto& task : std::exchange(*later, {})) task();
  }

  std::shared_ptr<std::vector<std::function<void()>>> later = std::make_shared<std::vector<std::function<void()>>>();
  series::Store read, adopted;
  std::shared_ptr<RecordedSamples> samples;
};

std::vector<std::pair<TimeNs, double>> valuesOf(const series::RangeResult& result) {
  std::vector<std::pair<TimeNs, double>> out;
  for (const series::Sample& s : result.samples) out.emplace_back(s.time, s.value);
  return out;
}

}  // namespace

TEST(RecordedSamples, AreKnownAtOnceAndExactWhereOneLooks) {
  const Scratch scratch;
  const Both both(recordSmall(scratch, "a.qdrec", game(700), true));
  EXPECT_EQ(both.adopted.totals().points, both.read.totals().points);
  EXPECT_EQ(both.adopted.totals().firstTime, both.read.totals().firstTime);
  EXPECT_EQ(both.adopted.totals().lastTime, both.read.totals().lastTime);
  for (const char* name : {"tick.duration", "load", "net.bytes"}) {
    for (const Tick at : {Tick{1}, Tick{5'000}, Tick{20'000}, Tick{44'700}}) {
      const TimeNs from = kStart + at * kTick, to = from + 2 * kNsPerSecond;
      const auto exact = both.settled(name, series::Axis::Time, from, to, 1200);
      const auto expected = both.read.query(both.id(both.read, name), series::Axis::Time, from, to, 1200);
      ASSERT_TRUE(exact.exact) << name << " at " << at;
      const auto got = valuesOf(exact), want = valuesOf(expected);
      ASSERT_EQ(got.size(), want.size()) << name << " at " << at;
      for (std::size_t i = 0; i < got.size(); ++i) {
        EXPECT_EQ(got[i].first, want[i].first);
        EXPECT_EQ(std::bit_cast<std::uint64_t>(got[i].second), std::bit_cast<std::uint64_t>(want[i].second)) << name;
      }
    }
  }
  EXPECT_TRUE(both.samples->damaged().empty());
}

// Percentiles of any range come out of the stored sketches: without one sample being read, and within their bound.
TEST(RecordedSamples, PercentilesComeAtOnceOutOfStoredSketches) {
  const Scratch scratch;
  WriterLimits limits;
  limits.foldPoints = 8192;
  std::vector<EnvelopePtr> all;
  const ProcessInfo info = server();
  all.push_back(envelope(ProcessChange{info, ""}, 1));
  std::vector<double> values;
  for (Tick tick = 0; tick < 8192 * 80; tick += 8192) {
    SampleBlock b{{info.id, info.instance}, 3, static_cast<std::uint64_t>(tick), 8192, 0, {}, {}, {}};
    std::vector<std::int64_t> raw;
    for (Tick t = tick; t < tick + 8192; ++t) {
      b.ticks.push_back(t + 1);
      b.times.push_back(kStart + (t + 1) * kTick);
      raw.push_back(3'000'000 + (t * 7919) % 1'000'003 * ((t / 8192) % 5 + 1));
      values.push_back(static_cast<double>(raw.back()) / 1e6);
    }
    b.columns.push_back({SeriesIndex(0), {}, raw});
    all.push_back(envelope(b, 2 + static_cast<std::uint64_t>(tick)));
  }
  const std::string path = scratch / "a.qdrec";
  auto writer = Writer::create(path, "test", limits);
  ASSERT_TRUE(writer);
  for (const EnvelopePtr& e : all) ASSERT_TRUE((*writer)->commit({e}));
  ASSERT_TRUE((*writer)->finish());
  EXPECT_TRUE(open(path)->verify().ok());
  const Both both(path);
  const auto id = both.id(both.adopted, "tick.duration");
  const auto check = [&](std::size_t from, std::size_t to) {
    const TimeNs t0 = kStart + static_cast<TimeNs>(from + 1) * kTick, t1 = kStart + static_cast<TimeNs>(to) * kTick;
    series::Statistics found;
    for (int i = 0; i < 20; ++i) {
      found = both.adopted.statistics(id, series::Axis::Time, t0, t1);
      if (!found.refining) break;
      both.load();
    }
    std::vector<double> sorted(values.begin() + static_cast<std::ptrdiff_t>(from),
                               values.begin() + static_cast<std::ptrdiff_t>(to));
    std::sort(sorted.begin(), sorted.end());
    const auto exact = [&](double f) { return sorted[static_cast<std::size_t>(f * double(sorted.size()) - 0.5)]; };
    EXPECT_EQ(found.n, to - from);
    EXPECT_NEAR(found.p50 / exact(0.50), 1, 0.009);
    EXPECT_NEAR(found.p95 / exact(0.95), 1, 0.009);
    EXPECT_NEAR(found.p99 / exact(0.99), 1, 0.009);
  };
  check(0, values.size());
  check(8192 * 7, 8192 * 72);
  EXPECT_LT(both.adopted.totals().bytes, std::size_t{1} << 20) << "no samples came into memory";
  check(8192 * 3 + 100, 8192 * 70 + 77);
}

TEST(RecordedSamples, FromAfarNoSpikeIsLost) {
  const Scratch scratch;
  const Both both(recordSmall(scratch, "a.qdrec", game(700), true));
  const TimeNs from = kStart, to = kStart + 44'801 * kTick;
  const auto adopted = both.settled("tick.duration", series::Axis::Time, from, to, 300);
  const auto read = both.read.query(both.id(both.read, "tick.duration"), series::Axis::Time, from, to, 300);
  const auto fold = [](const series::RangeResult& result) {
    series::Summary all;
    for (const series::Bucket& b : result.buckets) {
      all.min = std::min(all.min, b.min);
      all.max = std::max(all.max, b.max);
      all.count += b.count;
    }
    return all;
  };
  EXPECT_EQ(fold(adopted).min, fold(read).min);
  EXPECT_EQ(fold(adopted).max, fold(read).max);
  EXPECT_EQ(fold(adopted).count, fold(read).count);
  EXPECT_GT(adopted.buckets.size(), 100u) << "the tree is opened as far as the picture needs";
}

TEST(RecordedSamples, TicksStandOnTheSameAxis) {
  const Scratch scratch;
  const Both both(recordSmall(scratch, "a.qdrec", game(700), true));
  const auto ticks = both.settled("tick.duration", series::Axis::Tick, 20'000, 20'100, 1200);
  ASSERT_EQ(ticks.samples.size(), 101u);
  EXPECT_EQ(ticks.samples.front().tick, 20'000);
  std::optional<Tick> tick;
  for (int i = 0; i < 20 && tick != std::optional<Tick>(30'000); ++i) {
    tick = both.adopted.tickAt(ProcessId("server-1"), kStart + 30'000 * kTick);
    both.load();
  }
  EXPECT_EQ(tick, std::optional<Tick>(30'000));
}

// Cut off: the last seconds lie in tails, which are no chunks yet.
TEST(RecordedSamples, WhatIsNotFoldedIsThereToo) {
  const Scratch scratch;
  const std::string path = recordSmall(scratch, "a.qdrec", game(101), false);
  const Both both(path);
  EXPECT_EQ(both.adopted.totals().points, 101u * (64 * 2 + 21));
  const TimeNs to = kStart + 101 * 64 * kTick, from = to - kNsPerSecond;
  EXPECT_EQ(valuesOf(both.settled("tick.duration", series::Axis::Time, from, to, 1200)),
            valuesOf(both.read.query(both.id(both.read, "tick.duration"), series::Axis::Time, from, to, 1200)));
}

TEST(RecordedSamples, ASecondServerAndARestartStayApart) {
  const Scratch scratch;
  std::vector<EnvelopePtr> all = game(100);
  const std::vector<EnvelopePtr> other = game(100, "server-2");
  all.insert(all.end(), other.begin(), other.end());
  const Both both(recordSmall(scratch, "a.qdrec", all, true));
  EXPECT_EQ(both.adopted.totals().points, both.read.totals().points);
  EXPECT_EQ(both.adopted.list().size(), 6u);
}

EnvelopePtr through(const char* agent, const EnvelopePtr& envelope, bool late = false) {
  auto out = std::make_shared<Envelope>(*envelope);
  out->agent = AgentId(agent);
  if (auto* block = std::get_if<SampleBlock>(&out->event)) block->late = late;
  return out;
}

std::vector<std::pair<TimeNs, std::uint64_t>> bitsOf(const series::RangeResult& result) {
  std::vector<std::pair<TimeNs, std::uint64_t>> out;
  for (const series::Sample& s : result.samples) out.emplace_back(s.time, std::bit_cast<std::uint64_t>(s.value));
  return out;
}

bool isBlock(const EnvelopePtr& envelope) {
  return std::holds_alternative<SampleBlock>(envelope->event);
}

// A console that knows an agent by two addresses, at the same time or one after the other.
TEST(RecordedSamples, AProcessSeenThroughTwoAgentsIsOne) {
  const Scratch scratch;
  const std::vector<EnvelopePtr> all = game(160);
  const Both one(recordSmall(scratch, "one.qdrec", all, true));
  std::vector<EnvelopePtr> turns, twice, late;
  std::size_t blocks = 0;
  for (const EnvelopePtr& e : all) {
    if (!isBlock(e)) {
      for (auto* to : {&turns, &twice, &late}) to->insert(to->end(), {through("a:1", e), through("b:1", e)});
      continue;
    }
    turns.push_back(through(blocks++ % 50 < 25 ? "a:1" : "b:1", e));
    twice.insert(twice.end(), {through("a:1", e), through("b:1", e)});
    late.insert(late.end(), {through("a:1", e), through("b:1", e, true)});
  }
  const TimeNs from = kStart - kNsPerSecond, to = kStart + 200 * 64 * kTick;
  const auto check = [&](const char* name, const std::vector<EnvelopePtr>& events, bool close, bool counted) {
    const Both both(recordSmall(scratch, name, events, close));
    EXPECT_EQ(both.adopted.list().size(), one.adopted.list().size());
    if (counted) {
      EXPECT_EQ(both.adopted.totals().points, one.adopted.totals().points) << name;
      EXPECT_EQ(both.read.totals().points, one.read.totals().points) << name;
    }
    for (const char* series : {"tick.duration", "load"}) {
      for (const TimeNs begin : {from, kStart + 40 * 64 * kTick}) {
        if (begin == from && !counted) continue;
        const TimeNs end = begin == from ? to : begin + kNsPerSecond;
        const auto got = both.settled(series, series::Axis::Time, begin, end, 100'000);
        const auto wanted = one.settled(series, series::Axis::Time, begin, end, 100'000);
        EXPECT_EQ(bitsOf(got), bitsOf(wanted)) << name << ", " << series;
      }
    }
    EXPECT_EQ(both.adopted.timeAt(ProcessId("server-1"), 700), one.adopted.timeAt(ProcessId("server-1"), 700)) << name;
    EXPECT_TRUE(both.samples->damaged().empty());
  };
  check("turns.qdrec", turns, true, true);
  check("turns-cut-off.qdrec", turns, false, true);
  check("twice.qdrec", twice, true, true);
  check("twice-cut-off.qdrec", twice, false, true);
  // As files of earlier writers have it: everything stands in both rows. From afar it counts twice; the samples that
  // one looks at come once.
  check("both-rows.qdrec", late, true, false);
  check("both-rows-cut-off.qdrec", late, false, false);
}

}  // namespace qd::recording::testing
