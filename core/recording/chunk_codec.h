// SPDX-License-Identifier: Apache-2.0
// Sample blocks of one ring of one process ⇄ a chunk: one head (where each block stood, and the shared tick and time
// columns) and one body per series, so that a reader can take the head and one series alone. Values survive bit for
// bit; row lists survive as sets of (row, value) in their order. A chunk holds at most 2^24 rows.
// Decoding is for hostile input: errors are Corrupt, nothing is read or allocated beyond the bounds. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/base/error.h"
#include "core/recording/head_codec.h"
#include "core/recording/pack.h"
#include "core/recording/placed.h"
#include "core/recording/summary.h"

namespace qd::recording {

using Values = std::variant<std::vector<std::int64_t>, std::vector<double>>;

struct EncodedColumn {
  std::uint32_t series = 0;
  bool isDouble = false;
  Bytes body;
  // Of a chunk only:
  Summary summary;
  Extent extent;
  Bytes pyramid;       // empty where the column is no longer than a bucket
  std::string sketch;  // stored_sketch.h
};

struct EncodedChunk {
  std::uint32_t ring = 0;
  std::uint64_t blocks = 0, rows = 0, points = 0, dropped = 0;
  std::uint64_t ord = 0, ordMax = 0;  // least and greatest of the blocks
  TimeNs at = 0, atMax = 0;
  Extent extent;
  Bytes head;
  Bytes marks;  // extents of each kBucket rows; empty where there are no more than that, and in a tail
  std::vector<EncodedColumn> columns;
};

// The writer puts fewer values than that into one chunk or tail.
inline constexpr std::size_t kMostDecoded = 2 * kMostInAList;

// Whether the columns of a block fit together: what does not is never recorded.
bool isSound(const ingest::SampleBlock& block);

// `blocks`: sound, of one process and ring, in order, not empty.
enum class Detail { Tail, Chunk };                     // a tail lives a minute: without summaries
using Scales = std::map<std::uint32_t, std::int32_t>;  // of series by index, for their sketches; 0 where not named
EncodedChunk encodeChunk(Packer& packer, std::span<const Placed> blocks, Detail detail, const Scales& scales = {});

struct DecodedColumn {
  std::uint32_t series = 0;
  std::vector<std::int64_t> rows;  // of the chunk, each below its row count; empty: value i stands in row i
  Values values;
  std::size_t size() const;
  std::size_t row(std::size_t i) const { return rows.empty() ? i : static_cast<std::size_t>(rows[i]); }
};

// Against its chunk's head.
Result<DecodedColumn> decodeColumn(std::uint32_t series, bool isDouble, ByteView bytes, const ChunkHead& head);
// The values alone.
Result<Values> decodeValues(bool isDouble, ByteView bytes);

// The envelopes again, with what columns there are.
std::vector<Placed> assemble(const AgentId& agent, const ingest::ProcessRef& process, std::uint32_t ring,
                             ChunkHead head, const std::vector<DecodedColumn>& columns);

// A tail blob: the chunks of one second of one process in one piece.
Bytes encodeTail(const std::vector<EncodedChunk>& chunks);
struct DecodedChunk {
  std::uint32_t ring = 0;
  ChunkHead head;
  std::vector<DecodedColumn> columns;
};
Result<std::vector<DecodedChunk>> decodeTail(ByteView bytes, int format);

}  // namespace qd::recording
