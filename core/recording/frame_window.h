// SPDX-License-Identifier: Apache-2.0
// The frames of a recording around one moment: those of some seconds before and after it, second by second, forward as
// the moment moves; after a jump those of the new place. Bounded in time. One thread.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "core/ingest/event_sink.h"
#include "core/recording/recording_impl.h"

namespace qd::recording {

class FrameWindow {
 public:
  static constexpr TimeNs kBefore = 2 * kNsPerSecond, kAhead = 4 * kNsPerSecond, kAheadMost = 30 * kNsPerSecond;

  FrameWindow(const Recording::Impl& file, ingest::EventSink* sink, std::function<void()> forget)
      : file_(file), sink_(sink), forget_(std::move(forget)) {}

  // True: something was given to the sink.
  bool show(TimeNs now, double speed, const std::stop_token& stop);
  std::vector<Damage> takeDamaged() { return std::exchange(damaged_, {}); }

 private:
  struct Loaded {
    TimeNs from = 0, to = 0;
  };
  bool give(TimeNs from, TimeNs to, const std::stop_token& stop);
  void giveRow(const Statement& row, const std::string& kind, const ProcessEntry& entry, TimeNs from, TimeNs to);

  const Recording::Impl& file_;
  ingest::EventSink* sink_;
  std::function<void()> forget_;
  std::optional<Loaded> loaded_;
  std::vector<Damage> damaged_;
};

}  // namespace qd::recording
