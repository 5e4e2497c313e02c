// SPDX-License-Identifier: Apache-2.0
// Rows that come late are merged into the entries that they fall into: chunks are rebuilt, what is cold takes them into
// its extent. Pure functions over entries; any thread.
#pragma once

#include <span>
#include <vector>

#include "core/series/tree.h"

namespace qd::series {

// A row with what its chunk knew of it.
struct Late {
  Row row;
  Kind kind;
  bool breakBefore = false;
};

// Chunks of these rows, which ascend in time: one for each run of a kind without a break. Ticks that fall within a
// segment begin another one, whose number the rows after it take.
std::vector<Entry> chunksOf(Meter& meter, std::vector<Late>& rows, bool loaded = false);

// `rows` ascend in time and fall between what comes before and what comes after `entries`.
void mergeInto(Meter& meter, std::vector<Entry>& entries, std::span<const Late> rows);

}  // namespace qd::series
