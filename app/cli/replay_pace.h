// SPDX-License-Identifier: Apache-2.0
// Which moment of a recording a replay shows: it runs at a speed, stands, or repeats a stretch. `now` is always the
// monotonic clock. Value; one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "core/base/clock.h"

namespace qd::cli {

class ReplayPace {
 public:
  ReplayPace() = default;
  ReplayPace(TimeNs from, TimeNs end, double speed, std::int64_t now)
      : base_(from), end_(end), since_(now), speed_(speed) {}

  TimeNs at(std::int64_t now) const {
    const TimeNs free = base_ + (paused_ ? 0 : static_cast<TimeNs>(static_cast<double>(now - since_) * speed_));
    if (loop_ && base_ <= loop_->second && free > loop_->second) {
      return loop_->first + (free - loop_->first) % (loop_->second - loop_->first);
    }
    return std::min(free, end_);
  }
  // How long until then, ns; empty: never as things are.
  std::optional<std::int64_t> until(TimeNs moment, std::int64_t now) const {
    const TimeNs here = at(now);
    if (moment <= here) return 0;
    if (paused_ || moment > end_ || (loop_ && base_ <= loop_->second && moment > loop_->second)) return std::nullopt;
    return static_cast<std::int64_t>(static_cast<double>(moment - here) / speed_) + 1;
  }

  void seek(TimeNs to, std::int64_t now) { from(to, now); }
  void setSpeed(double speed, std::int64_t now) {
    from(at(now), now);
    speed_ = speed;
  }
  void setPaused(bool paused, std::int64_t now) {
    from(at(now), now);
    paused_ = paused;
  }
  // Repeats [first, last], first < last, from its beginning on; none: goes on from here.
  void setLoop(std::optional<std::pair<TimeNs, TimeNs>> loop, std::int64_t now) {
    from(loop ? loop->first : at(now), now);
    loop_ = loop;
  }

  double speed() const { return speed_; }
  bool paused() const { return paused_; }
  const std::optional<std::pair<TimeNs, TimeNs>>& loop() const { return loop_; }

 private:
  void from(TimeNs base, std::int64_t now) {
    base_ = base;
    since_ = now;
  }

  TimeNs base_ = 0, end_ = INT64_MAX;
  std::int64_t since_ = 0;
  double speed_ = 1;
  bool paused_ = false;
  std::optional<std::pair<TimeNs, TimeNs>> loop_;
};

}  // namespace qd::cli
