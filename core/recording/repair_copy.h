// SPDX-License-Identifier: Apache-2.0
// Rows of a damaged recording into a new one, table by table, as they are: what carries a right checksum and the shape
// of a row of that table. Private to the room; one thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/recording/repair.h"
#include "core/recording/schema.h"
#include "core/recording/sqlite.h"

namespace qd::recording {

class RowCopy {
 public:
  // `out`: a new database with the tables of `format`, without indices.
  static Result<RowCopy> open(Database& out, int format, RepairReport& report);

  // What the table's tree leads to. False: the tree is damaged from some row on.
  bool takeTable(const Database& from, std::string_view table);
  // A record out of a page; taken if it is a row of one of the tables that is not there yet.
  void takeFound(const std::vector<Cell>& cells);
  // Rows by id that are there.
  bool has(std::string_view table, std::int64_t id) const;
  std::uint64_t rows(std::string_view table) const;
  Result<> put(std::string_view table, std::vector<Cell> cells);  // without the hash, which is made
  void recount(std::string_view table, std::uint64_t rows) { tables_.find(table)->second.rows = rows; }
  void release() { tables_.clear(); }  // the statements: before the database is closed

 private:
  enum class Type { Integer, Text, Blob, Any };
  struct Table {
    std::string name;
    std::vector<Type> types;
    Statement insert;
    std::vector<bool> there;  // by id
    std::uint64_t rows = 0;
  };
  explicit RowCopy(RepairReport& report) : report_(report) {}
  static bool fits(const Table& table, const std::vector<Cell>& cells);
  bool insert(Table& table, const std::vector<Cell>& cells);

  RepairReport& report_;
  std::map<std::string, Table, std::less<>> tables_;
};

}  // namespace qd::recording
