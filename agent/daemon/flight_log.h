// SPDX-License-Identifier: Apache-2.0
// The agent's log: append-only, one sequence (from 1, for the life of the data folder). The newest entries stand in RAM
// (bounded in bytes), a writer thread of its own puts each into segment files (bounded in bytes and age), and every
// reader has a cursor: from RAM, or when it is behind, from the files, on its own thread and off the hot path. A cursor
// that falls behind what is retained gets a Gap and goes on.
// append() and notify() come from one thread; everything else from any. Opening reads what an earlier agent left (also
// one that was killed): the sequence goes on above all that it may have handed out (sequence_reserve.h), a torn tail is
// cut. Errors: Io, Conflict when another agent has the
// folder.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "agent/daemon/log_segment.h"
#include "agent/daemon/sequence_reserve.h"
#include "core/serve/backend.h"

namespace qd::daemon {

struct LogLimits {
  std::size_t ramBytes = std::size_t{12} << 20;
  std::uint64_t diskBytes = std::uint64_t{1} << 30;
  std::uint64_t segmentBytes = std::uint64_t{16} << 20;
  Duration age{1800 * kNsPerSecond};
};

struct LogStats {
  std::uint64_t first = 0, last = 0, persisted = 0;
  std::uint64_t ramBytes = 0, diskBytes = 0, segments = 0;
  std::uint64_t cursors = 0, largestLag = 0;  // in entries
  std::uint64_t writeErrors = 0, lostEntries = 0;
};

class FlightLog {
 public:
  // Called on the writer thread for each new file: what a later reader needs to understand what stands in it.
  using StateSource = std::function<std::vector<ingest::Envelope>()>;
  // Called by open() for what it finds, oldest first: state and rare entries of all files, samples of the last moments.
  using Recovered = std::function<void(const ingest::Envelope&)>;

  // `folder` empty: unnamed temporary files, nothing is left behind.
  static Result<std::unique_ptr<FlightLog>> open(const std::filesystem::path& folder, const LogLimits& limits,
                                                 const Recovered& recovered = {});
  ~FlightLog();  // writes what is left; cursors must be gone

  void setStateSource(StateSource source);  // before the first append
  // Called on the writer thread when something rare (a push) has become safe; empty: nobody. When this
  // returns, what was set before is no longer called.
  void setWritten(std::function<void()> written);

  std::uint64_t append(ingest::Event event);  // its sequence
  void notify();                              // wakes the readers whose kind was appended, and the writer
  // Wakes the writer alone: somebody waits for what was appended to be safe, and readers would take the processor from
  // it. They learn of it with the next notify().
  void urge();

  const std::string& agentId() const { return agentId_; }
  std::uint64_t first() const;
  std::uint64_t last() const;
  std::uint64_t persisted() const;  // everything up to here survives the process
  LogStats stats() const;

  std::unique_ptr<serve::Cursor> openCursor(const serve::CursorStart& start, std::function<void()> wake);

 private:
  friend class LogCursor;
  struct Entry {
    ingest::EnvelopePtr envelope;
    std::size_t bytes;
    TimeNs when;
    std::uint32_t kind;
  };
  struct Waker;

  FlightLog(std::filesystem::path folder, const LogLimits& limits) : folder_(std::move(folder)), limits_(limits) {}
  Result<> lockFolder();
  Result<> readAgentId();
  Result<> recover(const Recovered& recovered);
  void tell(const Recovered& recovered);
  void closeLock();
  void writerLoop();
  void writeSome(std::unique_lock<std::mutex>& lock);
  std::shared_ptr<LogSegment> rollSegment(std::uint64_t firstSequence);
  void trimRam();
  void retain(TimeNs now);
  std::uint64_t sequenceSince(TimeNs when) const;
  void reserveAhead(std::unique_lock<std::mutex>& lock);
  std::uint64_t afterHole(std::uint64_t sequence) const;  // itself, where it stands in none

  const std::filesystem::path folder_;
  const LogLimits limits_;
  std::string agentId_;
  int lockFd_ = -1;
  SequenceReserve reserve_;  // changed by the writer thread alone once it runs; without a folder: unused
  bool writable_ = false;    // writer thread: the newest file is ours, not one that was found

  mutable std::mutex mutex_;
  std::deque<Entry> ram_;
  std::uint64_t ramFirst_ = 1;  // sequence of ram_.front(), or of what comes next
  std::size_t ramBytes_ = 0;
  std::uint64_t last_ = 0, persisted_ = 0;
  std::uint32_t appendedKinds_ = 0;
  std::int64_t writerWokenAt_ = 0;
  std::vector<std::shared_ptr<LogSegment>> segments_;
  std::vector<std::shared_ptr<Waker>> wakers_;
  std::size_t sinceWoken_ = 0;   // bytes appended since the writer was woken last
  std::uint64_t handedOut_ = 0;  // the newest entry that a cursor which is gone may have given to its reader
  std::uint64_t writeErrors_ = 0, lostEntries_ = 0;
  StateSource state_;
  std::mutex writtenMutex_;
  std::function<void()> written_;
  bool stopping_ = false;
  std::condition_variable writerWake_;
  std::thread writer_;
};

}  // namespace qd::daemon
