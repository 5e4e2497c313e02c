// SPDX-License-Identifier: Apache-2.0
// A recording as a virtual agent: time runs from a chosen moment of the recording at a chosen speed, and what lies
// behind is the log. It can be told to go elsewhere, to run faster, to stand or to repeat a stretch
// (replay_orders.cpp): who is attached gets each entry once, at the latest when time has passed it; who attaches anew
// begins where time is. Bookmarks beside the recording are told as game events. Series that a console derived stand in
// the declarations of their process. Nothing can be changed: pushes, actions and debugging answer Unsupported. Each
// reader walks the file by itself, so a slow one holds up nobody. Nothing is read before it is asked for, so that it
// starts at once whatever the size: an entry's sequence is made of its replay time and its rank among those of the same
// time, and the state is found through the index of events. Any thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "app/cli/replay_pace.h"
#include "core/recording/notes.h"
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
  std::string where();  // JSON: at, tick, domain (whose tick), speed, paused, loop, bookmarks

 private:
  class Reader;
  class LogCursor;
  using Derived = std::map<InstanceId, std::vector<ingest::SeriesInfo>>;

  ReplayBackend(std::string path, std::string version);
  Result<std::unique_ptr<Reader>> openReader(TimeNs from) const;
  Result<> scan(TimeNs from, TimeNs to, double speed);
  void advance();  // the snapshot, to now(); anew where time went back
  Result<> order(const control::ActionOrder& order);
  // `domain`: whose ticks are meant; empty: the only server.
  Result<TimeNs> momentOf(const std::string& text, const std::string& domain);
  // Of the domain, or of the first server that has a tick by now.
  std::optional<std::pair<ingest::ProcessRef, Tick>> tickNow(const std::string& domain = {});
  Result<> addBookmark(const std::string& text, const std::string& who);
  // The first bookmark after `after`, up to `upTo`.
  std::optional<recording::Note> bookmarkIn(TimeNs after, TimeNs upTo) const;
  ingest::ProcessRef processOf(const recording::Note& note) const;
  void take(const ingest::EnvelopePtr& entry);
  void addDerived(ingest::ProcessInfo& info) const;
  std::uint64_t sequenceAt(TimeNs at) const;  // of the first entry of that replay time

  // Calls `wake` of whoever waits when its time has come.
  void wakeAt(const void* who, TimeNs at, std::function<void()> wake);
  void forget(const void* who);
  void runClock(std::stop_token stop);

  const std::string path_;
  serve::Snapshot state_;  // as of the snapshot reader
  recording::RecordingInfo info_;
  Derived derived_;
  std::mutex paceMutex_;
  ReplayPace pace_;
  mutable std::mutex notesMutex_;
  std::vector<recording::Note> notes_;  // ascending
  std::vector<recording::RecordedProcess> processes_;
  std::mutex snapshotMutex_;  // of what follows, and of state_
  std::unique_ptr<recording::Recording> file_;
  std::unique_ptr<recording::EventCursor> events_;
  std::optional<recording::Placed> next_;
  TimeNs advancedTo_ = INT64_MIN;

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
