// SPDX-License-Identifier: Apache-2.0
// A token bucket in virtual time: at most `burst` at once, `perSecond` in the long run. Times ns. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>

#include "stage/netcode/types.h"

namespace qd::stage {

class RateLimit {
 public:
  RateLimit(double perSecond, double burst) : perSecond_(perSecond), burst_(burst), left_(burst) {}

  bool take(std::int64_t nowNs) {
    if (nowNs > last_) {
      left_ = std::min(burst_, left_ + perSecond_ * static_cast<double>(nowNs - last_) / kNsPerSecond);
      last_ = nowNs;
    }
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }

 private:
  double perSecond_, burst_, left_;
  std::int64_t last_ = 0;
};

}  // namespace qd::stage
