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

}  // namespace

RecordedSamples::Tree RecordedSamples::tree(const Part& part, std::uint32_t series) {
  return {file_->impl(), part.row, series,
          [this](std::string table, std::int64_t row, std::string what) { note(table, row, what); }};
}

// What one part has of the series in question.
class RecordedSamples::Search {
 public:
  Search(RecordedSamples& samples, const Process& process, std::size_t part, std::uint32_t series)
      : samples_(samples), at_(process.parts[part]), part_(part), series_(series), tree_(samples.tree(at_, series)) {}

  void all(std::vector<Piece>& out) {
    put(tree_.pieces(at_.columns(series_), kMostChildren), out);
    tails(out);
  }
  void within(const series::Extent& extent, std::vector<Piece>& out) {
    std::vector<Piece> found = samples_.stretch(tree_, at_, extent);
    tails(found);
    std::erase_if(found, [&](const Piece& piece) { return !overlaps(piece.extent, extent); });
    put(std::move(found), out);
  }
  void below(std::uint64_t summary, std::vector<Piece>& out) { put(tree_.below(idOf(summary)), out); }
  // What has samples of its own, told as what it comes to.
  void itself(std::uint64_t key, std::vector<Piece>& out) {
    if (kindOf(key) == KeyKind::Tail) return tails(out);
    put(tree_.columns(idOf(key), idOf(key)), out);
  }

 private:
  void tails(std::vector<Piece>& out) {
    eachTail(at_, series_, [&](const Summary& summary, const Extent& extent) {
      out.push_back({ofPart(keyOf(KeyKind::Tail, 0), part_), summary, extent});
    });
  }
  void put(std::vector<Piece> found, std::vector<Piece>& out) {
    for (Piece& piece : found) {
      piece.key = ofPart(piece.key, part_);
      out.push_back(std::move(piece));
    }
  }

  RecordedSamples& samples_;
  const Part& at_;
  const std::size_t part_;
  const std::uint32_t series_;
  Tree tree_;
};

series::ColdLoad RecordedSamples::loadSeries(const Process& process, const series::ColdRequest& request) {
  const std::string label = RecordedSeries{0, {}, {}, request.series}.label();
  std::vector<std::optional<Search>> parts(process.parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (const auto* own = process.parts[i].find(label)) parts[i].emplace(*this, process, i, own->index.value);
  }
  std::vector<std::uint64_t> keys{request.key};
  if (kindOf(request.key) == KeyKind::Group) keys = groups_[static_cast<std::size_t>(idOf(request.key))];

  std::vector<Piece> pieces;
  std::vector<std::uint64_t> rows;  // keys of what has samples of its own
  for (const std::uint64_t key : keys) {
    const KeyKind kind = kindOf(key);
    if (kind == KeyKind::Root || kind == KeyKind::None) {
      for (auto& part : parts) {
        if (part) kind == KeyKind::Root ? part->all(pieces) : part->within(request.extent, pieces);
      }
    } else if (kind == KeyKind::Summary) {
      if (partOf(key) < parts.size() && parts[partOf(key)]) parts[partOf(key)]->below(key, pieces);
    } else {
      rows.push_back(key);
    }
  }
  if (kindOf(request.key) == KeyKind::None) {
    std::uint64_t samples = 0;
    for (const Piece& piece : pieces) samples += piece.summary.n;
    if (samples <= kRowsAtOnce) {
      for (const Piece& piece : pieces) rows.push_back(piece.key);
      pieces.clear();
    }
  }
  if (pieces.empty()) return runsOf(process, request, rows);
  // Members of a group that are samples already stay beside those that were opened.
  for (const std::uint64_t key : rows) {
    if (partOf(key) < parts.size() && parts[partOf(key)]) parts[partOf(key)]->itself(key, pieces);
  }
  return childrenOf(process, std::move(pieces), request);
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
  for (const Part& part : process->parts) {
    if (rows) {
      rows->reset();
      rows->bind(1, Cell(part.row)).bind(2, Cell(std::int64_t{ingest::kDerivedRing}));
      rows->bind(3, Cell(std::int64_t{derived ? 1 : 0}));
      if (rows->step().value_or(false) && rows->integer(2) != 0) add(rows->integer(0), rows->integer(1));
    }
    for (const DecodedChunk& chunk : part.tails) {
      if ((chunk.ring == ingest::kDerivedRing) != derived || chunk.head.times.empty()) continue;
      const auto [first, last] = std::ranges::minmax_element(chunk.head.times);
      add(*first, *last);
    }
  }
  return out;
}

// The columns of the chunks that lie in the stretch.
std::vector<RecordedSamples::Piece> RecordedSamples::stretch(Tree& tree, const Part& part,
                                                             const series::Extent& extent) {
  Result<Statement> row = file_->impl().db.prepare(
      "SELECT min(id), max(id) FROM chunks WHERE process = ?1 AND time_max >= ?2 AND time_min <= ?3");
  if (!row) return {};
  row->bind(1, Cell(part.row)).bind(2, Cell(extent.t0)).bind(3, Cell(extent.t1));
  if (!row->step().value_or(false) || row->integer(1) == 0) return {};
  return tree.columns(row->integer(0), row->integer(1));
}

