// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/flight_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>

#include "core/ingest/log_grid.h"

namespace qd::daemon {
namespace {

namespace fs = std::filesystem;

class FlightLogTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("qdlog-" + std::to_string(::getpid()) + "-" +
                                           testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::unique_ptr<FlightLog> open(LogLimits limits = {}, FlightLog::Recovered recovered = {}) {
    auto log = FlightLog::open(folder_, limits, recovered);
    EXPECT_TRUE(log) << log.error().message;
    return log ? std::move(*log) : nullptr;
  }
  fs::path folder_;
};

ingest::LogLine line(int number, std::size_t size = 20) {
  ingest::LogLine out;
  out.process = {ProcessId("server-1"), InstanceId(7)};
  out.tick = number;
  out.time = utcNowNs();
  out.text = std::string(size, 'x');
  return out;
}

void fill(FlightLog& log, int from, int to, std::size_t size = 20) {
  for (int i = from; i <= to; ++i) log.append(line(i, size));
  log.notify();
}

// A condition with a deadline, woken by the cursor.
struct Wake {
  std::mutex mutex;
  std::condition_variable changed;
  int count = 0;
  std::function<void()> fn() {
    return [this] {
      const std::lock_guard lock(mutex);
      ++count;
      changed.notify_all();
    };
  }
  bool wait(int atLeast) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(10), [&] { return count >= atLeast; });
  }
};

serve::CursorStart after(const FlightLog& log, std::uint64_t sequence) {
  serve::CursorStart start;
  start.after = sequence;
  start.agentId = log.agentId();
  return start;
}

std::vector<Tick> ticksOf(serve::Cursor& cursor) {
  std::vector<Tick> out;
  while (const auto entry = cursor.next()) {
    if (const auto* l = std::get_if<ingest::LogLine>(&entry->event)) out.push_back(l->tick);
  }
  return out;
}

bool waitPersisted(FlightLog& log) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (log.persisted() < log.last()) {
    if (std::chrono::steady_clock::now() > until) return false;
    log.notify();
    std::this_thread::yield();
  }
  return true;
}

TEST_F(FlightLogTest, CursorSeesWhatIsAppendedAfterIt) {
  auto log = open();
  fill(*log, 1, 3);
  Wake wake;
  auto cursor = log->openCursor({}, wake.fn());
  EXPECT_EQ(cursor->startedAfter(), 3u);
  EXPECT_EQ(cursor->next(), nullptr);
  fill(*log, 4, 5);
  EXPECT_TRUE(wake.wait(1));
  EXPECT_THAT(ticksOf(*cursor), testing::ElementsAre(4, 5));
}

// Recordings are a tenth smaller for it; what is rare keeps the nanosecond.
TEST_F(FlightLogTest, WhatIsColumnarIsStampedOnTheGridAndNeverAheadOfTime) {
  auto log = open();
  auto cursor = log->openCursor({}, [] {});
  bool fine = false;
  for (int i = 0; i < 20; ++i) {
    const TimeNs before = utcNowNs();
    log->append(ingest::SampleBlock{{ProcessId("s"), InstanceId(1)}, 0, 0, 1, 0, {1}, {1}, {}});
    log->append(ingest::FrameBlock{{ProcessId("s"), InstanceId(1)}, "s", {1}, {1}, {1}, {1}});
    log->append(line(1));
    for (int kind = 0; kind < 3; ++kind) {
      const auto entry = cursor->next();
      ASSERT_NE(entry, nullptr);
      EXPECT_LE(entry->received, utcNowNs());
      EXPECT_GT(entry->received, before - ingest::kLogGridNs);
      EXPECT_TRUE(kind == 2 || ingest::isOnLogGrid(entry->received));
      fine = fine || !ingest::isOnLogGrid(entry->received);
    }
  }
  EXPECT_TRUE(fine);
}

TEST_F(FlightLogTest, ResumesAfterASequenceOfTheSameAgentOnly) {
  auto log = open();
  fill(*log, 1, 5);
  auto resumed = log->openCursor(after(*log, 2), [] {});
  EXPECT_THAT(ticksOf(*resumed), testing::ElementsAre(3, 4, 5));
  serve::CursorStart foreign;
  foreign.after = 2;
  foreign.agentId = "somebody else";
  EXPECT_THAT(ticksOf(*log->openCursor(foreign, [] {})), testing::IsEmpty());
}

