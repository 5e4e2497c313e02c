// SPDX-License-Identifier: Apache-2.0
// A recording that may be given away: the same samples, without addresses, accounts and the locals of hits
// (redact_rules.h says what those are). The result is read again from the disk before it counts as done, and nothing
// that was taken out may be left in it. The caller's thread, bounded memory; the original is read twice.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "core/recording/cut.h"

namespace qd::recording {

struct RedactOptions {
  bool addresses = true, accounts = true, locals = true;
  std::vector<std::string> accountFields;  // names of fields that hold an account, beside the known ones
};

struct RedactReport {
  std::uint64_t points = 0, envelopes = 0;
  std::uint64_t addresses = 0, accounts = 0;  // different ones
  std::uint64_t locals = 0;                   // values
  std::vector<Damage> damaged;                // of the original, left out
};

// Errors: as cut(); Internal when the check found something left: then there is no `out`.
Result<RedactReport> redact(const Recording& file, const RedactOptions& options, const std::string& out,
                            const std::string& program, std::stop_token stop = {});

}  // namespace qd::recording
