// SPDX-License-Identifier: Apache-2.0
// The folder of rolling recordings: names for the next file, and which ones go when there are too many. What is kept
// for good lies in its folder "kept" and is never touched. Notes beside a recording (notes.h) go with it. Any thread;
// may block.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"

namespace qd::recording {

inline constexpr std::chrono::hours kRollEvery{1};

struct Retention {
  std::uint64_t bytes = std::uint64_t{8} << 30;  // of all files together
  std::chrono::hours age{7 * 24};
};

// A name as a person writes it, as part of a file's name.
std::string fileNameOf(const std::string& name);

// FOLDER/2026-11-23T14-02-11Z-NAME-PID.qdrec, not there yet. With the process id, because two programs may begin in the
// same second and each must get a file of its own.
std::string nextRecordingPath(const std::string& folder, const std::string& name, TimeNs now = utcNowNs());

// Removes recordings that are older than that, then the oldest until the rest fits; with their -wal, -shm and notes. A
// file that changed within the last ten minutes may be somebody's present one and stays. Returns what is gone.
std::vector<std::string> prune(const std::string& folder, const Retention& retention, TimeNs now = utcNowNs());

// Moves a closed recording and what belongs to it to the folder "kept" beside it; where to. Errors: the system refused,
// and it stays where it is.
Result<std::string> keep(const std::string& path);

}  // namespace qd::recording
