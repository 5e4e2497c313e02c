// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/drain_pace.h"

namespace qd::daemon {
namespace {

// A ring that is filled by an eighth in two long periods stands a burst of eight times what it is used to; at the short
// period the same load fills less of it.
constexpr std::uint32_t kSlowMost = 1024 / 8, kFastMost = 1024 / 64;
constexpr std::int64_t kCalmNs = kNsPerSecond;  // before it slows down: who asks once may ask again

}  // namespace

std::int64_t DrainPace::next(bool awaited, std::uint32_t fullest, std::int64_t now) {
  if (awaited || fullest > (slow_ ? kSlowMost : kFastMost)) hurriedAt_ = now;
  slow_ = now - hurriedAt_ >= kCalmNs;
  return slow_ ? kUnwatchedDrainNs : kDrainEveryNs;
}

}  // namespace qd::daemon