TEST_F(FlightLogTest, ReadsFromDiskWhatRamHasLetGo) {
  LogLimits limits;
  limits.ramBytes = 4096;
  limits.segmentBytes = 64 << 10;
  auto log = open(limits);
  for (int i = 1; i <= 2000; ++i) {
    log->append(line(i, 100));
    if (i % 50 == 0) {
      ASSERT_TRUE(waitPersisted(*log));
    }
  }
  EXPECT_LT(log->stats().ramBytes, 16384u);
  EXPECT_GT(log->stats().segments, 2u);
  const auto ticks = ticksOf(*log->openCursor(after(*log, 1), [] {}));
  ASSERT_EQ(ticks.size(), 1999u);
  EXPECT_EQ(ticks.front(), 2);
  EXPECT_EQ(ticks.back(), 2000);
}

TEST_F(FlightLogTest, SequenceAndIdGoOnAfterAReopen) {
  std::string id;
  {
    auto log = open();
    id = log->agentId();
    fill(*log, 1, 10);
  }
  auto log = open();
  EXPECT_EQ(log->agentId(), id);
  EXPECT_EQ(log->last(), 10u);
  EXPECT_EQ(log->append(line(11)), 11u);
  EXPECT_THAT(ticksOf(*log->openCursor(after(*log, 8), [] {})), testing::ElementsAre(9, 10, 11));
}

TEST_F(FlightLogTest, CutsATornTail) {
  {
    auto log = open();
    fill(*log, 1, 10);
  }
  fs::path newest;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    if (entry.path().extension() == ".qdlog") newest = std::max(newest, entry.path());
  }
  fs::resize_file(newest, fs::file_size(newest) - 5);
  auto log = open();
  EXPECT_EQ(log->last(), 10u) << "somebody may have seen the entry that is torn";
  EXPECT_EQ(log->append(line(100)), 11u);
  EXPECT_THAT(ticksOf(*log->openCursor(after(*log, 7), [] {})), testing::ElementsAre(8, 9, 100));
}

// As kill -9 leaves it: entries were handed out that never reached the disk. Who has seen them is not told others under
// their numbers, and who has not is not told that something is missing.
TEST_F(FlightLogTest, WhatAKilledAgentMayHaveHandedOutIsNeverHandedOutAgain) {
  const fs::path copy = folder_.string() + "-killed";
  fs::remove_all(copy);
  {
    auto log = open();
    fill(*log, 1, 5);
    ASSERT_TRUE(waitPersisted(*log));
    for (int i = 6; i <= 8; ++i) log->append(line(i));  // nobody is woken: in RAM alone
    ASSERT_EQ(log->persisted(), 5u);
    fs::copy(folder_, copy);
  }
  for (int again = 0; again < 2; ++again) {
    auto log = std::move(*FlightLog::open(copy, {}));
    const std::uint64_t first = log->append(line(100 + again));
    EXPECT_GT(first, 8u);
    EXPECT_THAT(ticksOf(*log->openCursor(after(*log, 8), [] {})), testing::Contains(100 + again));
    const auto from3 = log->openCursor(after(*log, 3), [] {});
    std::vector<Tick> all;
    while (const auto entry = from3->next()) {
      const auto* said = std::get_if<ingest::LogLine>(&entry->event);
      ASSERT_NE(said, nullptr) << "a gap where nothing is missing";
      all.push_back(said->tick);
    }
    ASSERT_GE(all.size(), 3u);
    EXPECT_THAT(std::vector(all.begin(), all.begin() + 3), testing::ElementsAre(4, 5, 100));
  }
  fs::remove_all(copy);
}

TEST_F(FlightLogTest, ADamagedByteLosesTheTailButNothingBeforeIt) {
  {
    auto log = open();
    fill(*log, 1, 10);
  }
  for (const auto& entry : fs::directory_iterator(folder_)) {
    if (entry.path().extension() != ".qdlog") continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(fs::file_size(entry.path())) - 3);
    file.put('\x7f');
  }
  auto log = open();
  EXPECT_THAT(ticksOf(*log->openCursor(after(*log, 1), [] {})), testing::ElementsAre(2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_EQ(log->last(), 10u);
}

TEST_F(FlightLogTest, RetentionByBytesGivesALateReaderAGap) {
  LogLimits limits;
  limits.ramBytes = 4096;
  limits.segmentBytes = 16 << 10;
  limits.diskBytes = 64 << 10;
  auto log = open(limits);
  for (int i = 1; i <= 3000; ++i) {
    log->append(line(i, 100));
    if (i % 20 == 0) {
      ASSERT_TRUE(waitPersisted(*log));
    }
  }
  EXPECT_GT(log->first(), 1000u);
  auto cursor = log->openCursor(after(*log, 5), [] {});
  const auto first = cursor->next();
  ASSERT_TRUE(first);
  ASSERT_TRUE(std::holds_alternative<ingest::Gap>(first->event));
  EXPECT_EQ(first->previous, 5u);
  const auto second = cursor->next();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->sequence, first->sequence + 1);
  const auto rest = ticksOf(*cursor);
  EXPECT_EQ(rest.back(), 3000);
}

