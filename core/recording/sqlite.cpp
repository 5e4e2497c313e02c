// SPDX-License-Identifier: Apache-2.0
#include "core/recording/sqlite.h"

#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <xxhash.h>

#include <cmath>

namespace qd::recording {
namespace {

enum CellTag : std::uint8_t { kNull = 0, kInteger = 1, kReal = 2, kText = 3, kBlob = 4 };

class RowHasher {
 public:
  RowHasher() { XXH3_64bits_reset(&state_); }
  std::int64_t digest() const { return static_cast<std::int64_t>(XXH3_64bits_digest(&state_)); }

  void operator()(std::monostate) { tag(kNull); }
  void operator()(std::int64_t v) { scalar(kInteger, &v); }
  void operator()(double v) { std::isnan(v) ? tag(kNull) : scalar(kReal, &v); }
  void operator()(std::string_view v) { sized(kText, v.data(), v.size()); }
  void operator()(ByteView v) { sized(kBlob, v.data(), v.size()); }

 private:
  void tag(std::uint8_t t) { XXH3_64bits_update(&state_, &t, 1); }
  void scalar(std::uint8_t t, const void* eight) {
    tag(t);
    XXH3_64bits_update(&state_, eight, 8);
  }
  void sized(std::uint8_t t, const void* data, std::uint64_t size) {
    scalar(t, &size);
    if (size > 0) XXH3_64bits_update(&state_, data, size);
  }
  XXH3_state_t state_;
};

struct Binder {
  sqlite3_stmt* statement;
  int index;
  void operator()(std::monostate) { sqlite3_bind_null(statement, index); }
  void operator()(std::int64_t v) { sqlite3_bind_int64(statement, index, v); }
  void operator()(double v) { sqlite3_bind_double(statement, index, v); }
  void operator()(std::string_view v) {
    sqlite3_bind_text64(statement, index, v.data() ? v.data() : "", v.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  }
  void operator()(ByteView v) {
    if (v.empty()) {
      sqlite3_bind_zeroblob(statement, index, 0);
    } else {
      sqlite3_bind_blob64(statement, index, v.data(), v.size(), SQLITE_STATIC);
    }
  }
};

}  // namespace

std::int64_t rowHash(std::span<const Cell> cells) {
  RowHasher hasher;
  for (const Cell& cell : cells) std::visit(hasher, cell);
  return hasher.digest();
}

ErrorCode codeOf(int sqliteResult) {
  switch (sqliteResult & 0xff) {
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return ErrorCode::PermissionDenied;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorCode::Unavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:  // of a statement of ours against a file whose schema is not ours
      return ErrorCode::Corrupt;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
      return ErrorCode::Exhausted;
    case SQLITE_CANTOPEN:
      return ErrorCode::NotFound;
    default:
      return ErrorCode::Io;
  }
}

Statement& Statement::bind(int index, const Cell& cell) {
  std::visit(Binder{handle_.get(), index}, cell);
  return *this;
}

Result<bool> Statement::step() {
  const int result = sqlite3_step(handle_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return fail(codeOf(result), sqlite3_errmsg(sqlite3_db_handle(handle_.get())));
}

void Statement::reset() {
  sqlite3_reset(handle_.get());
  sqlite3_clear_bindings(handle_.get());
}

Cell Statement::cell(int column) const {
  switch (sqlite3_column_type(handle_.get(), column)) {
    case SQLITE_INTEGER:
      return integer(column);
    case SQLITE_FLOAT:
      return real(column);
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
      return std::string_view(text, sqlite3_column_bytes(handle_.get(), column));
    }
    case SQLITE_BLOB:
      return blob(column);
    default:
      return {};
  }
}

std::string Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
  return text ? std::string(text, sqlite3_column_bytes(handle_.get(), column)) : std::string();
}

ByteView Statement::blob(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(handle_.get(), column));
  return {data, data ? static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column)) : 0};
}

Result<Database> Database::open(const std::string& name, int flags, const char* vfs) {
  sqlite3* raw = nullptr;
  const int result = sqlite3_open_v2(name.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX, vfs);
  Database db;
  db.handle_.reset(raw);
  if (result != SQLITE_OK) {
    return fail(codeOf(result), raw ? sqlite3_errmsg(raw) : "out of memory");
  }
  sqlite3_extended_result_codes(raw, 1);
  // A file is hostile input: no schema of somebody else's making gets to run anything.
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return db;
}

Result<> Database::run(const std::string& sql) {
  const int result = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) return fail(codeOf(result), sqlite3_errmsg(handle_.get()));
  return {};
}

Result<Statement> Database::prepare(const std::string& sql) const {
  sqlite3_stmt* raw = nullptr;
  const int result = sqlite3_prepare_v2(handle_.get(), sql.c_str(), static_cast<int>(sql.size()), &raw, nullptr);
  if (result != SQLITE_OK) return fail(codeOf(result), sqlite3_errmsg(handle_.get()));
  return Statement(raw);
}

Result<std::int64_t> Database::integer(const std::string& sql) const {
  Result<Statement> statement = prepare(sql);
  if (!statement) return std::unexpected(statement.error());
  const Result<bool> row = statement->step();
  if (!row) return std::unexpected(row.error());
  return *row ? statement->integer(0) : 0;
}

Error Database::error(std::string_view what) const {
  return {codeOf(sqlite3_errcode(handle_.get())), fmt::format("{}: {}", what, sqlite3_errmsg(handle_.get()))};
}

Result<> Database::close() {
  sqlite3* raw = handle_.release();
  if (raw == nullptr) return {};
  const int result = sqlite3_close(raw);
  if (result == SQLITE_OK) return {};
  handle_.reset(raw);
  return fail(codeOf(result), sqlite3_errmsg(raw));
}

}  // namespace qd::recording
