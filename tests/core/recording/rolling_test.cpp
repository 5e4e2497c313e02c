// SPDX-License-Identifier: Apache-2.0
// One recording over several files, and entries that found the queue full and came again.
#include <gtest/gtest.h>

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>

#include "core/recording/keep_stretch.h"
#include "core/recording/missing.h"
#include "core/recording/notes.h"
#include "core/recording/preamble.h"
#include "core/recording/recorder.h"
#include "core/recording/recording.h"
#include "core/recording/rolling.h"
#include "core/recording/writer.h"
#include "tests/core/recording/read_back.h"
#include "tests/core/recording/same.h"
#include "tests/fakes/recording/synthetic.h"
#include "tests/support/within.h"

namespace qd::recording::testing {

using namespace ingest;
using namespace std::chrono_literals;

namespace {

Envelope numbered(std::uint64_t sequence, std::uint64_t previous) {
  Envelope e;
  e.agent = AgentId("a");
  e.sequence = sequence;
  e.previous = previous;
  return e;
}

template <class T>
std::size_t count(const std::vector<EnvelopePtr>& all) {
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [](const EnvelopePtr& e) { return std::holds_alternative<T>(e->event); }));
}

}  // namespace

TEST(Missing, TakesEachThatFoundNoRoomOnceAndNoOther) {
  Missing missing;
  missing.drop(numbered(0, 0));
  EXPECT_FALSE(missing.has(AgentId("a")));
  missing.drop(numbered(10, 9));
  missing.drop(numbered(13, 10));  // 11 and 12 are not of this subscription
  missing.drop(numbered(20, 19));
  ASSERT_EQ(missing.spans().size(), 1u);
  EXPECT_EQ(missing.spans()[0].first, 10u);
  EXPECT_EQ(missing.spans()[0].last, 20u);
  EXPECT_FALSE(missing.take(numbered(9, 8)));
  EXPECT_FALSE(missing.take(numbered(15, 14)));
  for (const std::uint64_t sequence : {10u, 13u, 20u}) {
    EXPECT_TRUE(missing.take(numbered(sequence, 0)));
    EXPECT_FALSE(missing.take(numbered(sequence, 0)));
  }
  Envelope other = numbered(11, 10);
  other.agent = AgentId("b");
  EXPECT_FALSE(missing.take(other));
}

TEST(Preamble, IsWhatStandsAtThisMoment) {
  Preamble preamble;
  for (const EnvelopePtr& e : everyKind()) preamble.on(e);
  std::vector<EnvelopePtr> now = preamble.envelopes();
  EXPECT_EQ(count<AgentChange>(now), 1u);
  ASSERT_EQ(count<ProcessChange>(now), 1u);
  EXPECT_EQ(count<DerivedSeries>(now), 1u);
  EXPECT_EQ(count<ParameterChange>(now), 1u);
  EXPECT_EQ(count<LinkGroup>(now) + count<Breakpoint>(now), 0u);  // both were removed
  for (const EnvelopePtr& e : now) EXPECT_EQ(e->sequence, 0u);
  ProcessInfo gone = server();
  gone.state = ProcessState::Gone;
  preamble.on(envelope(ProcessChange{gone, ""}));
  EXPECT_EQ(count<ProcessChange>(preamble.envelopes()), 0u);
}

TEST(Folder, PruningSparesTheNewAndTheKeptAndTakesNotesAlong) {
  namespace fs = std::filesystem;
  const Scratch scratch;
  const std::string folder = scratch.path();
  const std::string fresh = nextRecordingPath(folder, "a/b");
  EXPECT_NE(fresh.find("-a-b-" + std::to_string(::getpid()) + ".qdrec"), std::string::npos);
  const auto make = [&](const std::string& path, int hours) {
    std::ofstream(path) << std::string(1000, 'x');
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(hours));
    return path;
  };
  make(fresh, 0);
  EXPECT_NE(nextRecordingPath(folder, "a/b"), fresh);
  const std::string day = make(scratch / "day.qdrec", 24), old = make(scratch / "old.qdrec", 24 * 8);
  const std::string note = make(notesPath(old), 24 * 8), other = make(scratch / "other.txt", 24 * 30);
  ASSERT_TRUE(saveNotes(scratch / "keep.qdrec", {{1, 2, "server-1", "here", "ann", 3}}));
  const auto kept = keep(make(scratch / "keep.qdrec", 24 * 9));
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(prune(folder, {}), std::vector<std::string>{old});
  EXPECT_TRUE(fs::exists(fresh) && fs::exists(day) && fs::exists(other) && fs::exists(*kept));
  EXPECT_FALSE(fs::exists(old) || fs::exists(note));
  EXPECT_EQ(loadNotes(*kept)->size(), 1u);
  EXPECT_EQ(prune(folder, {.bytes = 1500}), std::vector<std::string>{day});
  EXPECT_TRUE(fs::exists(fresh) && fs::exists(*kept));
  EXPECT_FALSE(keep(scratch / "nowhere.qdrec"));
}

