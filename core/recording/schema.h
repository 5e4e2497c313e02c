// SPDX-License-Identifier: Apache-2.0
// The tables of a .qdrec file; FORMAT.md explains every column. Each table begins with `id` (its rowid) and ends with
// `hash`, the checksum of all columns before it. What is written has kFormat; older formats are read.
#pragma once

#include <span>
#include <string_view>

namespace qd::recording {

inline constexpr int kFormat = 3;                  // PRAGMA user_version of what is written
inline constexpr int kOldestFormat = 1;            // that is still read
inline constexpr int kApplicationId = 0x51445243;  // PRAGMA application_id, "QDRC"
inline constexpr int kPageSize = 4096;             // of what is written

struct TableSpec {
  std::string_view name;
  std::string_view sql;
};
// Empty for a format that does not exist.
std::span<const TableSpec> tables(int format = kFormat);
// Indices and views: helpers for queries and for people.
std::span<const TableSpec> helpers(int format = kFormat);

// Where in `SELECT *` the columns stand whose place differs between the formats. A column that a format does not have
// is -1. Those not named stand where they stood in format 1: chunks id, process, ring, ord; columns id, chunk, process,
// idx, is_double, n; tails and frames id, process.
struct Layout {
  struct {
    int at, columns, firstColumn, marks, body;
  } chunks;
  struct {
    int pyramid, body;
  } columns;
  struct {
    int at, body;
  } tails;
  struct {
    int at, body;
  } frames;
};
const Layout& layout(int format);

}  // namespace qd::recording
