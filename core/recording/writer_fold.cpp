// SPDX-License-Identifier: Apache-2.0
// The writer's second half: a second's blocks into a tail, full tails into chunks.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/recording/frame_codec.h"
#include "core/recording/writer_impl.h"

namespace qd::recording {

using namespace ingest;

namespace {

// A process's tails are folded at this many points or tails; all of them together hold at most kPendingBytes.
constexpr std::uint64_t kFoldPoints = 131'072;
constexpr std::size_t kFoldTails = 60;
constexpr std::size_t kPendingBytes = std::size_t{64} << 20;

}  // namespace

// One chunk a ring (more where a ring has more rows than a list may hold).
std::vector<EncodedChunk> Writer::Impl::encode(std::vector<Placed>& blocks) {
  std::stable_sort(blocks.begin(), blocks.end(), [](const Placed& a, const Placed& b) {
    return std::get<SampleBlock>(a.envelope->event).ring < std::get<SampleBlock>(b.envelope->event).ring;
  });
  std::vector<EncodedChunk> chunks;
  std::size_t from = 0, rows = 0;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const auto& block = std::get<SampleBlock>(blocks[i].envelope->event);
    const auto& first = std::get<SampleBlock>(blocks[from].envelope->event);
    const std::size_t weight = block.ticks.size() + pointsOf(block);
    if (block.ring != first.ring || rows + weight > kMostInAList) {
      if (i > from) chunks.push_back(encodeChunk(packer, {blocks.data() + from, i - from}));
      from = i;
      rows = 0;
    }
    rows += weight;
  }
  if (from < blocks.size()) chunks.push_back(encodeChunk(packer, {blocks.data() + from, blocks.size() - from}));
  return chunks;
}

Result<> Writer::Impl::writeTail(ProcessState& state) {
  std::vector<Placed> blocks = state.fresh;
  const std::vector<EncodedChunk> chunks = encode(blocks);
  TimeNs low = chunks.front().timeMin, high = chunks.front().timeMax;
  for (const EncodedChunk& chunk : chunks) {
    low = std::min(low, chunk.timeMin);
    high = std::max(high, chunk.timeMax);
  }
  const Bytes body = encodeTail(chunks);
  const auto row = table("tails").add({Cell(state.row), integer(state.fresh.front().ord), Cell(state.fresh.front().at),
                                       Cell(low), Cell(high), integer(state.freshPoints), bytes(body)});
  if (!row) return std::unexpected(row.error());
  ++state.tails;
  return {};
}

Result<> Writer::Impl::fold(ProcessState& state) {
  if (state.pending.empty()) return {};
  for (const EncodedChunk& chunk : encode(state.pending)) {
    const auto id = table("chunks").add({Cell(state.row), integer(chunk.ring), integer(chunk.ord), Cell(chunk.at),
                                         Cell(chunk.timeMin), Cell(chunk.timeMax), Cell(chunk.tickMin),
                                         Cell(chunk.tickMax), integer(chunk.blocks), integer(chunk.rows),
                                         integer(chunk.points), integer(chunk.columns.size()), bytes(chunk.head)});
    if (!id) return std::unexpected(id.error());
    for (const EncodedColumn& column : chunk.columns) {
      const auto row = table("columns").add({*id, Cell(state.row), integer(column.series), integer(column.isDouble),
                                             integer(column.n), Cell(column.min), Cell(column.max), Cell(column.mean),
                                             Cell(), bytes(column.body)});
      if (!row) return std::unexpected(row.error());
    }
  }
  state.pending.clear();
  state.pendingPoints = 0;
  state.pendingBytes = 0;
  if (state.tails == 0) return {};
  state.tails = 0;
  return db.run(fmt::format("DELETE FROM tails WHERE process = {}", state.row));
}

Result<> Writer::Impl::flush(ProcessState& state) {
  for (std::size_t kind = 0; kind < std::size(kColumnarKinds); ++kind) {
    std::vector<Placed>& all = state.columnar[kind];
    if (all.empty()) continue;
    const Bytes body = kind == 0   ? encodeEntities(packer, all)
                       : kind == 1 ? encodeFrames(packer, all)
                                   : encodeRollups(packer, all);
    const auto row = table("frames").add({Cell(state.row), kColumnarKinds[kind], integer(all.front().ord),
                                          Cell(all.front().at), Cell(timeOf(all.front().envelope->event)),
                                          Cell(timeOf(all.back().envelope->event)), integer(all.size()), bytes(body)});
    if (!row) return std::unexpected(row.error());
    all.clear();
  }
  if (state.fresh.empty()) return {};
  const bool full = state.pendingPoints + state.freshPoints >= kFoldPoints || state.tails + 1 >= kFoldTails;
  if (!full) {
    if (Result<> tail = writeTail(state); !tail) return tail;
  }
  std::move(state.fresh.begin(), state.fresh.end(), std::back_inserter(state.pending));
  state.pendingPoints += state.freshPoints;
  state.pendingBytes += state.freshBytes;
  state.fresh.clear();
  state.freshPoints = state.freshBytes = 0;
  return full ? fold(state) : Result<>();
}

Result<> Writer::Impl::foldTheBiggest() {
  std::size_t sum = 0;
  for (const auto& [key, state] : processes) sum += state.pendingBytes;
  while (sum > kPendingBytes) {
    auto biggest = std::max_element(processes.begin(), processes.end(), [](const auto& a, const auto& b) {
      return a.second.pendingBytes < b.second.pendingBytes;
    });
    sum -= biggest->second.pendingBytes;
    if (Result<> folded = fold(biggest->second); !folded) return folded;
  }
  return {};
}

}  // namespace qd::recording
