// SPDX-License-Identifier: Apache-2.0
// A recording as a virtual agent: time runs from the start of the recording at a chosen speed, and what lies behind is
// the log. Series that a console derived stand in the declarations of their process. Nothing can be changed: pushes,
// actions and debugging answer Unsupported. Each reader walks the file by itself, so a slow one holds up nobody; an
// entry's sequence is its place in replay order. Any thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "core/recording/recording.h"
#include "core/serve/backend.h"

namespace qd::cli {

class ReplayBackend final : public serve::Backend {
 public:
  // Errors: of opening the file; InvalidArgument for one without a moment in time.
  static Result<std::unique_ptr<ReplayBackend>> open(const std::string& path, double speed, std::string version);
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
  Result<std::unique_ptr<Reader>> openReader() const;
  Result<> scan();
  void advance();  // the snapshot, to now()

  // Calls `wake` of whoever waits when its time has come.
  void wakeAt(const void* who, TimeNs at, std::function<void()> wake);
  void forget(const void* who);
  void runClock(std::stop_token stop);

  const std::string path_;
  const double speed_;
  const std::int64_t began_;  // monotonic
  serve::Snapshot state_;     // as of the snapshot reader
  recording::RecordingInfo info_;
  Derived derived_;
  std::mutex snapshotMutex_;
  std::unique_ptr<Reader> head_;

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
