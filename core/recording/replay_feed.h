// SPDX-License-Identifier: Apache-2.0
// What a console needs of a recording beside its samples: its events, read once in the background, the states first and
// the log lines after them; and the frames around the moment that is looked at, read when somebody looks there. With a
// thread and a connection of its own. Samples come through RecordedSamples. look(): any thread, cheap.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/ingest/event_sink.h"
#include "core/recording/recording.h"

namespace qd::recording {

struct ReplayFeedSinks {
  ingest::EventSink* events = nullptr;   // every event that is no sample and no frame, states in replay order first
  ingest::EventSink* frames = nullptr;   // entity frames and editor frames, some seconds around the moment
  std::function<void()> forgetFrames{};  // before those of another place come
  ingest::EventSink* alerts = nullptr;   // blocks of "tick.overruns" and of drops, for rules that judge samples
};

struct ReplayFeedProgress {
  double share = 0;  // of the events, 0 to 1
  bool finished = false;
  std::vector<Damage> damaged;
};

class ReplayFeed {
 public:
  // The sinks outlive the feed. Errors: as Recording::open().
  static Result<std::unique_ptr<ReplayFeed>> open(const std::string& path, ReplayFeedSinks sinks);
  ~ReplayFeed();  // waits for the thread

  // Which moment is shown, and how fast it moves (0: it stands).
  void look(TimeNs now, double speed);
  ReplayFeedProgress progress() const;

 private:
  struct Impl;
  explicit ReplayFeed(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace qd::recording
