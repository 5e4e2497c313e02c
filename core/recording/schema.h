// SPDX-License-Identifier: Apache-2.0
// The tables of a .qdrec file; FORMAT.md explains every column. Each table begins with `id` (its rowid) and ends with
// `hash`, the checksum of all columns before it.
#pragma once

#include <span>
#include <string_view>

namespace qd::recording {

inline constexpr int kFormat = 1;                  // PRAGMA user_version
inline constexpr int kApplicationId = 0x51445243;  // PRAGMA application_id, "QDRC"

struct TableSpec {
  std::string_view name;
  std::string_view sql;
};
std::span<const TableSpec> tables();
// Indices and views: helpers for queries and for people.
std::span<const TableSpec> helpers();

}  // namespace qd::recording
