// SPDX-License-Identifier: Apache-2.0
// A stretch of a recording as a recording of its own: samples, frames and events of [from, to], both included, of some
// processes and series; what was in force at its beginning (declarations, parameters, breakpoints) stands at its start.
// Values are those of the original bit for bit. Runs on the caller's thread in bounded memory.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/recording/recording.h"

namespace qd::recording {

struct CutOptions {
  TimeNs from = INT64_MIN, to = INT64_MAX;                                          // UTC ns
  std::function<bool(const ProcessId&)> process{};                                  // empty: all
  std::function<bool(const std::string& name, const std::string& label)> series{};  // empty: all
  bool world = true;                                                                // entity frames too
  std::vector<ingest::Mark> marks{};  // put in as well, those of the stretch; such as asMarks() of notes.h
};

struct CopyReport {
  std::uint64_t points = 0, envelopes = 0;  // written
  std::vector<Damage> damaged;              // of the original, left out
};

// Errors: NotFound where nothing lies in the stretch; Conflict for an `out` that exists; Unavailable when stopped.
// After an error there is no `out`.
Result<CopyReport> cut(const Recording& file, const CutOptions& options, const std::string& out,
                       const std::string& program, std::stop_token stop = {});

}  // namespace qd::recording
