// SPDX-License-Identifier: Apache-2.0
// Rows out of the raw pages of an SQLite database whose trees are damaged: every page that looks like a leaf of a table
// is read cell by cell (https://www.sqlite.org/fileformat2.html, sections 1.6 and 2.1), overflow chains are followed,
// and each record is handed out. What is no record gives nothing; the caller judges by checksum. For hostile input:
// bounded, never reads beyond the file. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/recording/sqlite.h"

namespace qd::recording {

// Cells of one record, the rowid in the place of its first column; valid during the call only.
using ScannedRow = std::function<void(const std::vector<Cell>& cells)>;

struct ScanOptions {
  std::size_t pageSize = 0;         // a power of two from 512
  std::uint64_t upTo = UINT64_MAX;  // bytes of the file
};

Result<> scanPages(const std::string& path, const ScanOptions& options, const ScannedRow& each,
                   const std::stop_token& stop);

}  // namespace qd::recording