TEST_F(FlightLogTest, RetentionByAgeDropsOldFiles) {
  LogLimits limits;
  limits.age = Duration{1};  // everything is old
  limits.segmentBytes = 4096;
  limits.ramBytes = 1024;
  auto log = open(limits);
  for (int i = 1; i <= 500; ++i) {
    log->append(line(i, 100));
    if (i % 20 == 0) {
      ASSERT_TRUE(waitPersisted(*log));
    }
  }
  EXPECT_LE(log->stats().segments, 2u);
}

TEST_F(FlightLogTest, ASlowCursorHoldsUpNobody) {
  LogLimits limits;
  limits.ramBytes = 64 << 10;
  auto log = open(limits);
  auto slow = log->openCursor({}, [] {});
  auto fast = log->openCursor({}, [] {});
  std::size_t seen = 0;
  for (int i = 1; i <= 2000; ++i) {
    log->append(line(i, 100));
    if (i % 100 == 0) {
      ASSERT_TRUE(waitPersisted(*log));
      seen += ticksOf(*fast).size();
    }
  }
  EXPECT_EQ(seen, 2000u);
  EXPECT_GT(log->stats().largestLag, 1000u);
  EXPECT_EQ(ticksOf(*slow).size(), 2000u);
}

TEST_F(FlightLogTest, KindsAreSkippedWithoutAWake) {
  auto log = open();
  serve::CursorStart start;
  start.kinds = serve::kDebug;
  Wake wake;
  auto cursor = log->openCursor(start, wake.fn());
  EXPECT_EQ(cursor->next(), nullptr);
  fill(*log, 1, 5);
  EXPECT_EQ(wake.count, 0);
  ingest::LinkGroup group;
  group.id = "g1";
  log->append(group);
  log->notify();
  EXPECT_TRUE(wake.wait(1));
  const auto entry = cursor->next();
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->sequence, 6u);
}

TEST_F(FlightLogTest, BackfillBeginsByTime) {
  auto log = open();
  fill(*log, 1, 5);
  serve::CursorStart start;
  start.backfill = Duration{60 * kNsPerSecond};
  EXPECT_EQ(ticksOf(*log->openCursor(start, [] {})).size(), 5u);
}

TEST_F(FlightLogTest, TwoAgentsCannotShareAFolder) {
  auto log = open();
  auto second = FlightLog::open(folder_, {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::Conflict);
}

TEST_F(FlightLogTest, WithoutAFolderNothingIsLeftBehind) {
  LogLimits limits;
  limits.ramBytes = 4096;
  auto log = FlightLog::open({}, limits);
  ASSERT_TRUE(log);
  fill(**log, 1, 500, 100);
  ASSERT_TRUE(waitPersisted(**log));
  EXPECT_EQ(ticksOf(*(*log)->openCursor(after(**log, 1), [] {})).size(), 499u);
}

TEST_F(FlightLogTest, StateStandsAtTheStartOfEachFileAndIsTold) {
  LogLimits limits;
  limits.segmentBytes = 4096;
  {
    auto log = open(limits);
    log->setStateSource([] {
      std::vector<ingest::Envelope> state(1);
      ingest::ProcessChange change;
      change.info.id = ProcessId("server-9");
      change.info.instance = InstanceId(9);
      state[0].event = change;
      return state;
    });
    fill(*log, 1, 100, 100);
  }
  int told = 0;
  open(limits, [&](const ingest::Envelope& envelope) {
    if (const auto* change = std::get_if<ingest::ProcessChange>(&envelope.event)) {
      EXPECT_EQ(change->info.id.value, "server-9");
      EXPECT_EQ(envelope.sequence, 0u);
      ++told;
    }
  });
  EXPECT_GE(told, 1);
}

}  // namespace
}  // namespace qd::daemon
