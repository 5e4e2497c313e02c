// SPDX-License-Identifier: Apache-2.0
// Staged edits that other operators see before anything is pushed: this console's are written under a key of its own
// with a lease, so that they vanish with it. StagingShare says when to write; the port is the caller's. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/control/change_order.h"
#include "core/params/param_book.h"

namespace qd::params {

inline constexpr const char* kStagedPrefix = "staged/";

struct OthersEdit {
  std::string who;
  ProcessId process;
  std::string name, value;  // as a person writes it
  std::string from;         // what it was when it was staged
};

class StagingShare {
 public:
  static constexpr std::int64_t kLease = 6 * kNsPerSecond;
  static constexpr std::int64_t kRenewEvery = 2 * kNsPerSecond;

  // `key`: of this console alone.
  StagingShare(std::string key, std::string who) : key_(kStagedPrefix + std::move(key)), who_(std::move(who)) {}
  // What to write now; nothing while what is there stands.
  std::optional<control::SharedWrite> due(const std::vector<StagedEdit>& edits, TimeNs now);
  // What the others have staged.
  std::vector<OthersEdit> others(const std::vector<ingest::SharedItem>& items, TimeNs now) const;

 private:
  const std::string key_, who_;
  std::string written_;
  TimeNs renewAt_ = 0;
};

}  // namespace qd::params
