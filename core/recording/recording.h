// SPDX-License-Identifier: Apache-2.0
// An opened .qdrec file. Opening and reading never write, neither into the file nor beside it; a file that was left by
// a kill -9 (with its -wal) opens as it is and notes() says so. What is damaged is reported and left out, never fatal.
// One thread at a time uses a Recording and what it hands out.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/ingest/events.h"
#include "core/recording/placed.h"

namespace qd::recording {

struct Damage {
  std::string table;
  std::int64_t rowid = 0;
  std::string what;
};

struct RecordingInfo {
  int format = 0;
  std::string program;
  TimeNs start = 0, end = 0;  // of samples and frames; of events where there are none; 0 for an empty recording
  std::uint64_t points = 0, bytes = 0, processes = 0, series = 0, events = 0, gaps = 0;
  // Of what is folded into chunks (from format 2 on): the points of integer series, and the bytes of the packed values
  // of both kinds and of the ticks, times and places that they share.
  std::uint64_t integers = 0, doubles = 0, integerBytes = 0, doubleBytes = 0, headBytes = 0;
  bool complete = false;  // closed cleanly
};

struct VerifyReport {
  std::uint64_t rows = 0;
  std::vector<Damage> damaged;
  bool ok() const { return damaged.empty(); }
};

// A declared series of one process instance; instances of one process with the same name belong together.
struct RecordedSeries {
  std::int64_t processRow = 0;
  ProcessId process;
  InstanceId instance;
  ingest::SeriesInfo info;
  std::string label() const;  // "net.rtt{client=3}"
};

// One start of a process, and at which agent.
struct RecordedProcess {
  AgentId agent;
  ingest::ProcessRef ref;
};

// Some samples of one series, in order of arrival.
struct SampleRun {
  const std::vector<Tick>& ticks;
  const std::vector<TimeNs>& times;
  const std::vector<std::int64_t>* integers = nullptr;  // raw; one of the two
  const std::vector<double>* doubles = nullptr;
};

// All envelopes in replay order (placed.h).
class Cursor {
 public:
  virtual ~Cursor() = default;
  virtual std::optional<Placed> next() = 0;  // empty: the end
  virtual const std::vector<Damage>& damaged() const = 0;
};

class Recording {
 public:
  struct Impl;  // of this room

  static Result<std::unique_ptr<Recording>> open(const std::string& path);
  ~Recording();

  const std::string& path() const;
  const std::vector<std::string>& notes() const;  // sentences for a person
  Result<RecordingInfo> info() const;
  VerifyReport verify(std::stop_token stop = {}) const;

  // In order of first appearance.
  std::vector<RecordedProcess> processes() const;
  // Declared series, in order of process and index.
  Result<std::vector<RecordedSeries>> series() const;
  // Values of one series, run by run; ticks and times are filled where `withPlaces`. Runs that lie wholly outside of
  // [from, to] are not read. Damaged runs are left out and returned.
  Result<std::vector<Damage>> read(const RecordedSeries& series, bool withPlaces,
                                   const std::function<void(const SampleRun&)>& each, TimeNs from = INT64_MIN,
                                   TimeNs to = INT64_MAX) const;
  // Reads from the Recording, which must outlive it. `from`: entries of that replay time and later; nothing before it
  // is read.
  Result<std::unique_ptr<Cursor>> cursor(TimeNs from = INT64_MIN) const;
  // Where a process was, as near as the bounds of its chunks say. Empty: nothing is recorded from then on.
  std::optional<Tick> tickAt(const ingest::ProcessRef& process, TimeNs time) const;
  const Impl& impl() const { return *impl_; }  // for this room

 private:
  explicit Recording(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace qd::recording
