// SPDX-License-Identifier: Apache-2.0
// What can be saved of a damaged recording, as a new sound one. A row whose checksum is right is taken over as it is,
// bit for bit; a damaged row goes, a damaged column leaves its series empty in that chunk alone. Where SQLite's trees
// are damaged, the pages of the file are searched for rows that no tree leads to any more: what carries a right
// checksum is one of ours. The original is only read. The caller's thread; memory: a bit a row.
#pragma once

#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "core/recording/recording.h"

namespace qd::recording {

struct RepairedTable {
  std::uint64_t kept = 0;   // rows taken over
  std::uint64_t found = 0;  // of them, in pages that no tree leads to any more
  std::uint64_t lost = 0;   // rows known to have been there and not saved
};

struct RepairReport {
  std::map<std::string, RepairedTable> tables;
  std::vector<Damage> damaged;  // what was left out, and why
  bool treesDamaged = false;    // SQLite's own structure, not only rows
  bool complete = false;        // the original had been closed cleanly, so that lost rows are known by number
  std::uint64_t lost() const;
};

// Errors: NotFound, Corrupt (nothing of a recording in it), Conflict (an `out` that exists); then there is no `out`.
Result<RepairReport> repair(const std::string& path, const std::string& out, std::stop_token stop = {});

}  // namespace qd::recording
