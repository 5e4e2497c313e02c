// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "core/recording/event_json.h"
#include "core/recording/frame_codec.h"
#include "core/recording/recording_impl.h"
#include "core/recording/schema.h"
#include "core/recording/stored_sketch.h"

namespace qd::recording {
namespace {

const std::string kWrongSketch = "its sketch does not decode";

std::string textOf(ByteView bytes) {
  return {bytes.begin(), bytes.end()};
}

std::string bodyProblem(int format, std::string_view table, const Statement& row) {
  const Layout& places = layout(format);
  const auto why = [](const auto& result) { return result ? std::string() : result.error().message; };
  if (table == "chunks") return why(decodeHead(row.blob(places.chunks.body), format));
  if (table == "tails") return why(decodeTail(row.blob(places.tails.body), format));
  if (table == "declarations") return why(declarationFromJson(row.text(2)));
  if (table == "columns") {
    if (format > 1 && !isSketchOf(textOf(row.blob(11)), static_cast<std::uint64_t>(row.integer(6))))
      return kWrongSketch;
    const bool isDouble = row.integer(4) != 0;
    const ByteView pyramid = row.blob(places.columns.pyramid);
    if (!pyramid.empty()) {
      const auto values = static_cast<std::uint64_t>(row.integer(5));
      if (std::string problem = why(decodePyramid(isDouble, values, pyramid)); !problem.empty()) return problem;
    }
    return why(decodeValues(isDouble, row.blob(places.columns.body)));
  }
  if (table == "summaries" && !isSketchOf(textOf(row.blob(17)), static_cast<std::uint64_t>(row.integer(8)))) {
    return kWrongSketch;
  }
  if (table == "summaries") return why(decodeNodes(row.integer(3) != 0, row.blob(18)));
  if (table == "totals") return why(decodeTotals(row.blob(12)));
  if (table == "frames") {
    const std::string kind = row.text(2);
    const ByteView body = row.blob(places.frames.body);
    if (kind == "entities") return why(decodeEntities({}, {}, body));
    if (kind == "frames") return why(decodeFrames({}, {}, body));
    return why(decodeRollups({}, {}, body));
  }
  if (table == "events") {
    const std::string kind = row.text(5), body = row.text(11);
    return kind == "process" ? why(processFromJson(body)) : why(fromJson(kind, body));
  }
  return {};
}

class Verifier {
 public:
  Verifier(const Database& db, int format, std::stop_token stop) : db_(db), format_(format), stop_(std::move(stop)) {}

  VerifyReport run(bool complete) {
    structure();
    schema();
    for (const TableSpec& spec : tables(format_)) {
      const std::uint64_t rows = table(spec.name);
      report_.rows += rows;
      if (complete && spec.name != "meta" && spec.name != "tails") count(spec.name, rows);
    }
    columnsOfChunks();
    return std::move(report_);
  }

 private:
  void damage(std::string_view table, std::int64_t rowid, std::string what) {
    report_.damaged.push_back({std::string(table), rowid, std::move(what)});
  }

  // SQLite's own structure: pages, trees, indices.
  void structure() {
    Result<Statement> check = db_.prepare("PRAGMA integrity_check(100)");
    if (!check) return damage("sqlite", 0, check.error().message);
    while (true) {
      const Result<bool> row = check->step();
      if (!row) return damage("sqlite", 0, row.error().message);
      if (!*row) return;
      if (const std::string line = check->text(0); line != "ok") damage("sqlite", 0, line);
    }
  }

  void schema() {
    for (const auto list : {tables(format_), helpers(format_)}) {
      for (const TableSpec& spec : list) {
        Result<Statement> row = db_.prepare("SELECT sql FROM sqlite_schema WHERE name = ?");
        if (!row) return damage("sqlite_schema", 0, row.error().message);
        row->bind(1, Cell(spec.name));
        if (!row->step().value_or(false)) {
          damage("sqlite_schema", 0, fmt::format("{} is missing", spec.name));
        } else if (row->text(0) != spec.sql) {
          damage("sqlite_schema", 0, fmt::format("{} is not as this format has it", spec.name));
        }
      }
    }
  }

  std::uint64_t table(std::string_view name) {
    Result<Statement> rows = db_.prepare(fmt::format("SELECT * FROM {} NOT INDEXED ORDER BY id", name));
    if (!rows) {
      damage(name, 0, rows.error().message);
      return 0;
    }
    std::int64_t last = 0;
    std::uint64_t n = 0;
    while (!stop_.stop_requested()) {
      const Result<bool> row = rows->step();
      if (!row) {
        damage(name, last,
               fmt::format("{} cannot be read: {}", last == 0 ? "its rows" : "the rows after this one",
                           row.error().message));
        return n;
      }
      if (!*row) return n;
      ++n;
      last = rows->integer(0);
      if (!hashMatches(*rows)) {
        damage(name, last, "its checksum does not match");
      } else if (std::string problem = bodyProblem(format_, name, *rows); !problem.empty()) {
        damage(name, last, std::move(problem));
      }
    }
    return n;
  }

  void count(std::string_view name, std::uint64_t rows) {
    Result<Statement> meta = db_.prepare("SELECT value FROM meta WHERE key = ?");
    if (!meta) return;  // schema() has said so
    const std::string key = fmt::format("rows.{}", name);
    meta->bind(1, Cell(std::string_view(key)));
    if (!meta->step().value_or(false)) return damage("meta", 0, fmt::format("{} is missing", key));
    const auto expected = static_cast<std::uint64_t>(meta->integer(0));
    if (expected != rows) damage(name, 0, fmt::format("{} rows were written, {} are there", expected, rows));
  }

  void columnsOfChunks() {
    const char* place = format_ == 1
                            ? "c.chunk = k.id"
                            : "c.id >= k.first_column AND c.id < k.first_column + k.columns AND c.chunk = k.id";
    Result<Statement> rows = db_.prepare(
        fmt::format("SELECT k.id, k.columns, count(c.id) FROM chunks k LEFT JOIN columns c ON {} GROUP BY k.id "
                    "HAVING k.columns IS NOT count(c.id)",
                    place));
    while (rows && rows->step().value_or(false)) {
      damage("chunks", rows->integer(0),
             fmt::format("{} of its {} columns are there", rows->integer(2), rows->integer(1)));
    }
  }

  const Database& db_;
  const int format_;
  std::stop_token stop_;
  VerifyReport report_;
};

}  // namespace

VerifyReport Recording::verify(std::stop_token stop) const {
  return Verifier(impl_->db, impl_->format, std::move(stop)).run(impl_->complete);
}

}  // namespace qd::recording
