// SPDX-License-Identifier: Apache-2.0
// The peer's clock as seen from here: θ = ((t1−t0)+(t2−t3))/2 from the sample of least delay δ in a window, and the
// smoothed round trip (α = 1/8, β = 1/4). θ is exact for symmetric paths and wrong by half the asymmetry otherwise,
// always within δ/2. Times in ns; t0 and t3 on our clock, t1 and t2 on the peer's. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace qd::stage {

class ClockSync {
 public:
  // False when the sample is impossible (negative delay) and was left out.
  bool add(std::int64_t t0, std::int64_t t1, std::int64_t t2, std::int64_t t3);

  bool any() const { return count_ > 0; }
  std::int64_t offsetNs() const { return offset_; }  // peer = ours + offset
  std::int64_t peerNow(std::int64_t oursNs) const { return oursNs + offset_; }
  std::int64_t uncertaintyNs() const { return bestDelay_ / 2; }
  double rttNs() const { return rtt_; }
  double rttDeviationNs() const { return deviation_; }

 private:
  static constexpr std::size_t kWindow = 64;
  struct Sample {
    std::int64_t offset = 0;
    std::int64_t delay = 0;
  };
  std::array<Sample, kWindow> window_{};
  std::size_t count_ = 0;
  std::int64_t offset_ = 0;
  std::int64_t bestDelay_ = 0;
  double rtt_ = 0;
  double deviation_ = 0;
};

// A clock in ticks that follows a target: never backwards, at most 10 % faster or slower than real time, jumping
// forward when it is 10 ticks or more behind and holding when it is that far ahead. Used for the predicted tick.
class SlewedTick {
 public:
  // Advances by `elapsedTicks` of real time (≥ 0) towards `target`, both in ticks; `ceiling` is never passed.
  void advance(double elapsedTicks, double target, double ceiling);
  bool started() const { return started_; }
  double value() const { return value_; }
  std::uint64_t snaps() const { return snaps_; }

 private:
  double value_ = 0;
  bool started_ = false;
  std::uint64_t snaps_ = 0;
};

}  // namespace qd::stage
