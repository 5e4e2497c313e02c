// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/source_retry.h"

namespace qd::daemon {

std::optional<std::int64_t> SourceRetry::ended(const ProcessId& process, std::int64_t lastedNs, std::int64_t now) {
  Ends& ends = ends_[process];
  if (lastedNs >= kCountsAsNewNs) ends = {};
  if (++ends.count > kTimes) return std::nullopt;
  const std::int64_t wait = kFirstNs << (ends.count - 1);
  ends.notBefore = now + wait;
  return wait;
}

bool SourceRetry::mayAttach(const ProcessId& process, std::int64_t now) const {
  const auto it = ends_.find(process);
  return it == ends_.end() || (it->second.count <= kTimes && now >= it->second.notBefore);
}

}  // namespace qd::daemon
