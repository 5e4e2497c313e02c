// SPDX-License-Identifier: Apache-2.0
#include "core/recording/recorder.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "core/recording/replay_source.h"
#include "tests/core/recording/same.h"
#include "tests/fakes/recording/synthetic.h"
#include "tests/support/within.h"

namespace qd::recording::testing {
namespace {

// Waits for a condition, at most 20 s.
template <class Condition>
bool eventually(Condition condition) {
  return qd::testing::within(std::chrono::seconds(20), condition);
}

// In a child: records one block every 10 ms, tells the parent after each through the pipe, until it is killed.
[[noreturn]] void recordUntilKilled(const std::string& path, int pipe) {
  auto recorder = Recorder::open({.path = path, .program = "child"});
  if (!recorder) ::_exit(3);
  const ProcessInfo info = server();
  (*recorder)->on(envelope(ProcessChange{info, ""}));
  for (std::uint64_t i = 0;; ++i) {
    (*recorder)->on(envelope(block(1 + Tick(i) * 64, 64, i, info), i + 1));
    const TimeNs now = monotonicNs();
    if (::write(pipe, &now, sizeof now) != sizeof now) ::_exit(4);
    ::usleep(10'000);
  }
}

struct Killed {
  std::vector<TimeNs> sent;  // when each block was handed over
  TimeNs killed = 0;
};

Killed killAfter(const std::string& path, std::size_t blocks) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) recordUntilKilled(path, ends[1]);
  ::close(ends[1]);
  Killed out;
  TimeNs at = 0;
  while (out.sent.size() < blocks && ::read(ends[0], &at, sizeof at) == sizeof at) out.sent.push_back(at);
  ::kill(child, SIGKILL);
  out.killed = monotonicNs();
  while (::read(ends[0], &at, sizeof at) == sizeof at) out.sent.push_back(at);
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return out;
}

std::size_t blocksIn(const std::string& path) {
  std::size_t n = 0;
  for (const EnvelopePtr& e : replay(path)) n += std::holds_alternative<SampleBlock>(e->event) ? 1 : 0;
  return n;
}

}  // namespace

TEST(Recorder, AfterAKillTheLogIsReadWhereverItLiesAndNothingIsWritten) {
  const Scratch scratch;
  const std::string path = scratch / "a.qdrec";
  killAfter(path, 200);
  ASSERT_TRUE(std::filesystem::exists(path + "-wal"));
  const std::size_t blocks = blocksIn(path);
  EXPECT_GT(blocks, 0u);
  // A copy without the shared index, in a folder where nothing can be created.
  const std::string folder = scratch / "copy";
  std::filesystem::create_directory(folder);
  const std::string copy = folder + "/a.qdrec";
  std::filesystem::copy_file(path, copy);
  std::filesystem::copy_file(path + "-wal", copy + "-wal");
  const auto sizes = std::pair(std::filesystem::file_size(copy), std::filesystem::file_size(copy + "-wal"));
  std::filesystem::permissions(folder, std::filesystem::perms(0555));
  EXPECT_EQ(blocksIn(copy), blocks);
  EXPECT_EQ(sizes, std::pair(std::filesystem::file_size(copy), std::filesystem::file_size(copy + "-wal")));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 2);
  std::filesystem::permissions(folder, std::filesystem::perms(0755));
  // Without its log it still opens or says why, and never claims to be complete.
  std::filesystem::remove(copy + "-wal");
  const auto alone = Recording::open(copy);
  if (alone) {
    ASSERT_EQ((*alone)->notes().size(), 1u);
    EXPECT_NE((*alone)->notes()[0].find("-wal is missing"), std::string::npos);
  } else {
    EXPECT_NE(alone.error().message.find("-wal"), std::string::npos) << alone.error().message;
  }
}

TEST(Recorder, AFileBeingRecordedCanBeRead) {
  const Scratch scratch;
  const std::string path = scratch / "a.qdrec";
  auto recorder = Recorder::open({.path = path, .program = "test", .commitEvery = std::chrono::milliseconds(20)});
  ASSERT_TRUE(recorder);
  for (const EnvelopePtr& e : game(10)) (*recorder)->on(e);
  ASSERT_TRUE(eventually([&] { return (*recorder)->status().points > 0; }));
  EXPECT_GT(Recording::open(path).value()->info()->points, 0u);
  ASSERT_TRUE((*recorder)->close());
  EXPECT_EQ(blocksIn(path), 10u);
}

TEST(Recorder, NeverTouchesAFileThatExists) {
  const Scratch scratch;
  const std::string path = scratch / "a.qdrec";
  std::ofstream(path) << "precious";
  const auto recorder = Recorder::open({.path = path, .program = "test"});
  ASSERT_FALSE(recorder);
  EXPECT_EQ(recorder.error().code, ErrorCode::Conflict);
  EXPECT_EQ(std::filesystem::file_size(path), 8u);
  const auto nowhere = Recorder::open({.path = scratch / "no/such/folder/a.qdrec", .program = "test"});
  ASSERT_FALSE(nowhere);
  EXPECT_NE(nowhere.error().message.find("choose a folder"), std::string::npos);
}

TEST(Recorder, AFullQueueIsCountedAndLeavesAGap) {
  const Scratch scratch;
  const std::string path = scratch / "a.qdrec";
  auto recorder = Recorder::open({.path = path, .program = "test", .queueBytes = 20'000});
  ASSERT_TRUE(recorder);
  const std::vector<EnvelopePtr> all = game(2000);
  for (const EnvelopePtr& e : all) (*recorder)->on(e);
  ASSERT_TRUE((*recorder)->close());
  const RecorderStatus status = (*recorder)->status();
  EXPECT_GT(status.dropped, 0u);
  const auto file = Recording::open(path);
  ASSERT_TRUE(file);
  EXPECT_GE((*file)->info()->gaps, 1u);
  EXPECT_TRUE((*file)->verify().ok());
}

// In a child, because the limit on file sizes is for the whole process.
TEST(Recorder, AFullDiskEndsTheRecordingWithOneErrorAndKeepsTheFile) {
  const Scratch scratch;
  const std::string path = scratch / "a.qdrec";
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{600'000, 600'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::atomic<int> failures{0};
    auto recorder = Recorder::open(
        {.path = path, .program = "test", .commitEvery = std::chrono::milliseconds(10), .onFailure = [&](const Error&) {
           ++failures;
         }});
    if (!recorder) ::_exit(2);
    std::uint64_t round = 0;
    const bool failed = eventually([&] {
      for (const EnvelopePtr& e : game(20, "server-" + std::to_string(++round))) (*recorder)->on(e);
      return failures > 0;
    });
    for (const EnvelopePtr& e : game(20, "late")) (*recorder)->on(e);
    const bool closed = static_cast<bool>((*recorder)->close());
    const RecorderStatus status = (*recorder)->status();
    const bool right = failed && !closed && failures == 1 && status.state == RecorderStatus::State::Failed &&
                       !status.error.empty() && status.dropped > 0;
    ::_exit(right ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  const auto file = Recording::open(path);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_GT((*file)->info()->points, 0u);
  EXPECT_FALSE((*file)->info()->complete);
  EXPECT_TRUE((*file)->verify().ok());
}

}  // namespace qd::recording::testing