// A stretch that begins in one file and ends in the next, the latter still being written: one session, exactly its
// rows, with its notes, which the retention never takes.
TEST(Folder, AStretchOverRollingFilesIsKeptUnderItsName) {
  constexpr TimeNs kStart = 1'700'000'000'000'000'000, kTick = 16'666'667;
  const Scratch scratch;
  const std::vector<EnvelopePtr> all = game(30);
  const std::size_t half = all.size() / 2;
  record(scratch, "1.qdrec", {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(half)});
  auto writer = Writer::create(scratch / "2.qdrec", "test");
  ASSERT_TRUE(writer);
  std::vector<EnvelopePtr> rest(all.begin() + static_cast<std::ptrdiff_t>(half), all.end());
  rest.insert(rest.begin(), all.front());
  ASSERT_TRUE((*writer)->commit(rest));
  ASSERT_TRUE(saveNotes(scratch / "1.qdrec", {{kStart, 0, "", "too early", "ann", 1},
                                              {kStart + 700 * kTick, 700, "server-1", "here", "ann", 2}}));
  KeepOptions options{"Lag at noon: \"why\"?", keptFolderOf(scratch / "1.qdrec")};
  options.cut.from = kStart + 600 * kTick;
  options.cut.to = kStart + 1300 * kTick;
  const std::vector<std::string> files{scratch / "1.qdrec", scratch / "2.qdrec", scratch / "pruned.qdrec"};
  const auto kept = keepStretch(files, options, "test");
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(kept->path, scratch / "kept/Lag-at-noon---why--.qdrec");
  const std::string whole = record(scratch, "whole.qdrec", all);
  std::vector<Sample> expected = samples(whole);
  std::erase_if(expected,
                [&](const Sample& s) { return std::get<3>(s) < options.cut.from || std::get<3>(s) > options.cut.to; });
  ASSERT_GT(expected.size(), 1400u);
  EXPECT_EQ(samples(kept->path), expected);
  EXPECT_TRUE(open(kept->path)->verify().ok());
  ASSERT_EQ(loadNotes(kept->path)->size(), 1u);
  EXPECT_EQ(loadNotes(kept->path)->front().text, "here");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch / "kept"), {}), 2) << "no part is left";
  EXPECT_EQ(keepStretch(files, options, "test").error().code, ErrorCode::Conflict);
  EXPECT_EQ(samples(kept->path), expected);
  writer->reset();
  for (const char* name : {"1.qdrec", "2.qdrec", "2.qdrec-wal", "whole.qdrec"}) {
    std::error_code ignored;
    std::filesystem::last_write_time(scratch / name, std::filesystem::file_time_type::clock::now() - 24h * 8, ignored);
  }
  std::filesystem::last_write_time(kept->path, std::filesystem::file_time_type::clock::now() - 24h * 8);
  EXPECT_GE(prune(scratch.path(), {}).size(), 2u);
  EXPECT_TRUE(std::filesystem::exists(kept->path));
  options.name = "?!";
  EXPECT_EQ(keepStretch({kept->path}, options, "test").error().code, ErrorCode::InvalidArgument);
  options.name = "nothing";
  options.cut.from = options.cut.to = kStart + 3600 * kNsPerSecond;
  EXPECT_EQ(keepStretch({kept->path}, options, "test").error().code, ErrorCode::NotFound);
}

TEST(Notes, LieBesideTheRecordingAndNeverOverwriteWhatCannotBeRead) {
  const Scratch scratch;
  const std::string path = record(scratch, "a.qdrec", game(2));
  EXPECT_TRUE(loadNotes(path)->empty());
  const std::vector<Note> notes{{5, 6, "server-1", "late \xe2\x80\x94 \"here\"", "ann", 7}, {8, 0, "", "", "", 9}};
  ASSERT_TRUE(saveNotes(path, notes));
  EXPECT_EQ(*loadNotes(path), notes);
  EXPECT_TRUE(Recording::open(path).value()->verify().ok());
  ASSERT_EQ(asMarks(notes).size(), 2u);
  EXPECT_EQ(asMarks(notes)[0].tick, 6);
  ASSERT_TRUE(saveNotes(path, {}));
  EXPECT_FALSE(std::filesystem::exists(notesPath(path)));
  std::ofstream(notesPath(path)) << "{ precious";
  EXPECT_EQ(loadNotes(path).error().code, ErrorCode::Corrupt);
  EXPECT_FALSE(saveNotes(path, notes));
  EXPECT_EQ(std::filesystem::file_size(notesPath(path)), 10u);
}

