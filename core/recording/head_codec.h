// SPDX-License-Identifier: Apache-2.0
// The head of a chunk: where each of its blocks stood, and the ticks and times that all columns share, as bytes
// (`chunks.body` in FORMAT.md). Lossless; cheapest where replay and log times stand on the grid (ingest/log_grid.h).
// Decoding is for hostile input: errors are Corrupt. Any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/ids.h"
#include "core/recording/pack.h"

namespace qd::recording {

struct BlockHead {
  std::uint64_t ord = 0;
  TimeNs at = 0;
  std::uint64_t sequence = 0, previous = 0;  // of the envelope
  TimeNs received = 0;
  std::uint64_t firstSequence = 0, count = 0, dropped = 0;
  std::size_t rows = 0;
};

struct ChunkHead {
  std::vector<BlockHead> blocks;
  std::vector<Tick> ticks;
  std::vector<TimeNs> times;
  std::vector<std::vector<std::int64_t>> rowLists;  // that columns share
};

// All but the row lists, which the caller appends. The rows of all blocks add up to the number of ticks and of times.
Bytes encodeHead(Packer& packer, std::span<const BlockHead> blocks, std::span<const Tick> ticks,
                 std::span<const TimeNs> times);

// `format`: of the file.
Result<ChunkHead> decodeHead(ByteView bytes, int format);

}  // namespace qd::recording
