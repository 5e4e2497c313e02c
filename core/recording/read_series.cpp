// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "core/recording/recording_impl.h"

namespace qd::recording {
namespace {

struct Places {
  std::vector<Tick> ticks;
  std::vector<TimeNs> times;
};

void give(const ChunkHead& head, const DecodedColumn& column, bool withPlaces,
          const std::function<void(const SampleRun&)>& each) {
  Places places;
  if (withPlaces) {
    for (std::size_t i = 0; i < column.size(); ++i) {
      places.ticks.push_back(head.ticks[column.row(i)]);
      places.times.push_back(head.times[column.row(i)]);
    }
  }
  each({places.ticks, places.times, std::get_if<0>(&column.values), std::get_if<1>(&column.values)});
}

Result<ChunkHead> headOf(const Database& db, std::int64_t chunk, std::vector<Damage>& damaged) {
  Result<Statement> row = db.prepare(fmt::format("SELECT * FROM chunks WHERE id = {}", chunk));
  if (!row) return std::unexpected(row.error());
  if (!row->step().value_or(false) || !hashMatches(*row)) {
    damaged.push_back({"chunks", chunk, "its checksum does not match"});
    return fail(ErrorCode::Corrupt, "damaged");
  }
  return decodeHead(row->blob(13));
}

}  // namespace

Result<std::vector<Damage>> Recording::read(const RecordedSeries& series, bool withPlaces,
                                            const std::function<void(const SampleRun&)>& each) const {
  std::vector<Damage> damaged;
  const Database& db = impl_->db;
  const std::uint32_t index = series.info.index.value;
  Result<Statement> columns = db.prepare(
      fmt::format("SELECT * FROM columns WHERE process = {} AND idx = {} ORDER BY chunk", series.processRow, index));
  if (!columns) return std::unexpected(columns.error());
  while (true) {
    const Result<bool> row = columns->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) break;
    if (!hashMatches(*columns)) {
      damaged.push_back({"columns", columns->integer(0), "its checksum does not match"});
      continue;
    }
    const Result<ChunkHead> head = withPlaces ? headOf(db, columns->integer(1), damaged) : ChunkHead();
    if (!head) continue;
    const std::size_t rows = withPlaces ? head->ticks.size() : kMostInAList;
    const Result<DecodedColumn> column = decodeColumn(index, columns->integer(4) != 0, columns->blob(10), rows);
    if (column) {
      give(*head, *column, withPlaces, each);
    } else {
      damaged.push_back({"columns", columns->integer(0), column.error().message});
    }
  }
  Result<Statement> tails =
      db.prepare(fmt::format("SELECT * FROM tails WHERE process = {} ORDER BY id", series.processRow));
  if (!tails) return std::unexpected(tails.error());
  while (true) {
    const Result<bool> row = tails->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return damaged;
    const Result<std::vector<DecodedChunk>> chunks =
        hashMatches(*tails)
            ? decodeTail(tails->blob(7))
            : Result<std::vector<DecodedChunk>>(fail(ErrorCode::Corrupt, "its checksum does not match"));
    if (!chunks) {
      damaged.push_back({"tails", tails->integer(0), chunks.error().message});
      continue;
    }
    for (const DecodedChunk& chunk : *chunks) {
      for (const DecodedColumn& column : chunk.columns) {
        if (column.series == index) give(chunk.head, column, withPlaces, each);
      }
    }
  }
}

}  // namespace qd::recording
