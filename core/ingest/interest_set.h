// SPDX-License-Identifier: Apache-2.0
// What is on the screen: each panel declares as a whole what it shows at full rate, and withdraws it when it goes or is
// hidden. Something that two panels show stays wanted until both have let go of it. UI thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/ids.h"
#include "core/ingest/interest.h"

namespace qd::ingest {

class InterestSet {
 public:
  struct Shown {
    std::vector<Selector> series;
    std::vector<ProcessId> poses;
    bool operator==(const Shown&) const = default;
  };

  void declare(const void* owner, Shown shown) {
    const auto known = shown_.find(owner);
    if (known != shown_.end() && known->second == shown) return;
    shown_[owner] = std::move(shown);
    ++revision_;
  }
  void withdraw(const void* owner) {
    if (shown_.erase(owner) > 0) ++revision_;
  }

  std::uint64_t revision() const { return revision_; }
  // Each once, in no order that means anything.
  std::vector<Selector> series() const {
    std::vector<Selector> out;
    for (const auto& [owner, shown] : shown_) {
      for (const Selector& one : shown.series) {
        if (std::ranges::find(out, one) == out.end()) out.push_back(one);
      }
    }
    return out;
  }
  std::vector<std::string> poses() const {
    std::vector<std::string> out;
    for (const auto& [owner, shown] : shown_) {
      for (const ProcessId& one : shown.poses) {
        if (std::ranges::find(out, one.value) == out.end()) out.push_back(one.value);
      }
    }
    return out;
  }

 private:
  std::map<const void*, Shown> shown_;
  std::uint64_t revision_ = 0;
};

}  // namespace qd::ingest
