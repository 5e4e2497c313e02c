// SPDX-License-Identifier: Apache-2.0
#include "core/recording/chunk_codec.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace qd::recording {
namespace {

using ingest::Column;
using ingest::SampleBlock;

const SampleBlock& blockOf(const Placed& placed) {
  return std::get<SampleBlock>(placed.envelope->event);
}

struct Gathered {
  std::vector<std::int64_t> rows;
  std::vector<std::int64_t> ints;
  std::vector<double> doubles;
};
using SeriesKey = std::pair<std::uint32_t, bool>;

void gather(const Column& column, std::size_t base, Gathered& into) {
  const std::size_t n = column.size();
  for (std::size_t i = 0; i < n; ++i) into.rows.push_back(base + (column.rows.empty() ? i : column.rows[i]));
  if (const auto* ints = std::get_if<0>(&column.values)) {
    into.ints.insert(into.ints.end(), ints->begin(), ints->end());
  } else {
    const auto& doubles = std::get<1>(column.values);
    into.doubles.insert(into.doubles.end(), doubles.begin(), doubles.end());
  }
}

template <class T>
void summarise(const std::vector<T>& values, EncodedColumn& out) {
  double sum = 0, low = 0, high = 0;
  std::uint64_t n = 0;
  for (const T v : values) {
    const auto d = static_cast<double>(v);
    if (std::isnan(d)) continue;
    low = n == 0 ? d : std::min(low, d);
    high = n == 0 ? d : std::max(high, d);
    sum += d;
    ++n;
  }
  out.n = values.size();
  out.min = low + 0.0;
  out.max = high + 0.0;
  out.mean = n == 0 ? 0 : sum / static_cast<double>(n);
}

bool isDense(const std::vector<std::int64_t>& rows, std::size_t chunkRows) {
  if (rows.size() != chunkRows) return false;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] != static_cast<std::int64_t>(i)) return false;
  }
  return true;
}

EncodedColumn encodeColumn(Packer& packer, SeriesKey key, const Gathered& data, std::size_t chunkRows) {
  EncodedColumn out;
  out.series = key.first;
  out.isDouble = key.second;
  const bool dense = isDense(data.rows, chunkRows);
  ByteWriter(out.body).u8(dense ? 0 : 1);
  if (!dense) packer.ints(data.rows, out.body);
  if (out.isDouble) {
    summarise(data.doubles, out);
    packer.doubles(data.doubles, out.body);
  } else {
    summarise(data.ints, out);
    packer.ints(data.ints, out.body);
  }
  return out;
}

constexpr std::size_t kPlaceColumns = 9;

// One list for each field of BlockHead, in its order.
Bytes encodeHead(Packer& packer, std::span<const Placed> blocks) {
  std::vector<std::int64_t> place[kPlaceColumns];
  std::vector<Tick> ticks;
  std::vector<TimeNs> times;
  for (const Placed& placed : blocks) {
    const SampleBlock& block = blockOf(placed);
    const std::uint64_t fields[kPlaceColumns] = {placed.ord,
                                                 static_cast<std::uint64_t>(placed.at),
                                                 placed.envelope->sequence,
                                                 placed.envelope->previous,
                                                 static_cast<std::uint64_t>(placed.envelope->received),
                                                 block.firstSequence,
                                                 block.count,
                                                 block.dropped,
                                                 block.ticks.size()};
    for (std::size_t i = 0; i < kPlaceColumns; ++i) place[i].push_back(static_cast<std::int64_t>(fields[i]));
    ticks.insert(ticks.end(), block.ticks.begin(), block.ticks.end());
    times.insert(times.end(), block.times.begin(), block.times.end());
  }
  Bytes out;
  for (const auto& column : place) packer.ints(column, out);
  packer.ints(ticks, out);
  packer.ints(times, out);
  return out;
}

