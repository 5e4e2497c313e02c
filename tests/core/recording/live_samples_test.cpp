// SPDX-License-Identifier: Apache-2.0
// Which answer the files of a live session give to what its store dropped: that it comes, or that it is gone. With a
// real recorder; that a store and a plot are served by it stands in tests/widgets/plot/recorded_live_test.cpp.
#include "core/recording/live_samples.h"

#include <gtest/gtest.h>

#include <thread>

#include "core/recording/recorder.h"
#include "tests/fakes/recording/synthetic.h"

namespace qd::recording::testing {
namespace {

using namespace ingest;

constexpr std::size_t kRows = 600;

std::unique_ptr<Recorder> recorderTo(const std::string& path) {
  RecorderOptions options;
  options.path = path;
  options.program = "test";
  options.commitEvery = std::chrono::milliseconds(20);
  auto recorder = Recorder::open(std::move(options));
  EXPECT_TRUE(recorder);
  return std::move(*recorder);
}

series::ColdRequest request(const ProcessInfo& of, TimeNs from, TimeNs to, std::uint64_t total) {
  series::ColdRequest asked;
  asked.process = {of.id, of.instance};
  asked.series = of.series.front();
  asked.extent.t0 = from;
  asked.extent.t1 = to;
  asked.extent.k1 = 1'000'000;
  asked.extent.summary.total = total;
  return asked;
}

std::size_t rowsOf(const series::ColdLoad& load) {
  std::size_t rows = 0;
  for (const series::ColdRun& run : load.runs) rows += run.rows.size();
  return rows;
}

// Asks until it is there, as a store does.
Result<series::ColdLoad> await(LiveSamples& samples, const series::ColdRequest& asked) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (true) {
    auto load = samples.load(asked);
    if (load || load.error().code != ErrorCode::NotFound || std::chrono::steady_clock::now() > deadline) return load;
    std::this_thread::yield();
  }
}

}  // namespace

TEST(LiveSamples, WhatIsNotCommittedYetIsAskedForAgainAndWhatIsNeverIsGone) {
  const Scratch scratch;
  const std::string path = scratch / "live.qdrec";
  auto recorder = recorderTo(path);
  std::optional<std::string> written = path;
  LiveSamples samples([&] { return LiveSamples::Files{{}, written}; });
  const ProcessInfo of = server();
  const SampleBlock first = block(1000, kRows, 0, of);
  const auto asked = request(of, first.times.front(), first.times.back(), kRows);
  EXPECT_EQ(samples.load(asked).error().code, ErrorCode::NotFound);
  recorder->on(envelope(ProcessChange{of, ""}, 1));
  recorder->on(envelope(first, 2));
  const auto load = await(samples, asked);
  ASSERT_TRUE(load) << load.error().message;
  EXPECT_EQ(rowsOf(*load), kRows);
  // It says that it had more: a few times that may come, then it is known that it does not.
  auto more = asked;
  more.extent.summary.total = kRows + 1;
  EXPECT_EQ(samples.load(more).error().code, ErrorCode::NotFound);
  const auto settled = await(samples, more);
  ASSERT_TRUE(settled);
  EXPECT_EQ(rowsOf(*settled), kRows);
  // What comes after all that there is may come; once nothing is recorded any more it does not.
  const auto later = request(of, first.times.back() + 1, first.times.back() + kNsPerSecond, 10);
  EXPECT_EQ(samples.load(later).error().code, ErrorCode::NotFound);
  ASSERT_TRUE(recorder->close());
  written.reset();
  const auto gone = samples.load(later);
  ASSERT_TRUE(gone);
  EXPECT_EQ(rowsOf(*gone), 0u);
}

TEST(LiveSamples, AStretchOverTwoFilesComesOutOfBoth) {
  const Scratch scratch;
  const ProcessInfo of = server();
  const SampleBlock early = block(1000, kRows, 0, of), late = block(1000 + kRows, kRows, kRows, of);
  LiveSamples::Files files{{scratch / "a.qdrec", scratch / "removed.qdrec"}, scratch / "b.qdrec"};
  LiveSamples samples([&] { return files; });
  auto a = recorderTo(files.closed.front());
  a->on(envelope(ProcessChange{of, ""}, 1));
  a->on(envelope(early, 2));
  ASSERT_TRUE(a->close());
  auto b = recorderTo(*files.written);
  b->on(envelope(ProcessChange{of, ""}, 3));
  b->on(envelope(late, 4));
  const auto load = await(samples, request(of, early.times[kRows / 2], late.times[kRows / 2], kRows + 1));
  ASSERT_TRUE(load) << load.error().message;
  EXPECT_EQ(rowsOf(*load), kRows + 1);
  const auto old = samples.load(request(of, early.times[0], early.times[9], 10));  // the closed file is enough
  ASSERT_TRUE(old);
  EXPECT_EQ(rowsOf(*old), 10u);
}

// The writer folds tails into chunks between two commits: whoever reads meanwhile finds each row once.
TEST(LiveSamples, AFileThatIsWrittenToWhileItIsReadGivesEachRowOnce) {
  const Scratch scratch;
  const std::string path = scratch / "live.qdrec";
  auto recorder = recorderTo(path);
  LiveSamples samples([&] { return LiveSamples::Files{{}, path}; });
  const ProcessInfo of = server();
  recorder->on(envelope(ProcessChange{of, ""}, 1));
  const SampleBlock first = block(1000, kRows, 0, of);
  std::uint64_t sequence = 2;
  recorder->on(envelope(first, sequence++));
  const auto asked = request(of, first.times.front(), first.times.back(), kRows);
  ASSERT_TRUE(await(samples, asked));
  constexpr std::uint64_t kBlocks = 60;
  for (std::uint64_t n = 1; n <= kBlocks; ++n) {
    recorder->on(envelope(block(1000 + static_cast<Tick>(n * kRows), kRows, n * kRows, of), sequence++));
    const std::uint64_t before = recorder->status().points;
    do {
      const auto load = samples.load(asked);
      ASSERT_TRUE(load) << load.error().message;
      ASSERT_EQ(rowsOf(*load), kRows) << "after block " << n;
    } while (recorder->status().points == before);
  }
}

}  // namespace qd::recording::testing
