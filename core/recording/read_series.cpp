// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "core/recording/recording_impl.h"

namespace qd::recording {
namespace {

struct Places {
  std::vector<Tick> ticks;
  std::vector<TimeNs> times;
};

void give(const Values& values, const Places& places, const std::function<void(const SampleRun&)>& each) {
  each({places.ticks, places.times, std::get_if<0>(&values), std::get_if<1>(&values)});
}

Places placesOf(const ChunkHead& head, const DecodedColumn& column) {
  Places out;
  out.ticks.reserve(column.size());
  out.times.reserve(column.size());
  for (std::size_t i = 0; i < column.size(); ++i) {
    out.ticks.push_back(head.ticks[column.row(i)]);
    out.times.push_back(head.times[column.row(i)]);
  }
  return out;
}

Result<ChunkHead> headOf(const Recording::Impl& file, std::int64_t chunk, std::vector<Damage>& damaged) {
  Result<Statement> row = file.db.prepare(fmt::format("SELECT * FROM chunks WHERE id = {}", chunk));
  if (!row) return std::unexpected(row.error());
  if (!row->step().value_or(false) || !hashMatches(*row)) {
    damaged.push_back({"chunks", chunk, "its checksum does not match"});
    return fail(ErrorCode::Corrupt, "damaged");
  }
  Result<ChunkHead> head = decodeHead(row->blob(file.layout().chunks.body), file.format);
  if (!head) damaged.push_back({"chunks", chunk, head.error().message});
  return head;
}

}  // namespace

Result<std::vector<Damage>> Recording::read(const RecordedSeries& series, bool withPlaces,
                                            const std::function<void(const SampleRun&)>& each, TimeNs from,
                                            TimeNs to) const {
  std::vector<Damage> damaged;
  const Database& db = impl_->db;
  const std::uint32_t index = series.info.index.value;
  const auto giveColumn = [&](const Statement& row, bool places) -> Result<> {
    const bool isDouble = row.integer(4) != 0;
    const ByteView body = row.blob(impl_->layout().columns.body);
    if (!places) {
      const Result<Values> values = decodeValues(isDouble, body);
      if (!values) return std::unexpected(values.error());
      give(*values, {}, each);
      return {};
    }
    const Result<ChunkHead> head = headOf(*impl_, row.integer(1), damaged);
    if (!head) return {};  // said by headOf
    const Result<DecodedColumn> column = decodeColumn(index, isDouble, body, *head);
    if (!column) return std::unexpected(column.error());
    give(column->values, placesOf(*head, *column), each);
    return {};
  };
  Result<Statement> columns =
      db.prepare(fmt::format("SELECT * FROM columns WHERE process = {0} AND idx = {1} AND chunk IN (SELECT id FROM "
                             "chunks WHERE process = {0} AND "
                             "time_max >= {2} AND time_min <= {3}) ORDER BY chunk",
                             series.processRow, index, from, to));
  if (from == INT64_MIN && to == INT64_MAX) {
    columns = db.prepare(
        fmt::format("SELECT * FROM columns WHERE process = {} AND idx = {} ORDER BY chunk", series.processRow, index));
  }
  if (!columns) return std::unexpected(columns.error());
  while (true) {
    const Result<bool> row = columns->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) break;
    if (!hashMatches(*columns)) {
      damaged.push_back({"columns", columns->integer(0), "its checksum does not match"});
      continue;
    }
    if (Result<> given = giveColumn(*columns, withPlaces); !given) {
      damaged.push_back({"columns", columns->integer(0), given.error().message});
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
            ? decodeTail(tails->blob(impl_->layout().tails.body), impl_->format)
            : Result<std::vector<DecodedChunk>>(fail(ErrorCode::Corrupt, "its checksum does not match"));
    if (!chunks) {
      damaged.push_back({"tails", tails->integer(0), chunks.error().message});
      continue;
    }
    for (const DecodedChunk& chunk : *chunks) {
      for (const DecodedColumn& column : chunk.columns) {
        if (column.series != index) continue;
        give(column.values, withPlaces ? placesOf(chunk.head, column) : Places(), each);
      }
    }
  }
}

}  // namespace qd::recording
