// SPDX-License-Identifier: Apache-2.0
#include "core/control/lease_book.h"

#include <algorithm>

namespace qd::control {

TimeNs LeaseBook::renew(SessionId session, const std::string& who, std::int64_t ttl, TimeNs now) {
  Lease& lease = leases_[session];
  lease.who = who;
  lease.until = now + (ttl > 0 ? std::min(ttl, kDefaultTtl) : kDefaultTtl);
  return lease.until;
}

void LeaseBook::vanish(SessionId session) {
  const auto it = leases_.find(session);
  if (it != leases_.end()) it->second.present = false;
}

TimeNs LeaseBook::until() const {
  TimeNs latest = 0;
  for (const auto& [session, lease] : leases_) latest = std::max(latest, lease.until);
  return latest;
}

std::vector<std::string> LeaseBook::holders(TimeNs now) const {
  std::vector<std::string> out;
  for (const auto& [session, lease] : leases_) {
    if (lease.until > now) out.push_back(lease.present ? lease.who : lease.who + " (gone)");
  }
  return out;
}

void LeaseBook::forgetExpired(TimeNs now) {
  std::erase_if(leases_, [now](const auto& entry) { return entry.second.until <= now; });
}

}  // namespace qd::control
