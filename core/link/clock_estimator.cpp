// SPDX-License-Identifier: Apache-2.0
#include "core/link/clock_estimator.h"

namespace qd::link {
namespace {

// Nobody's clock is further off than this, and no exchange takes longer.
constexpr TimeNs kLatest = 8'000'000'000 * kNsPerSecond;
constexpr std::int64_t kMaxDelay = 30 * kNsPerSecond;

bool plausible(TimeNs time) {
  return time > 0 && time < kLatest;
}

}  // namespace

void ClockEstimator::add(TimeNs sent, TimeNs agentReceived, TimeNs agentSent, TimeNs received) {
  if (!plausible(sent) || !plausible(agentReceived) || !plausible(agentSent) || !plausible(received)) return;
  const std::int64_t delay = (received - sent) - (agentSent - agentReceived);
  if (agentSent < agentReceived || delay < 0 || delay > kMaxDelay) return;
  const std::int64_t offset = (agentReceived - sent) / 2 + (agentSent - received) / 2;
  if (count_ == 0 || delay < bestDelay_) {
    bestDelay_ = delay;
    bestOffset_ = offset;
  }
  ++count_;
}

std::optional<ingest::ClockSample> ClockEstimator::take(TimeNs now) {
  if (count_ == 0) return std::nullopt;
  count_ = 0;
  return ingest::ClockSample{now, bestOffset_, bestDelay_ / 2};
}

}  // namespace qd::link
