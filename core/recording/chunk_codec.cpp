// SPDX-License-Identifier: Apache-2.0
#include "core/recording/chunk_layout.h"

namespace qd::recording {
namespace {

// Undoes the differences.
void restore(ChunkHead& head) {
  std::size_t row = 0;
  std::uint64_t expected = 0;
  for (BlockHead& block : head.blocks) {
    const auto first = block.rows == 0 ? 0 : static_cast<std::uint64_t>(head.times[row]);
    const std::uint64_t at = static_cast<std::uint64_t>(block.at) + first;
    block.at = static_cast<TimeNs>(at);
    block.previous = block.sequence - block.previous;
    block.received = static_cast<TimeNs>(static_cast<std::uint64_t>(block.received) + at);
    block.firstSequence += expected;
    row += block.rows;
    expected = block.firstSequence + block.count;
  }
}

}  // namespace

std::size_t DecodedColumn::size() const {
  return std::visit([](const auto& v) { return v.size(); }, values);
}

Result<ChunkHead> decodeHead(ByteView bytes, int format) {
  ByteReader in(bytes);
  std::vector<std::int64_t> place[kPlaceColumns];
  for (auto& column : place) column = unpackInts(in);
  ChunkHead head;
  head.ticks = unpackInts(in);
  head.times = unpackInts(in);
  if (format > 1) {
    for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) head.rowLists.push_back(unpackInts(in));
  }
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
  if (format > 1) restore(head);
  return head;
}

namespace {

// What stands before the values; leaves `list` empty where it is the head's.
bool skipRows(ByteReader& in, std::uint8_t& kind, std::uint64_t& shared, std::vector<std::int64_t>& own) {
  kind = in.u8();
  if (kind == kOwnList) own = unpackInts(in);
  if (kind == kSharedList) shared = in.varint();
  return in.ok() && kind <= kSharedList;
}

Values takeValues(ByteReader& in, bool isDouble) {
  if (isDouble) return unpackDoubles(in);
  return unpackInts(in);
}

}  // namespace

Result<Values> decodeValues(bool isDouble, ByteView bytes) {
  ByteReader in(bytes);
  std::uint8_t kind = 0;
  std::uint64_t shared = 0;
  std::vector<std::int64_t> own;
  const bool sound = skipRows(in, kind, shared, own);
  Values values = takeValues(in, isDouble);
  if (!sound || !in.ok() || !in.atEnd()) return fail(ErrorCode::Corrupt, "its values do not decode");
  return values;
}

Result<DecodedColumn> decodeColumn(std::uint32_t series, bool isDouble, ByteView bytes, const ChunkHead& head) {
  ByteReader in(bytes);
  DecodedColumn out;
  out.series = series;
  std::uint8_t kind = 0;
  std::uint64_t shared = 0;
  bool sound = skipRows(in, kind, shared, out.rows);
  if (kind == kSharedList) {
    sound = sound && shared < head.rowLists.size();
    if (sound) out.rows = head.rowLists[shared];
  }
  out.values = takeValues(in, isDouble);
  const std::size_t n = out.size(), chunkRows = head.ticks.size();
  sound = sound && in.ok() && in.atEnd() && (kind != kEveryRow ? out.rows.size() == n : n <= chunkRows);
  for (const std::int64_t row : out.rows) sound = sound && row >= 0 && static_cast<std::size_t>(row) < chunkRows;
  if (!sound) return fail(ErrorCode::Corrupt, "its values do not decode");
  return out;
}

}  // namespace qd::recording
