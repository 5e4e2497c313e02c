// SPDX-License-Identifier: Apache-2.0
// Two measures of how unevenly packets arrive. `Rfc3550Jitter` is the receiver's J of RFC 3550 (for Gaussian jitter
// J = 1.128 σ, not σ); `EmaDeviation` is the mean and the mean absolute deviation, α = 0.12, that size a buffer. Times
// in ns, any origin. Not thread-safe.
#pragma once

#include <cstdint>

namespace qd::stage {

class Rfc3550Jitter {
 public:
  // `transit`: arrival time minus the sender's stamp; the two clocks need not agree.
  void add(std::int64_t transitNs);
  double ns() const { return jitter_; }

 private:
  double jitter_ = 0;
  std::int64_t last_ = 0;
  bool any_ = false;
};

class EmaDeviation {
 public:
  explicit EmaDeviation(double alpha = 0.12) : alpha_(alpha) {}
  void add(std::int64_t valueNs);
  void reset() { any_ = false; }
  bool any() const { return any_; }
  std::int64_t meanNs() const { return origin_ + static_cast<std::int64_t>(mean_); }
  double deviationNs() const { return deviation_; }

 private:
  double alpha_;
  std::int64_t origin_ = 0;  // the first value: the mean is kept relative to it, where a double is exact
  double mean_ = 0;
  double deviation_ = 0;
  bool any_ = false;
};

}  // namespace qd::stage
