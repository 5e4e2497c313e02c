// SPDX-License-Identifier: Apache-2.0
// A live store whose budget is small is served from the recording that is being written.
#include "core/recording/live_samples.h"

#include <gtest/gtest.h>

#include <bit>
#include <thread>

#include "core/recording/recorder.h"
#include "core/series/store.h"
#include "tests/fakes/recording/synthetic.h"

namespace qd::recording::testing {
namespace {

using namespace ingest;

constexpr TimeNs kStart = 1'700'000'000'000'000'000, kTick = 16'666'667;
constexpr int kRows = 512, kBlocks = 400;

double valueAt(std::int64_t tick) {
  return static_cast<double>((static_cast<std::uint64_t>(tick) * 0x9e3779b97f4a7c15) >> 40) / 1024;
}

EnvelopePtr realBlock(const ProcessInfo& process, int n) {
  SampleBlock b;
  b.process = {process.id, process.instance};
  b.firstSequence = static_cast<std::uint64_t>(n) * kRows;
  b.count = kRows;
  std::vector<double> values;
  for (int i = 0; i < kRows; ++i) {
    const std::int64_t tick = std::int64_t{n} * kRows + i;
    b.ticks.push_back(tick);
    b.times.push_back(kStart + tick * kTick);
    values.push_back(valueAt(tick));
  }
  b.columns.push_back({SeriesIndex(0), {}, std::move(values)});
  return envelope(std::move(b), static_cast<std::uint64_t>(n) + 2);
}

}  // namespace

TEST(LiveSamples, WhatTheStoreDroppedComesOutOfTheRecordingThatIsBeingWritten) {
  const Scratch scratch;
  RecorderOptions options;
  options.path = scratch / "live.qdrec";
  options.program = "test";
  options.commitEvery = std::chrono::milliseconds(20);
  auto recorder = Recorder::open(std::move(options));
  ASSERT_TRUE(recorder);
  series::Store store(512 << 10);
  ProcessInfo process = server();
  SeriesInfo real;
  real.index = SeriesIndex(0);
  real.name = "real";
  real.integer = false;
  process.series = {real};
  const auto both = [&](const EnvelopePtr& e) {
    store.on(e);
    (*recorder)->on(e);
  };
  both(envelope(ProcessChange{process, ""}, 1));
  for (int n = 0; n < kBlocks; ++n) both(realBlock(process, n));
  std::vector<std::function<void()>> tasks;
  store.setColdSource(std::make_shared<LiveSamples>([&] { return std::vector<std::string>{(*recorder)->path()}; }),
                      [&](std::function<void()> task) { tasks.push_back(std::move(task)); });
  const auto id = store.find(process.id, "real");
  ASSERT_TRUE(id);
  for (const std::int64_t first : {1000, 50'000, 90'000}) {
    const TimeNs from = kStart + first * kTick, to = from + 900 * kTick;
    series::RangeResult result;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    do {  // until it is committed and read
      for (const auto& task : std::exchange(tasks, {})) task();
      result = store.query(*id, series::Axis::Time, from, to, 1200);
      std::this_thread::yield();
    } while (result.refining && std::chrono::steady_clock::now() < deadline);
    ASSERT_TRUE(result.exact) << first;
    ASSERT_EQ(result.samples.size(), 901u);
    for (std::size_t i = 0; i < result.samples.size(); ++i) {
      ASSERT_EQ(result.samples[i].tick, first + static_cast<std::int64_t>(i));
      ASSERT_EQ(result.samples[i].value, valueAt(result.samples[i].tick));
    }
  }
  EXPECT_LE(store.totals().bytes, std::size_t{512} << 10);
  store.setColdSource(nullptr, {});
}

}  // namespace qd::recording::testing
