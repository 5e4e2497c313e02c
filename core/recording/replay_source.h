// SPDX-License-Identifier: Apache-2.0
// Plays a whole recording into an EventSink as fast as that takes it: the same envelopes as they were recorded, in
// replay order, declarations before samples. Runs on the caller's thread; cancel through the stop token.
#pragma once

#include <functional>
#include <stop_token>

#include "core/ingest/event_sink.h"
#include "core/recording/recording.h"

namespace qd::recording {

struct ReplayProgress {
  std::uint64_t envelopes = 0, points = 0;
  double share = 0;  // 0 to 1, by points
  bool finished = false;
  std::vector<Damage> damaged;  // filled at the end
};

class ReplaySource {
 public:
  // `file` outlives the source.
  explicit ReplaySource(const Recording& file) : file_(file) {}

  // `progress` is called now and then (about every 10,000 points) and at the end. Errors: the file cannot be read.
  Result<ReplayProgress> run(ingest::EventSink& sink, const std::function<void(const ReplayProgress&)>& progress = {},
                             std::stop_token stop = {});

 private:
  const Recording& file_;
};

}  // namespace qd::recording
