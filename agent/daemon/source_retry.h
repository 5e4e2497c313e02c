// SPDX-License-Identifier: Apache-2.0
// When a debugger that has ended is attached again by itself: after 5 s, 10 s and 20 s, then not any more until
// somebody arms a breakpoint in that process; one that was on for a minute counts as new. Times are monotonic ns. Pure;
// one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "core/base/ids.h"

namespace qd::daemon {

class SourceRetry {
 public:
  static constexpr std::int64_t kFirstNs = 5'000'000'000, kCountsAsNewNs = 60'000'000'000;
  static constexpr int kTimes = 3;

  // It has ended after so long: in how many ns it is attached again; nothing: not by itself.
  std::optional<std::int64_t> ended(const ProcessId& process, std::int64_t lastedNs, std::int64_t now);
  bool mayAttach(const ProcessId& process, std::int64_t now) const;
  void forget(const ProcessId& process) { ends_.erase(process); }

 private:
  struct Ends {
    int count = 0;
    std::int64_t notBefore = 0;
  };
  std::map<ProcessId, Ends> ends_;
};

}  // namespace qd::daemon
