// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/recording/chunk_codec.h"

namespace qd::recording {
namespace {

using ingest::Column;
using ingest::SampleBlock;

// The values [from, to) of `column` as a column of the block that begins at row `base`.
Column slice(const DecodedColumn& column, std::size_t from, std::size_t to, std::size_t base) {
  Column out;
  out.series = SeriesIndex(column.series);
  bool leading = true;
  for (std::size_t i = from; i < to; ++i) {
    out.rows.push_back(static_cast<std::uint32_t>(column.row(i) - base));
    leading = leading && out.rows.back() == i - from;
  }
  if (leading) out.rows.clear();
  std::visit([&](const auto& v) { out.values = std::decay_t<decltype(v)>(v.begin() + from, v.begin() + to); },
             column.values);
  return out;
}

}  // namespace

std::vector<Placed> assemble(const AgentId& agent, const ingest::ProcessRef& process, std::uint32_t ring,
                             ChunkHead head, const std::vector<DecodedColumn>& columns) {
  std::vector<Placed> out;
  out.reserve(head.blocks.size());
  std::vector<std::size_t> next(columns.size(), 0);
  std::size_t base = 0;
  for (const BlockHead& place : head.blocks) {
    auto envelope = std::make_shared<ingest::Envelope>();
    envelope->agent = agent;
    envelope->sequence = place.sequence;
    envelope->previous = place.previous;
    envelope->received = place.received;
    SampleBlock block{process, ring, place.firstSequence, place.count, place.dropped, {}, {}, {}};
    block.ticks.assign(head.ticks.begin() + base, head.ticks.begin() + base + place.rows);
    block.times.assign(head.times.begin() + base, head.times.begin() + base + place.rows);
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const std::size_t from = next[c];
      std::size_t& to = next[c];
      while (to < columns[c].size() && columns[c].row(to) >= base && columns[c].row(to) < base + place.rows) ++to;
      if (to > from) block.columns.push_back(slice(columns[c], from, to, base));
    }
    base += place.rows;
    envelope->event = std::move(block);
    out.push_back({place.ord, place.at, std::move(envelope)});
  }
  return out;
}

Bytes encodeTail(const std::vector<EncodedChunk>& chunks) {
  Bytes out;
  ByteWriter writer(out);
  writer.varint(chunks.size());
  for (const EncodedChunk& chunk : chunks) {
    writer.varint(chunk.ring);
    writer.block(chunk.head);
    writer.varint(chunk.columns.size());
    for (const EncodedColumn& column : chunk.columns) {
      writer.varint(column.series);
      writer.u8(column.isDouble ? 1 : 0);
      writer.block(column.body);
    }
  }
  return out;
}

Result<std::vector<DecodedChunk>> decodeTail(ByteView bytes, int format) {
  ByteReader in(bytes);
  std::size_t values = 0;
  std::vector<DecodedChunk> out;
  for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    DecodedChunk chunk;
    chunk.ring = static_cast<std::uint32_t>(in.varint());
    Result<ChunkHead> head = decodeHead(in.block(), format);
    if (!head) return std::unexpected(head.error());
    chunk.head = std::move(*head);
    for (std::uint64_t columns = in.varint(); columns > 0 && in.ok(); --columns) {
      const auto series = static_cast<std::uint32_t>(in.varint());
      const bool isDouble = in.u8() == 1;
      Result<DecodedColumn> column = decodeColumn(series, isDouble, in.block(), chunk.head);
      if (!column) return std::unexpected(column.error());
      values += column->size();
      if (values > kMostDecoded) return fail(ErrorCode::Corrupt, "it holds more values than a tail can");
      chunk.columns.push_back(std::move(*column));
    }
    out.push_back(std::move(chunk));
  }
  if (!in.ok() || !in.atEnd()) return fail(ErrorCode::Corrupt, "its length is wrong");
  return out;
}

}  // namespace qd::recording
