// SPDX-License-Identifier: Apache-2.0
// Answers of RecordedSamples to one question of the store.
#include <algorithm>
#include <cmath>

#include "core/recording/recorded_samples_impl.h"

namespace qd::recording {
namespace {

constexpr std::size_t kMostChildren = 4096;        // of one answer
constexpr std::uint64_t kRowsAtOnce = 512 * 1024;  // by time alone: of more, columns are told instead

bool overlaps(const Extent& a, const series::Extent& b) {
  return a.timeMin <= b.t1 && a.timeMax >= b.t0;
}

std::optional<Extent> boundsOf(const DecodedChunk& chunk, const DecodedColumn& column) {
  std::optional<Extent> out;
  for (std::size_t i = 0; i < column.size(); ++i) {
    const std::size_t row = column.row(i);
    const Extent one{chunk.head.times[row], chunk.head.times[row], chunk.head.ticks[row], chunk.head.ticks[row]};
    out ? out->add(one) : void(out = one);
  }
  return out;
}

}  // namespace

series::ColdLoad RecordedSamples::loadSeries(const Process& process, const series::ColdRequest& request) {
  const Recording::Impl& impl = file_->impl();
  const std::uint32_t index = request.series.index.value;
  Tree tree(impl, process.row, index,
            [this](std::string table, std::int64_t row, std::string what) { note(table, row, what); });
  std::vector<std::uint64_t> keys{request.key};
  if (kindOf(request.key) == KeyKind::Group) keys = groups_[static_cast<std::size_t>(idOf(request.key))];

  std::vector<Piece> pieces;
  std::vector<std::uint64_t> rows;  // keys of what has samples of its own
  const auto addTails = [&] {
    for (const DecodedChunk& chunk : process.tails) {
      for (const DecodedColumn& column : chunk.columns) {
        const auto bounds = column.series == index ? boundsOf(chunk, column) : std::nullopt;
        if (!bounds) continue;
        pieces.push_back({keyOf(KeyKind::Tail, 0),
                          std::visit([](const auto& values) { return summarise(values); }, column.values), *bounds});
      }
    }
  };
  for (const std::uint64_t key : keys) {
    switch (kindOf(key)) {
      case KeyKind::Root:
        pieces = tree.pieces(process.columns(index), kMostChildren);
        addTails();
        break;
      case KeyKind::None: {
        pieces = stretch(tree, process, request.extent);
        addTails();
        std::erase_if(pieces, [&](const Piece& piece) { return !overlaps(piece.extent, request.extent); });
        std::uint64_t samples = 0;
        for (const Piece& piece : pieces) samples += piece.summary.n;
        if (samples > kRowsAtOnce) break;
        for (const Piece& piece : pieces) rows.push_back(piece.key);
        pieces.clear();
        break;
      }
      case KeyKind::Summary: {
        const std::vector<Piece> below = tree.below(idOf(key));
        pieces.insert(pieces.end(), below.begin(), below.end());
        break;
      }
      default:
        rows.push_back(key);
        break;
    }
  }
  if (!pieces.empty()) {
    // Members of a group that are samples already stay beside those that were opened.
    for (const std::uint64_t key : rows) {
      if (kindOf(key) == KeyKind::Tail) {
        addTails();
        continue;
      }
      const std::vector<Piece> one = tree.columns(idOf(key), idOf(key));
      pieces.insert(pieces.end(), one.begin(), one.end());
    }
    return childrenOf(process, std::move(pieces), request);
  }
  return runsOf(process, request, rows);
}

std::optional<RecordedSamples::Reach> RecordedSamples::reach(const ingest::ProcessRef& ref, bool derived) const {
  const Process* process = find(ref);
  if (process == nullptr) return std::nullopt;
  std::optional<Reach> out;
  const auto add = [&](TimeNs from, TimeNs to) {
    if (!out) out = Reach{from, to};
    out->from = std::min(out->from, from);
    out->to = std::max(out->to, to);
  };
  Result<Statement> rows = file_->impl().db.prepare(
      "SELECT min(time_min), max(time_max), count(*) FROM chunks WHERE process = ?1 AND (ring = ?2) = ?3");
  if (rows) {
    rows->bind(1, Cell(process->row)).bind(2, Cell(std::int64_t{ingest::kDerivedRing}));
    rows->bind(3, Cell(std::int64_t{derived ? 1 : 0}));
    if (rows->step().value_or(false) && rows->integer(2) != 0) add(rows->integer(0), rows->integer(1));
  }
  for (const DecodedChunk& chunk : process->tails) {
    if ((chunk.ring == ingest::kDerivedRing) != derived || chunk.head.times.empty()) continue;
    const auto [first, last] = std::ranges::minmax_element(chunk.head.times);
    add(*first, *last);
  }
  return out;
}

// The columns of the chunks that lie in the stretch.
std::vector<RecordedSamples::Piece> RecordedSamples::stretch(Tree& tree, const Process& process,
                                                             const series::Extent& extent) {
  Result<Statement> row = file_->impl().db.prepare(
      "SELECT min(id), max(id) FROM chunks WHERE process = ?1 AND time_max >= ?2 AND time_min <= ?3");
  if (!row) return {};
  row->bind(1, Cell(process.row)).bind(2, Cell(extent.t0)).bind(3, Cell(extent.t1));
  if (!row->step().value_or(false) || row->integer(1) == 0) return {};
  return tree.columns(row->integer(0), row->integer(1));
}

series::ColdLoad RecordedSamples::runsOf(const Process& process, const series::ColdRequest& request,
                                         const std::vector<std::uint64_t>& keys) {
  const Recording::Impl& impl = file_->impl();
  const std::uint32_t index = request.series.index.value;
  RunBuilder builder(request.series, process.breaks);
  Result<Statement> row =
      impl.db.prepare("SELECT * FROM columns WHERE process = ?1 AND idx = ?2 AND chunk = ?3 AND is_double = ?4");
  if (!row) return {};
  bool tails = false;
  for (const std::uint64_t key : keys) {
    if (kindOf(key) == KeyKind::Tail) {
      tails = true;
      continue;
    }
    const bool isDouble = kindOf(key) == KeyKind::ColumnReal;
    row->reset();
    row->bind(1, Cell(process.row)).bind(2, Cell(std::int64_t{index})).bind(3, Cell(idOf(key)));
    row->bind(4, Cell(std::int64_t{isDouble ? 1 : 0}));
    if (!row->step().value_or(false)) continue;
    const std::shared_ptr<const ChunkHead> places = head(idOf(key));
    if (!places) continue;
    const Result<DecodedColumn> column =
        hashMatches(*row) ? decodeColumn(index, isDouble, row->blob(impl.layout().columns.body), *places)
                          : Result<DecodedColumn>(fail(ErrorCode::Corrupt, "its checksum does not match"));
    if (column) {
      builder.add(*places, *column);
    } else {
      note("columns", row->integer(0), column.error().message);
    }
  }
  if (tails) {
    for (const DecodedChunk& chunk : process.tails) {
      for (const DecodedColumn& column : chunk.columns) {
        if (column.series == index) builder.add(chunk.head, column);
      }
    }
  }
  return builder.take(request.extent);
}

std::vector<RecordedSamples::Piece> RecordedSamples::clockPieces(const Process& process, TimeNs from, TimeNs to) {
  std::vector<Piece> out;
  Result<Statement> rows = file_->impl().db.prepare(
      "SELECT id, ring, time_min, time_max, tick_min, tick_max, rows FROM chunks WHERE process = ?1 AND time_max >= ?2 "
      "AND time_min <= ?3 ORDER BY id");
  if (!rows) return out;
  rows->bind(1, Cell(process.row)).bind(2, Cell(from)).bind(3, Cell(to));
  std::int64_t ring = -1;  // one is enough, and that of joined series comes late
  while (rows->step().value_or(false)) {
    if (rows->integer(1) == ingest::kDerivedRing) continue;
    if (ring < 0) ring = rows->integer(1);
    if (rows->integer(1) != ring) continue;
    Piece piece{keyOf(KeyKind::Column, static_cast<std::uint64_t>(rows->integer(0))), {}, {}};
    piece.summary.n = static_cast<std::uint64_t>(rows->integer(6));
    piece.extent = {rows->integer(2), rows->integer(3), rows->integer(4), rows->integer(5)};
    out.push_back(piece);
  }
  return out;
}

series::ColdLoad RecordedSamples::loadClock(const Process& process, const series::ColdRequest& request) {
  const series::Extent& extent = request.extent;
  std::vector<std::uint64_t> keys{request.key};
  if (kindOf(request.key) == KeyKind::Group) keys = groups_[static_cast<std::size_t>(idOf(request.key))];
  if (kindOf(request.key) == KeyKind::Root || kindOf(request.key) == KeyKind::None) {
    std::vector<Piece> pieces = clockPieces(process, extent.t0, extent.t1);
    std::uint64_t rows = 0;
    for (const Piece& piece : pieces) rows += piece.summary.n;
    for (const DecodedChunk& chunk : process.tails) {
      if (chunk.ring == ingest::kDerivedRing || chunk.head.times.empty()) continue;
      Piece tail{keyOf(KeyKind::Tail, 0), {}, {}};
      for (std::size_t i = 0; i < chunk.head.times.size(); ++i) {
        const Extent one{chunk.head.times[i], chunk.head.times[i], chunk.head.ticks[i], chunk.head.ticks[i]};
        i == 0 ? void(tail.extent = one) : tail.extent.add(one);
      }
      tail.summary.n = chunk.head.times.size();
      pieces.push_back(tail);
    }
    if (kindOf(request.key) == KeyKind::Root || rows > kRowsAtOnce)
      return childrenOf(process, std::move(pieces), request);
    keys.clear();
    for (const Piece& piece : pieces) keys.push_back(piece.key);
  }
  const ingest::SeriesInfo none;
  const std::vector<TimeNs> noBreaks;
  RunBuilder builder(none, noBreaks);
  bool tails = false;
  for (const std::uint64_t key : keys) {
    if (kindOf(key) == KeyKind::Tail) {
      tails = true;
    } else if (const auto places = head(idOf(key))) {
      builder.addClock(*places);
    }
  }
  for (const DecodedChunk& chunk : process.tails) {
    if (tails && chunk.ring != ingest::kDerivedRing) builder.addClock(chunk.head);
  }
  return builder.take(extent);
}

}  // namespace qd::recording
