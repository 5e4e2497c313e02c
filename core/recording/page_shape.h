// SPDX-License-Identifier: Apache-2.0
// How a recording whose header is damaged was laid out, told from the rows themselves: which page size and which format
// let most of them carry a right checksum. Reads the first 64 MiB a few times. Private to the room; one thread.
#pragma once

#include <cstddef>
#include <stop_token>
#include <string>

namespace qd::recording {

struct PageShape {
  std::size_t pageSize = 0;
  int format = 0;
};

// As the writer makes files today where nothing can be told.
PageShape guessShape(const std::string& path, const std::stop_token& stop);

}  // namespace qd::recording