TEST(Rolling, NoSampleIsLostOrTwiceAcrossFilesAndEachFileStandsAlone) {
  const Scratch scratch;
  std::mutex mutex;
  std::vector<std::string> closed;
  int number = 0;
  RecorderOptions options{.path = scratch / "0.qdrec", .program = "test", .commitEvery = 5ms};
  options.rollEvery = 40ms;
  options.nextPath = [&] { return scratch / (std::to_string(++number) + ".qdrec"); };
  options.onRolled = [&](const std::string& path) {
    const std::lock_guard lock(mutex);
    closed.push_back(path);
  };
  auto recorder = Recorder::open(std::move(options));
  ASSERT_TRUE(recorder);
  const ProcessInfo info = server();
  (*recorder)->on(envelope(ProcessChange{info, ""}));
  std::uint64_t sent = 0;
  ASSERT_TRUE(qd::testing::within(30s, [&] {
    (*recorder)->on(envelope(block(1 + static_cast<Tick>(sent) * 8, 8, sent, info), sent + 1));
    ++sent;
    return (*recorder)->status().files >= 4;
  }));
  ASSERT_TRUE((*recorder)->close());
  EXPECT_EQ((*recorder)->status().warning, "");
  closed.push_back((*recorder)->path());
  ASSERT_GE(closed.size(), 4u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.path()), {}),
            static_cast<std::ptrdiff_t>(closed.size()));
  std::uint64_t next = 1;
  for (const std::string& path : closed) {
    const auto file = Recording::open(path);
    ASSERT_TRUE(file);
    EXPECT_TRUE((*file)->info()->complete);
    EXPECT_TRUE((*file)->verify().ok());
    EXPECT_EQ((*file)->series()->size(), info.series.size());
    const std::vector<EnvelopePtr> all = replay(path);
    ASSERT_FALSE(all.empty());
    EXPECT_TRUE(std::holds_alternative<ProcessChange>(all.front()->event));
    for (const EnvelopePtr& e : all) {
      if (!std::holds_alternative<SampleBlock>(e->event)) continue;
      ASSERT_EQ(e->sequence, next);
      ++next;
    }
  }
  EXPECT_EQ(next, sent + 1);
}

TEST(Rolling, AFileThatCannotBeBegunLeavesThePresentOneGoingOnAndSaysSo) {
  const Scratch scratch;
  RecorderOptions options{.path = scratch / "0.qdrec", .program = "test", .commitEvery = 5ms};
  options.rollEvery = 10ms;
  options.nextPath = [&] { return scratch / "no/such/folder/1.qdrec"; };
  auto recorder = Recorder::open(std::move(options));
  ASSERT_TRUE(recorder);
  for (const EnvelopePtr& e : game(10)) (*recorder)->on(e);
  ASSERT_TRUE(qd::testing::within(20s, [&] { return !(*recorder)->status().warning.empty(); }));
  for (const EnvelopePtr& e : game(10, "server-2")) (*recorder)->on(e);
  ASSERT_TRUE((*recorder)->close());
  EXPECT_EQ(count<SampleBlock>(replay(scratch / "0.qdrec")), 20u);
}

