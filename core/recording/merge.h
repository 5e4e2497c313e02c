// SPDX-License-Identifier: Apache-2.0
// Recordings of several consoles as one. A sample's identity is (instance, ring, sequence), an entry's the place in its
// agent's log: what several recorded stands there once, never dropped or joined by its time. What a console made itself
// (joined series) is the same where process, series and tick are. Clock measurements are those of the first recording
// that has the agent, because they are relative to the console that made them. Bounded memory, the caller's thread.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "core/recording/cut.h"

namespace qd::recording {

struct MergeReport {
  std::uint64_t points = 0, envelopes = 0;   // written
  std::uint64_t duplicates = 0;              // envelopes that another recording had already
  std::vector<std::vector<Damage>> damaged;  // of each recording, left out
};

// `files`: two or more, the first one's names count. Errors: as cut().
Result<MergeReport> merge(const std::vector<const Recording*>& files, const std::string& out,
                          const std::string& program, std::stop_token stop = {});

}  // namespace qd::recording
