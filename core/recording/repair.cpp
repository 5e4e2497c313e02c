// SPDX-License-Identifier: Apache-2.0
#include "core/recording/repair.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "core/recording/copy_out.h"
#include "core/recording/page_scan.h"
#include "core/recording/page_shape.h"
#include "core/recording/recording_impl.h"
#include "core/recording/repair_copy.h"
#include "core/recording/repair_links.h"

namespace qd::recording {
namespace {

std::unexpected<Error> cannotWrite(const std::string& out, const std::string& why) {
  return fail(ErrorCode::Io,
              fmt::format("Cannot write {} ({}); choose a folder that has room and can be written to.", out, why));
}

// As the header says it; the rows tell where SQLite makes nothing of it.
PageShape shapeOf(const std::string& path, bool readable, const std::stop_token& stop) {
  std::ifstream in(path, std::ios::binary);
  char header[100] = {};
  in.read(header, sizeof header);
  const auto* bytes = reinterpret_cast<const unsigned char*>(header);
  const int format = (bytes[60] << 24) | (bytes[61] << 16) | (bytes[62] << 8) | bytes[63];
  const int size = (bytes[16] << 8) | bytes[17];
  const auto pageSize = static_cast<unsigned>(size == 1 ? 65536 : size);
  const bool possible = pageSize >= 512 && std::has_single_bit(pageSize) && !tables(format).empty();
  if (!readable || !possible) return guessShape(path, stop);
  return {pageSize, format};
}

Result<Database> createOut(const std::string& out, int format) {
  const int fd = ::open(out.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0644);
  if (fd < 0 && errno == EEXIST) {
    return fail(ErrorCode::Conflict, fmt::format("{} exists already and is left as it is; give another name.", out));
  }
  if (fd < 0) return cannotWrite(out, std::generic_category().message(errno));
  ::close(fd);
  Result<Database> db = Database::open(out, SQLITE_OPEN_READWRITE);
  if (!db) return cannotWrite(out, db.error().message);
  std::string setup = fmt::format(
      "PRAGMA synchronous=OFF; PRAGMA page_size={}; PRAGMA application_id={}; PRAGMA user_version={}; PRAGMA "
      "journal_mode=OFF; PRAGMA cache_size=-65536; BEGIN; ",
      kPageSize, kApplicationId, format);
  for (const TableSpec& spec : tables(format)) setup.append(spec.sql).append("; ");
  // For finding the columns of a chunk until the indices are made.
  setup += "CREATE INDEX repair_columns ON columns(chunk); ";
  if (Result<> made = db->run(setup); !made) return cannotWrite(out, made.error().message);
  return db;
}

struct Source {
  std::optional<Database> db;  // empty: SQLite cannot make anything of it
  std::string why;
  bool complete = false;
  std::int64_t format = 0;                                   // as a sound row of meta says
  std::map<std::string, std::uint64_t, std::less<>> counts;  // of a file that was closed cleanly
};

Source openSource(const std::string& path) {
  Source source;
  Result<Database> db = openReadOnly(path);
  if (!db) {
    source.why = db.error().message;
    return source;
  }
  source.db = std::move(*db);
  const Result<std::int64_t> complete = source.db->integer("SELECT value FROM meta WHERE key = 'complete'");
  if (!complete) source.why = complete.error().message;
  source.complete = complete.value_or(0) == 1;
  source.format = source.db->integer("SELECT value FROM meta WHERE key = 'format'").value_or(0);
  Result<Statement> counts = source.db->prepare("SELECT key, value FROM meta WHERE key LIKE 'rows.%'");
  while (source.complete && counts && counts->step().value_or(false)) {
    source.counts[counts->text(0).substr(5)] = static_cast<std::uint64_t>(counts->integer(1));
  }
  return source;
}

Result<> writeMeta(RowCopy& rows, int format, const std::string& path, const RepairReport& report) {
  std::int64_t id = 0;
  const auto put = [&](std::string_view key, Cell value) { return rows.put("meta", {++id, key, value}); };
  const std::string program = fmt::format("repair of {}", path.substr(path.find_last_of('/') + 1));
  const std::string lost = fmt::format("{} rows", report.lost());
  for (const Result<>& done :
       {put("format", std::int64_t{format}), put("program", std::string_view(program)), put("created_ns", utcNowNs()),
        put("complete", std::int64_t{1}), put("closed_ns", utcNowNs()), put("lost", std::string_view(lost))}) {
    if (!done) return done;
  }
  for (const TableSpec& spec : tables(format)) {
    if (spec.name == "meta" || spec.name == "tails") continue;
    const std::string key = fmt::format("rows.{}", spec.name);
    if (Result<> done = put(key, static_cast<std::int64_t>(rows.rows(spec.name))); !done) return done;
  }
  return {};
}

class Repair {
 public:
  Repair(const std::string& path, std::stop_token stop)
      : path_(path),
        stop_(std::move(stop)),
        source_(openSource(path)),
        shape_(shapeOf(path, source_.why.empty(), stop_)) {}