TEST(Refill, WhatFoundTheQueueFullIsAskedForAndRecordedOnceInItsPlace) {
  const Scratch scratch;
  const std::string path = scratch / "a.qdrec";
  const std::vector<EnvelopePtr> all = game(600);  // the agent's log
  std::mutex mutex;
  std::vector<MissingRange> asked;
  RecorderOptions options{.path = path, .program = "test", .queueBytes = 60'000, .commitEvery = 5ms};
  options.onMissing = [&](const std::vector<MissingRange>& ranges) {
    const std::lock_guard lock(mutex);
    asked.insert(asked.end(), ranges.begin(), ranges.end());
  };
  auto recorder = Recorder::open(std::move(options));
  ASSERT_TRUE(recorder);
  for (const EnvelopePtr& e : all) (*recorder)->on(e);
  ASSERT_GT((*recorder)->status().dropped, 0u);
  // The owner's part: fetches from the log what was asked for, slowly, and again what found no room again.
  ASSERT_TRUE(qd::testing::within(60s, [&] {
    std::vector<MissingRange> now;
    {
      const std::lock_guard lock(mutex);
      now.swap(asked);
    }
    for (const MissingRange& range : now) {
      for (const EnvelopePtr& e : all) {
        if (e->sequence < range.first || e->sequence > range.last) continue;
        qd::testing::within(5s, [&] { return (*recorder)->status().queuedBytes < 20'000; });
        (*recorder)->refill(e);
      }
      (*recorder)->refilled(range.agent);
    }
    const RecorderStatus status = (*recorder)->status();
    return status.refilled == status.dropped;
  }));
  for (const EnvelopePtr& e : all) (*recorder)->refill(e);  // nobody misses them now
  ASSERT_TRUE((*recorder)->close());
  const auto file = Recording::open(path);
  ASSERT_TRUE(file);
  EXPECT_TRUE((*file)->verify().ok());
  EXPECT_GE((*file)->info()->gaps, 2u);  // that they were missing, and that they came
  std::multiset<std::uint64_t> sequences;
  TimeNs before = 0;
  for (const EnvelopePtr& e : replay(path)) {
    if (e->sequence == 0) continue;
    sequences.insert(e->sequence);
    if (!std::holds_alternative<SampleBlock>(e->event)) continue;
    EXPECT_GE(timeOf(e->event), before) << "late ones stand at their own time";
    before = timeOf(e->event);
  }
  EXPECT_EQ(sequences.size(), all.size() - 1);
  EXPECT_EQ(std::set(sequences.begin(), sequences.end()).size(), all.size() - 1);
}

// A disk that is full and has room again, in a child, because the limit on file sizes is for the whole process.
TEST(Refill, ARecordingThatFailedGoesOnInTheNextFileAndFetchesWhatItMissed) {
  const Scratch scratch;
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = 600'000;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::atomic<int> failures{0};
    std::atomic<bool> room{false};
    std::mutex mutex;
    std::vector<MissingRange> asked;
    RecorderOptions options{.path = scratch / "0.qdrec", .program = "test", .commitEvery = 5ms};
    options.rollEvery = 1h;
    options.retryEvery = 5ms;
    options.onFailure = [&](const Error&) { ++failures; };
    options.nextPath = [&] { return room ? scratch / "1.qdrec" : scratch / "no/folder.qdrec"; };
    options.onMissing = [&](const std::vector<MissingRange>& ranges) {
      const std::lock_guard lock(mutex);
      asked.insert(asked.end(), ranges.begin(), ranges.end());
    };
    auto recorder = Recorder::open(std::move(options));
    if (!recorder) ::_exit(2);
    const std::vector<EnvelopePtr> all = game(3000);
    (*recorder)->on(all.front());  // the declaration, which is of no log and cannot be asked for again
    if (!qd::testing::within(30s, [&] { return (*recorder)->status().envelopes == 1; })) ::_exit(8);
    for (std::size_t i = 1; i < all.size(); ++i) (*recorder)->on(all[i]);
    if (!qd::testing::within(30s, [&] { return failures == 1; })) ::_exit(3);
    if ((*recorder)->status().state != RecorderStatus::State::Failed) ::_exit(4);
    limit.rlim_cur = before;  // somebody makes room
    ::setrlimit(RLIMIT_FSIZE, &limit);
    room = true;
    const bool whole = qd::testing::within(30s, [&] {
      std::vector<MissingRange> now;
      {
        const std::lock_guard lock(mutex);
        now.swap(asked);
      }
      for (const MissingRange& range : now) {
        for (const EnvelopePtr& e : all) {
          if (e->sequence >= range.first && e->sequence <= range.last) (*recorder)->refill(e);
        }
        (*recorder)->refilled(range.agent);
      }
      const RecorderStatus status = (*recorder)->status();
      return status.state == RecorderStatus::State::Recording && status.dropped > 0 &&
             status.refilled == status.dropped;
    });
    if (!whole) ::_exit(5);
    const RecorderStatus status = (*recorder)->status();
    if (status.files != 2 || !status.error.empty() || status.warning.empty()) ::_exit(6);
    ::_exit((*recorder)->close() ? 0 : 7);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(WEXITSTATUS(status), 0);
  // Both together hold every entry once.
  std::multiset<std::uint64_t> sequences;
  for (const char* name : {"0.qdrec", "1.qdrec"}) {
    const auto file = Recording::open(scratch / name);
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_TRUE((*file)->verify().ok());
    for (const EnvelopePtr& e : replay(scratch / name)) {
      if (e->sequence != 0 && std::holds_alternative<SampleBlock>(e->event)) sequences.insert(e->sequence);
    }
  }
  EXPECT_EQ(sequences.size(), count<SampleBlock>(game(3000)));
  EXPECT_EQ(std::set(sequences.begin(), sequences.end()).size(), sequences.size());
  EXPECT_GE((*Recording::open(scratch / "1.qdrec"))->info()->gaps, 1u);
}

}  // namespace qd::recording::testing
