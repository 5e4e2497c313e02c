// SPDX-License-Identifier: Apache-2.0
// How RecordedSamples walks the summaries of one series (FORMAT.md, "From afar").
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <map>

#include "core/recording/recorded_samples_impl.h"

namespace qd::recording {
namespace {

// Places in `SELECT *` of format 2.
enum SummaryColumn {
  kSumId = 0,
  kSumIsDouble = 3,
  kSumLevel = 4,
  kSumFirst = 5,
  kSumLast = 6,
  kSumN = 7,
  kSumSketch = 17
};
enum ColumnColumn { kColChunk = 1, kColN = 5, kColSketch = 11 };

std::int64_t field(const Statement& row, int column, bool isDouble) {
  return isDouble ? std::bit_cast<std::int64_t>(row.real(column)) : row.integer(column);
}

// n, count, min, max, mean, last stand together in both tables.
Summary summaryOf(const Statement& row, int n, bool isDouble) {
  Summary s;
  s.isDouble = isDouble;
  s.n = static_cast<std::uint64_t>(row.integer(n));
  s.count = static_cast<std::uint64_t>(row.integer(n + 1));
  if (s.count == 0) return s;
  s.min = field(row, n + 2, isDouble);
  s.max = field(row, n + 3, isDouble);
  s.mean = row.real(n + 4);
  s.last = field(row, n + 5, isDouble);
  return s;
}

std::string sketchOf(const Statement& row, int at) {
  const ByteView bytes = row.blob(at);
  return {bytes.begin(), bytes.end()};
}

Extent extentOf(const Statement& row, int at) {
  return {row.integer(at), row.integer(at + 1), row.integer(at + 2), row.integer(at + 3)};
}

}  // namespace

// The columns under one summary of level 1: what they come to stands in it, their sketches stand with them.
void RecordedSamples::Tree::open(const std::vector<Node>& nodes, std::vector<Piece>& out) {
  if (nodes.empty()) return;
  const bool isDouble = nodes.front().summary.isDouble;
  std::map<std::int64_t, std::string> sketches;
  Result<Statement> rows = file_.db.prepare(
      "SELECT chunk, sketch FROM columns WHERE process = ?1 AND idx = ?2 AND chunk BETWEEN ?3 AND ?4 AND is_double = "
      "?5");
  if (rows) {
    const std::int64_t cells[] = {process_, series_, nodes.front().chunk, nodes.back().chunk, isDouble ? 1 : 0};
    for (int i = 0; i < 5; ++i) rows->bind(i + 1, Cell(cells[i]));
    while (rows->step().value_or(false)) sketches[rows->integer(0)] = sketchOf(*rows, 1);
  }
  const KeyKind kind = isDouble ? KeyKind::ColumnReal : KeyKind::Column;
  for (const Node& node : nodes) {
    out.push_back({keyOf(kind, static_cast<std::uint64_t>(node.chunk)), node.summary, node.extent,
                   std::move(sketches[node.chunk])});
  }
}

std::int64_t RecordedSamples::Tree::level(int level, bool opened, bool isDouble, std::int64_t after,
                                          std::vector<Piece>& out) {
  Result<Statement> rows = file_.db.prepare(
      "SELECT * FROM summaries WHERE process = ?1 AND idx = ?2 AND level = ?3 AND first_chunk > ?4 AND is_double = ?5 "
      "ORDER BY first_chunk");
  if (!rows) return after;
  const std::int64_t cells[] = {process_, series_, level, after, isDouble ? 1 : 0};
  for (int i = 0; i < 5; ++i) rows->bind(i + 1, Cell(cells[i]));
  Result<bool> more = false;
  while ((more = rows->step()).value_or(false)) {
    const std::int64_t first = rows->integer(kSumFirst), last = rows->integer(kSumLast);
    const Result<std::vector<Node>> nodes =
        hashMatches(*rows) ? decodeNodes(isDouble, rows->blob(rows->columns() - 2))
                           : Result<std::vector<Node>>(fail(ErrorCode::Corrupt, "its checksum does not match"));
    if (!nodes) {
      note_("summaries", rows->integer(kSumId), nodes.error().message);
      columns(isDouble, first, last, out);
    } else if (opened) {
      if (level == 1) open(*nodes, out);
    } else {
      out.push_back({keyOf(KeyKind::Summary, static_cast<std::uint64_t>(rows->integer(kSumId))),
                     summaryOf(*rows, kSumN, isDouble), extentOf(*rows, kSumN + 6), sketchOf(*rows, kSumSketch)});
    }
    after = std::max(after, last);
  }
  if (!more) note_("summaries", 0, more.error().message);
  return after;
}

void RecordedSamples::Tree::columns(bool isDouble, std::int64_t first, std::int64_t last, std::vector<Piece>& out) {
  Result<Statement> rows = file_.db.prepare(
      "SELECT c.*, k.time_min, k.time_max, k.tick_min, k.tick_max FROM columns c JOIN chunks k ON k.id = c.chunk "
      "WHERE c.process = ?1 AND c.idx = ?2 AND c.chunk BETWEEN ?3 AND ?4 AND c.is_double = ?5 ORDER BY c.chunk");
  if (!rows) return;
  const std::int64_t cells[] = {process_, series_, first, last, isDouble ? 1 : 0};
  for (int i = 0; i < 5; ++i) rows->bind(i + 1, Cell(cells[i]));
  Result<bool> more = false;
  while ((more = rows->step()).value_or(false)) {
    const KeyKind kind = isDouble ? KeyKind::ColumnReal : KeyKind::Column;
    out.push_back({keyOf(kind, static_cast<std::uint64_t>(rows->integer(kColChunk))), summaryOf(*rows, kColN, isDouble),
                   extentOf(*rows, rows->columns() - 4), sketchOf(*rows, kColSketch)});
  }
  if (!more) note_("columns", 0, more.error().message);
}

std::vector<RecordedSamples::Piece> RecordedSamples::Tree::columns(std::int64_t first, std::int64_t last) {
  std::vector<Piece> out;
  for (const bool isDouble : {false, true}) columns(isDouble, first, last, out);
  return out;
}

std::vector<RecordedSamples::Piece> RecordedSamples::Tree::pieces(std::uint64_t columnCount, std::size_t most) {
  int top = 0;
  for (std::uint64_t n = columnCount; n > most; n /= kFanOut) ++top;
  std::vector<Piece> out;
  for (const bool isDouble : {false, true}) {
    std::int64_t after = 0;
    for (int at = std::max(top, 1); at >= 1; --at) after = level(at, top == 0, isDouble, after, out);
    columns(isDouble, after + 1, INT64_MAX, out);
  }
  return out;
}

std::vector<RecordedSamples::Piece> RecordedSamples::Tree::below(std::int64_t summary) {
  std::vector<Piece> out;
  Result<Statement> row = file_.db.prepare("SELECT * FROM summaries WHERE id = ?");
  if (!row) return out;
  row->bind(1, Cell(summary));
  if (!row->step().value_or(false) || !hashMatches(*row)) {
    note_("summaries", summary, "its checksum does not match");
    return out;
  }
  const int at = static_cast<int>(row->integer(kSumLevel));
  const bool isDouble = row->integer(kSumIsDouble) != 0;
  const std::int64_t first = row->integer(kSumFirst), last = row->integer(kSumLast);
  if (at == 1) {
    const Result<std::vector<Node>> nodes = decodeNodes(isDouble, row->blob(row->columns() - 2));
    if (nodes) open(*nodes, out);
    return out;
  }
  Result<Statement> rows = file_.db.prepare(
      "SELECT * FROM summaries WHERE process = ?1 AND idx = ?2 AND level = ?3 AND first_chunk BETWEEN ?4 AND ?5 AND "
      "is_double = ?6 ORDER BY first_chunk");
  if (!rows) return out;
  const std::int64_t cells[] = {process_, series_, at - 1, first, last, isDouble ? 1 : 0};
  for (int i = 0; i < 6; ++i) rows->bind(i + 1, Cell(cells[i]));
  while (rows->step().value_or(false)) {
    if (!hashMatches(*rows)) {
      note_("summaries", rows->integer(kSumId), "its checksum does not match");
      columns(isDouble, rows->integer(kSumFirst), rows->integer(kSumLast), out);
      continue;
    }
    out.push_back({keyOf(KeyKind::Summary, static_cast<std::uint64_t>(rows->integer(kSumId))),
                   summaryOf(*rows, kSumN, isDouble), extentOf(*rows, kSumN + 6), sketchOf(*rows, kSumSketch)});
  }
  return out;
}

}  // namespace qd::recording