  Result<RepairReport> into(const std::string& out) {
    if (source_.format > kFormat) {  // its rows may mean what nobody here knows
      return fail(ErrorCode::Unsupported,
                  fmt::format("{} has format {}, written by a newer version; this one repairs up to {}: update it.",
                              path_, source_.format, kFormat));
    }
    Result<Database> db = createOut(out, shape_.format);
    if (!db) return std::unexpected(db.error());
    const Result<> done = fill(*db, out);
    if (!done) {
      (void)db->close();
      removeRecording(out);
      return std::unexpected(done.error());
    }
    return std::move(report_);
  }

 private:
  Result<> fill(Database& db, const std::string& out) {
    report_.complete = source_.complete;
    Result<RowCopy> rows = RowCopy::open(db, shape_.format, report_);
    if (!rows) return std::unexpected(rows.error());
    const bool whole = takeTrees(*rows);
    if (!whole || isShort(*rows)) {
      if (Result<> scanned = scanPages(
              path_, {shape_.pageSize}, [&](const std::vector<Cell>& cells) { rows->takeFound(cells); }, stop_);
          !scanned) {
        return scanned;
      }
    }
    if (stop_.stop_requested()) return fail(ErrorCode::Unavailable, "Interrupted; nothing was written.");
    std::uint64_t kept = 0;
    for (const auto& [name, table] : report_.tables) kept += table.kept;
    if (kept == 0) {
      return fail(ErrorCode::Corrupt,
                  fmt::format("There is not one row of a recording in {}; take another copy of it.", path_));
    }
    for (const auto& [name, count] : source_.counts) {
      const std::uint64_t there = rows->rows(name);
      if (name != "summaries" && name != "totals" && there < count) report_.tables[name].lost = count - there;
    }
    if (Result<> mended = mendLinks(db, shape_.format, *rows, report_); !mended)
      return cannotWrite(out, mended.error().message);
    return finish(db, *rows, out);
  }

  bool takeTrees(RowCopy& rows) {
    if (!source_.db) {
      report_.damaged.push_back({"sqlite", 0, source_.why});
      report_.treesDamaged = true;
      return false;
    }
    for (const TableSpec& spec : tables(shape_.format)) {
      if (stop_.stop_requested()) return false;
      report_.treesDamaged = !rows.takeTable(*source_.db, spec.name) || report_.treesDamaged;
    }
    return !report_.treesDamaged && report_.damaged.empty() && source_.complete;
  }

  bool isShort(const RowCopy& rows) const {
    for (const auto& [name, count] : source_.counts) {
      if (name != "summaries" && name != "totals" && rows.rows(name) < count) return true;
    }
    return false;
  }

  Result<> finish(Database& db, RowCopy& rows, const std::string& out) {
    // Counted anew: mending may have taken rows away.
    for (auto& [name, table] : report_.tables) {
      const Result<std::int64_t> n = db.integer(fmt::format("SELECT count(*) FROM {}", name));
      if (n) rows.recount(name, static_cast<std::uint64_t>(*n));
    }
    if (Result<> done = writeMeta(rows, shape_.format, path_, report_); !done)
      return cannotWrite(out, done.error().message);
    std::string end = "DROP INDEX repair_columns; ";
    for (const TableSpec& spec : helpers(shape_.format)) end.append(spec.sql).append("; ");
    rows.release();
    if (Result<> done = db.run(end + "COMMIT"); !done) return cannotWrite(out, done.error().message);
    if (Result<> done = db.close(); !done) return cannotWrite(out, done.error().message);
    const int fd = ::open(out.c_str(), O_RDONLY | O_CLOEXEC);
    const bool safe = fd >= 0 && ::fdatasync(fd) == 0;
    if (fd >= 0) ::close(fd);
    return safe ? Result<>() : cannotWrite(out, std::generic_category().message(errno));
  }

  const std::string path_;
  std::stop_token stop_;
  Source source_;
  PageShape shape_;
  RepairReport report_;
};

}  // namespace

std::uint64_t RepairReport::lost() const {
  std::uint64_t n = 0;
  for (const auto& [name, table] : tables) n += table.lost;
  return n;
}

Result<RepairReport> repair(const std::string& path, const std::string& out, std::stop_token stop) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return fail(ErrorCode::NotFound, fmt::format("There is no recording {}; check the name.", path));
  }
  return Repair(path, std::move(stop)).into(out);
}

}  // namespace qd::recording
