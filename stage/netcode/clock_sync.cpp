// SPDX-License-Identifier: Apache-2.0
#include "stage/netcode/clock_sync.h"

#include <algorithm>
#include <cmath>

namespace qd::stage {

bool ClockSync::add(std::int64_t t0, std::int64_t t1, std::int64_t t2, std::int64_t t3) {
  const std::int64_t delay = (t3 - t0) - (t2 - t1);
  if (delay < 0) return false;
  const std::int64_t offset = ((t1 - t0) + (t2 - t3)) / 2;
  if (count_ == 0) {
    rtt_ = static_cast<double>(delay);
    deviation_ = rtt_ / 2;
  } else {
    const double error = static_cast<double>(delay) - rtt_;
    rtt_ += error / 8;
    deviation_ += (std::abs(error) - deviation_) / 4;
  }
  window_[count_++ % kWindow] = {offset, delay};
  const auto used = static_cast<std::ptrdiff_t>(std::min(count_, kWindow));
  const auto best = std::min_element(window_.begin(), window_.begin() + used,
                                     [](const Sample& a, const Sample& b) { return a.delay < b.delay; });
  offset_ = best->offset;
  bestDelay_ = best->delay;
  return true;
}

void SlewedTick::advance(double elapsedTicks, double target, double ceiling) {
  if (!started_) {
    value_ = std::min(target, ceiling);
    started_ = true;
    return;
  }
  const double before = value_;
  const double error = target - (value_ + elapsedTicks);
  if (error >= 10) {
    value_ = target;
    ++snaps_;
  } else if (error > -10) {
    const double slew = 0.1 * elapsedTicks;
    value_ += elapsedTicks + std::clamp(error, -slew, slew);
  }
  value_ = std::max(before, std::min(value_, ceiling));
}

}  // namespace qd::stage
