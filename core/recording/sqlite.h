// SPDX-License-Identifier: Apache-2.0
// A thin owner around SQLite for this room: a connection and prepared statements, errors as Result. Rows are cells
// whose checksum covers every column, rowid included. One thread at a time a connection.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/error.h"
#include "core/recording/bytes.h"

namespace qd::recording {

using Cell = std::variant<std::monostate, std::int64_t, double, std::string_view, ByteView>;

// XXH3-64 over the cells as FORMAT.md writes them out; NaN counts as null, as SQLite stores it.
std::int64_t rowHash(std::span<const Cell> cells);

class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}

  Statement& bind(int index, const Cell& cell);
  // True: a row is there; false: done.
  Result<bool> step();
  void reset();
  int columns() const { return sqlite3_column_count(handle_.get()); }
  // Valid until the next step().
  Cell cell(int column) const;
  std::int64_t integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }
  double real(int column) const { return sqlite3_column_double(handle_.get(), column); }
  std::string text(int column) const;
  ByteView blob(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

class Database {
 public:
  static Result<Database> open(const std::string& name, int flags, const char* vfs = nullptr);

  Result<> run(const std::string& sql);  // one or more statements, rows are ignored
  Result<Statement> prepare(const std::string& sql) const;
  // The first column of the first row; 0 where there is none.
  Result<std::int64_t> integer(const std::string& sql) const;
  Error error(std::string_view what) const;
  sqlite3* handle() const { return handle_.get(); }
  Result<> close();

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  std::unique_ptr<sqlite3, Close> handle_;
};

// Which of our codes a result of SQLite means.
ErrorCode codeOf(int sqliteResult);

}  // namespace qd::recording
