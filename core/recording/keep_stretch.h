// SPDX-License-Identifier: Apache-2.0
// "Keep this": a stretch of one or several rolling recordings as a session with a name, FOLDER/NAME.qdrec, which no
// retention touches (rolling.h). Where the stretch reaches over several files they become one; notes that lie in it
// come along. The originals are only read, the one that is being written included. The caller's thread; may take a
// while.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "core/recording/cut.h"

namespace qd::recording {

struct KeepOptions {
  std::string name;    // as a person writes it
  std::string folder;  // is made where it is missing
  CutOptions cut{};
};

struct KeptStretch {
  std::string path;
  std::uint64_t points = 0;
  std::size_t leftOut = 0;  // damaged rows of the originals
};

// Files that are gone meanwhile or have nothing of the stretch are passed over. Errors: InvalidArgument for a name that
// says nothing; Conflict for one that is taken; NotFound where nothing lies in the stretch; as cut().
Result<KeptStretch> keepStretch(const std::vector<std::string>& files, const KeepOptions& options,
                                const std::string& program, const std::stop_token& stop = {});

// Where the rolling recording FILE's kept sessions go: its folder's "kept"; beside it where it lies in one already.
std::string keptFolderOf(const std::string& file);

}  // namespace qd::recording
