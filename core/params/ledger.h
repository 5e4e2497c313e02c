// SPDX-License-Identifier: Apache-2.0
// What was pushed and how it ended, by this console and by others, oldest first and bounded. Not locked: ParamBook
// does.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "core/params/param_book.h"

namespace qd::params {

class Ledger {
 public:
  static constexpr std::size_t kMost = 1000;  // pushes

  // `batch`: pushes that a person made with one click share it; 0: alone.
  PushRecord& open(const std::string& pushId, TimeNs time, std::uint64_t batch);
  PushRecord* find(const std::string& pushId);
  // Takes the result in where it knows more than what is there: an outcome is never undone by "pending" or "unknown".
  void put(const ingest::PushResult& result, TimeNs received);
  std::vector<PushRecord> all() const;
  // The pushes of the newest batch that was applied somewhere, oldest first.
  std::vector<PushRecord> lastApplied() const;

 private:
  struct Entry {
    PushRecord record;
    std::uint64_t batch = 0;
  };
  std::deque<Entry> entries_;
};

}  // namespace qd::params
