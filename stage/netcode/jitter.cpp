// SPDX-License-Identifier: Apache-2.0
#include "stage/netcode/jitter.h"

#include <cmath>
#include <cstdlib>

namespace qd::stage {

void Rfc3550Jitter::add(std::int64_t transitNs) {
  if (any_) jitter_ += (static_cast<double>(std::abs(transitNs - last_)) - jitter_) / 16.0;
  last_ = transitNs;
  any_ = true;
}

void EmaDeviation::add(std::int64_t valueNs) {
  if (!any_) {
    origin_ = valueNs;
    mean_ = deviation_ = 0;
    any_ = true;
    return;
  }
  const double difference = static_cast<double>(valueNs - origin_) - mean_;
  mean_ += alpha_ * difference;
  deviation_ += alpha_ * (std::abs(difference) - deviation_);
}

}  // namespace qd::stage
