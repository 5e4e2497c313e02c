// SPDX-License-Identifier: Apache-2.0
// Who holds stops open: one lease per debug session. A session that vanishes keeps its lease until it runs out, so that
// a console may reconnect. Pure; calls from one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/clock.h"

namespace qd::control {

using SessionId = std::uint64_t;

class LeaseBook {
 public:
  // ttl 0: the default; more than the default is cut to it. Returns until when this session holds.
  TimeNs renew(SessionId session, const std::string& who, std::int64_t ttl, TimeNs now);
  void vanish(SessionId session);
  TimeNs until() const;                                // the latest of all; 0: nobody
  std::vector<std::string> holders(TimeNs now) const;  // whose leases still run
  void forgetExpired(TimeNs now);

  static constexpr std::int64_t kDefaultTtl = 15 * kNsPerSecond;

 private:
  struct Lease {
    std::string who;
    TimeNs until = 0;
    bool present = true;
  };
  std::map<SessionId, Lease> leases_;
};

}  // namespace qd::control
