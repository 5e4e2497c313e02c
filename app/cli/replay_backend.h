// SPDX-License-Identifier: Apache-2.0
// A recording as a virtual agent: time runs from a chosen moment of the recording at a chosen speed, and what lies
// behind is the log. Series that a console derived stand in the declarations of their process. Nothing can be changed:
// pushes, actions and debugging answer Unsupported. Each reader walks the file by itself, so a slow one holds up
// nobody. Nothing is read before it is asked for, so that it starts at once whatever the size: an entry's sequence is
// made of its replay time and its rank among those of the same time, and the state is found through the index of
// events. Any thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "core/recording/recording.h"
#include "core/recording/state_events.h"
#include "core/serve/backend.h"

namespace qd::cli {

class ReplayBackend final : public serve::Backend {
 public:
  // Time begins at `from` and ends at `to`. Errors: of opening the file; InvalidArgument for one without a moment in
  // time.
  static Result<std::unique_ptr<ReplayBackend>> open(const std::string& path, double speed, std::string version,
                                                     TimeNs from = INT64_MIN, TimeNs to = INT64_MAX);
  ~ReplayBackend() override;

  serve::Snapshot snapshot() override;
  TimeNs now() override;
  Result<std::unique_ptr<serve::Cursor>> openCursor(const serve::CursorStart& start,
                                                    std::function<void()> wake) override;
  void push(control::PushOrder order, control::PushDone done) override;
  void queryPush(const std::string& pushId, bool settle, control::PushDone done) override;
  void runAction(control::ActionOrder order, control::ActionDone done) override;
  Result<std::unique_ptr<serve::DebugSession>> openDebug(const std::string& who) override;

  const recording::RecordingInfo& info() const { return info_; }

 private:
  class Reader;
  class LogCursor;
  using Derived = std::map<InstanceId, std::vector<ingest::SeriesInfo>>;

  ReplayBackend(std::string path, double speed, std::string version);
  Result<std::unique_ptr<Reader>> openReader(TimeNs from) const;
  Result<> scan(TimeNs from, TimeNs to);
  void advance();  // the snapshot, to now()
  void take(const ingest::EnvelopePtr& entry);
  void addDerived(ingest::ProcessInfo& info) const;
  std::uint64_t sequenceAt(TimeNs at) const;  // of the first entry of that replay time

  // Calls `wake` of whoever waits when its time has come.
  void wakeAt(const void* who, TimeNs at, std::function<void()> wake);
  void forget(const void* who);
  void runClock(std::stop_token stop);

  const std::string path_;
  const double speed_;
  const std::int64_t began_;  // monotonic
  serve::Snapshot state_;     // as of the snapshot reader
  recording::RecordingInfo info_;
  TimeNs from_ = 0, to_ = 0;
  Derived derived_;
  std::mutex snapshotMutex_;  // of what follows, and of state_
  std::unique_ptr<recording::Recording> file_;
  std::unique_ptr<recording::EventCursor> events_;
  std::optional<recording::Placed> next_;

  struct Sleeper {
    TimeNs at = 0;
    std::function<void()> wake;
  };
  std::mutex clockMutex_;
  std::condition_variable_any clockChanged_;
  std::map<const void*, Sleeper> sleepers_;
  std::uint64_t clockRevision_ = 0;
  std::jthread clock_;
};

}  // namespace qd::cli