series::ColdLoad RecordedSamples::runsOf(const Process& process, const series::ColdRequest& request,
                                         const std::vector<std::uint64_t>& keys) {
  const Recording::Impl& impl = file_->impl();
  const std::string label = RecordedSeries{0, {}, {}, request.series}.label();
  RunBuilder builder(request.series, process.breaks, process.parts.size());
  Result<Statement> row =
      impl.db.prepare("SELECT * FROM columns WHERE process = ?1 AND idx = ?2 AND chunk = ?3 AND is_double = ?4");
  if (!row) return {};
  std::vector<bool> tails(process.parts.size());
  for (const std::uint64_t key : keys) {
    const std::size_t at = partOf(key);
    const ingest::SeriesInfo* own = at < process.parts.size() ? process.parts[at].find(label) : nullptr;
    if (own == nullptr) continue;
    if (kindOf(key) == KeyKind::Tail) {
      tails[at] = true;
      continue;
    }
    const std::uint32_t index = own->index.value;
    const bool isDouble = kindOf(key) == KeyKind::ColumnReal;
    row->reset();
    row->bind(1, Cell(process.parts[at].row)).bind(2, Cell(std::int64_t{index})).bind(3, Cell(idOf(key)));
    row->bind(4, Cell(std::int64_t{isDouble ? 1 : 0}));
    if (!row->step().value_or(false)) continue;
    const auto places = head(idOf(key));
    if (!places) continue;
    const Result<DecodedColumn> column =
        hashMatches(*row) ? decodeColumn(index, isDouble, row->blob(impl.layout().columns.body), places->head)
                          : Result<DecodedColumn>(fail(ErrorCode::Corrupt, "its checksum does not match"));
    if (column) {
      builder.add(at, places->ring, places->head, *column);
    } else {
      note("columns", row->integer(0), column.error().message);
    }
  }
  for (std::size_t at = 0; at < tails.size(); ++at) {
    if (!tails[at]) continue;
    const std::uint32_t index = process.parts[at].find(label)->index.value;
    for (const DecodedChunk& chunk : process.parts[at].tails) {
      for (const DecodedColumn& column : chunk.columns) {
        if (column.series == index) builder.add(at, chunk.ring, chunk.head, column);
      }
    }
  }
  return builder.take(request.extent);
}

std::vector<RecordedSamples::Piece> RecordedSamples::clockPieces(const Part& part, TimeNs from, TimeNs to) {
  std::vector<Piece> out;
  Result<Statement> rows = file_->impl().db.prepare(
      "SELECT id, ring, time_min, time_max, tick_min, tick_max, rows FROM chunks WHERE process = ?1 AND time_max >= ?2 "
      "AND time_min <= ?3 ORDER BY id");
  if (!rows) return out;
  rows->bind(1, Cell(part.row)).bind(2, Cell(from)).bind(3, Cell(to));
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
    std::vector<Piece> pieces;
    std::uint64_t rows = 0;
    for (std::size_t at = 0; at < process.parts.size(); ++at) {
      for (Piece& piece : clockPieces(process.parts[at], extent.t0, extent.t1)) {
        rows += piece.summary.n;
        piece.key = ofPart(piece.key, at);
        pieces.push_back(std::move(piece));
      }
      for (const DecodedChunk& chunk : process.parts[at].tails) {
        if (chunk.ring == ingest::kDerivedRing || chunk.head.times.empty()) continue;
        Piece tail{ofPart(keyOf(KeyKind::Tail, 0), at), {}, {}};
        for (std::size_t i = 0; i < chunk.head.times.size(); ++i) {
          const Extent one{chunk.head.times[i], chunk.head.times[i], chunk.head.ticks[i], chunk.head.ticks[i]};
          i == 0 ? void(tail.extent = one) : tail.extent.add(one);
        }
        tail.summary.n = chunk.head.times.size();
        pieces.push_back(tail);
      }
    }
    if (kindOf(request.key) == KeyKind::Root || rows > kRowsAtOnce)
      return childrenOf(process, std::move(pieces), request);
    keys.clear();
    for (const Piece& piece : pieces) keys.push_back(piece.key);
  }
  const ingest::SeriesInfo none;
  const std::vector<TimeNs> noBreaks;
  RunBuilder builder(none, noBreaks, process.parts.size());
  std::vector<bool> tails(process.parts.size());
  for (const std::uint64_t key : keys) {
    const std::size_t at = partOf(key);
    if (at >= tails.size()) continue;
    if (kindOf(key) == KeyKind::Tail) {
      tails[at] = true;
    } else if (const auto places = head(idOf(key))) {
      builder.addClock(at, places->ring, places->head);
    }
  }
  for (std::size_t at = 0; at < tails.size(); ++at) {
    for (const DecodedChunk& chunk : process.parts[at].tails) {
      if (tails[at] && chunk.ring != ingest::kDerivedRing) builder.addClock(at, chunk.ring, chunk.head);
    }
  }
  return builder.take(extent);
}

}  // namespace qd::recording