void bound(EncodedChunk& chunk, const SampleBlock& block) {
  for (std::size_t i = 0; i < block.ticks.size(); ++i) {
    if (chunk.rows + i == 0) {
      chunk.tickMin = chunk.tickMax = block.ticks[0];
      chunk.timeMin = chunk.timeMax = block.times[0];
    }
    chunk.tickMin = std::min(chunk.tickMin, block.ticks[i]);
    chunk.tickMax = std::max(chunk.tickMax, block.ticks[i]);
    chunk.timeMin = std::min(chunk.timeMin, block.times[i]);
    chunk.timeMax = std::max(chunk.timeMax, block.times[i]);
  }
}

}  // namespace

bool isSound(const SampleBlock& block) {
  const std::size_t rows = block.ticks.size();
  if (block.times.size() != rows || rows > kMostInAList) return false;
  return std::all_of(block.columns.begin(), block.columns.end(), [rows](const Column& column) {
    const std::size_t n = column.size();
    if (column.rows.empty()) return n <= rows;
    return column.rows.size() == n &&
           std::all_of(column.rows.begin(), column.rows.end(), [rows](std::uint32_t row) { return row < rows; });
  });
}

EncodedChunk encodeChunk(Packer& packer, std::span<const Placed> blocks) {
  EncodedChunk chunk;
  chunk.ring = blockOf(blocks.front()).ring;
  chunk.ord = blocks.front().ord;
  chunk.at = blocks.front().at;
  chunk.blocks = blocks.size();
  chunk.head = encodeHead(packer, blocks);
  std::map<SeriesKey, Gathered> bySeries;
  for (const Placed& placed : blocks) {
    const SampleBlock& block = blockOf(placed);
    bound(chunk, block);
    for (const Column& column : block.columns) {
      gather(column, chunk.rows, bySeries[{column.series.value, column.values.index() == 1}]);
    }
    chunk.rows += block.ticks.size();
  }
  for (const auto& [key, data] : bySeries) {
    if (data.rows.empty()) continue;
    chunk.columns.push_back(encodeColumn(packer, key, data, chunk.rows));
    chunk.points += chunk.columns.back().n;
  }
  return chunk;
}

std::size_t DecodedColumn::size() const {
  return std::visit([](const auto& v) { return v.size(); }, values);
}

Result<ChunkHead> decodeHead(ByteView bytes) {
  ByteReader in(bytes);
  std::vector<std::int64_t> place[kPlaceColumns];
  for (auto& column : place) column = unpackInts(in);
  ChunkHead head;
  head.ticks = unpackInts(in);
  head.times = unpackInts(in);
  bool sound = in.ok() && in.atEnd() && head.ticks.size() == head.times.size();
  for (const auto& column : place) sound = sound && column.size() == place[0].size();
  std::uint64_t rows = 0;
  for (std::size_t i = 0; sound && i < place[0].size(); ++i) {
    const auto field = [&](std::size_t column) { return static_cast<std::uint64_t>(place[column][i]); };
    head.blocks.push_back(
        {field(0), place[1][i], field(2), field(3), place[4][i], field(5), field(6), field(7), field(8)});
    sound = field(8) <= head.ticks.size() - rows;
    rows += field(8);
  }
  if (!sound || rows != head.ticks.size()) return fail(ErrorCode::Corrupt, "its head does not decode");
  return head;
}

Result<DecodedColumn> decodeColumn(std::uint32_t series, bool isDouble, ByteView bytes, std::size_t chunkRows) {
  ByteReader in(bytes);
  DecodedColumn out;
  out.series = series;
  const std::uint8_t sparse = in.u8();
  if (sparse == 1) out.rows = unpackInts(in);
  if (isDouble) {
    out.values = unpackDoubles(in);
  } else {
    out.values = unpackInts(in);
  }
  const std::size_t n = out.size();
  bool sound = in.ok() && in.atEnd() && sparse <= 1 && (sparse == 1 ? out.rows.size() == n : n <= chunkRows);
  for (const std::int64_t row : out.rows) sound = sound && row >= 0 && static_cast<std::size_t>(row) < chunkRows;
  if (!sound) return fail(ErrorCode::Corrupt, "its values do not decode");
  return out;
}

}  // namespace qd::recording
