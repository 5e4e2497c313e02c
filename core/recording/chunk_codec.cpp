// SPDX-License-Identifier: Apache-2.0
#include "core/recording/chunk_layout.h"

namespace qd::recording {

std::size_t DecodedColumn::size() const {
  return std::visit([](const auto& v) { return v.size(); }, values);
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
