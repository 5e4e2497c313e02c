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

void extend(std::optional<Extent>& whole, const Extent& part) {
  if (part.timeMax == 0) return;  // nothing in it has a time
  if (whole) {
    whole->add(part);
  } else {
    whole = part;
  }
}

// The columns of a frame block need not ascend.
Extent extentOf(const Event& event) {
  if (const auto* block = std::get_if<FrameBlock>(&event); block != nullptr && !block->frames.empty()) {
    const auto [early, late] = std::minmax_element(block->times.begin(), block->times.end());
    const auto [low, high] = std::minmax_element(block->frames.begin(), block->frames.end());
    return {*early, *late, *low, *high};
  }
  const Tick tick = std::visit(
      [](const auto& e) -> Tick {
        if constexpr (requires { e.tick; }) return e.tick;
        return 0;
      },
      event);
  return {timeOf(event), timeOf(event), tick, tick};
}

}  // namespace

// One chunk a ring; more where a ring has more than chunks are meant to hold, so that what is packed of them fits the
// processor's cache.
std::vector<EncodedChunk> Writer::Impl::encode(std::vector<Placed>& blocks, Detail detail, const Scales& scales) {
  std::stable_sort(blocks.begin(), blocks.end(), [](const Placed& a, const Placed& b) {
    return std::get<SampleBlock>(a.envelope->event).ring < std::get<SampleBlock>(b.envelope->event).ring;
  });
  const std::size_t most = detail == Detail::Tail ? kMostInAList : std::min(kMostInAList, 2 * limits.foldPoints);
  std::vector<EncodedChunk> chunks;
  std::size_t from = 0, rows = 0;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const auto& block = std::get<SampleBlock>(blocks[i].envelope->event);
    const auto& first = std::get<SampleBlock>(blocks[from].envelope->event);
    const std::size_t weight = block.ticks.size() + pointsOf(block);
    if (block.ring != first.ring || rows + weight > most) {
      if (i > from) chunks.push_back(encodeChunk(packer, {blocks.data() + from, i - from}, detail, scales));
      from = i;
      rows = 0;
    }
    rows += weight;
  }
  if (from < blocks.size())
    chunks.push_back(encodeChunk(packer, {blocks.data() + from, blocks.size() - from}, detail, scales));
  return chunks;
}

Result<> Writer::Impl::writeTail(ProcessState& state) {
  std::vector<Placed> blocks = state.fresh;
  const std::vector<EncodedChunk> chunks = encode(blocks, Detail::Tail, {});
  EncodedChunk all = chunks.front();
  for (const EncodedChunk& chunk : chunks) {
    all.ord = std::min(all.ord, chunk.ord);
    all.ordMax = std::max(all.ordMax, chunk.ordMax);
    all.at = std::min(all.at, chunk.at);
    all.atMax = std::max(all.atMax, chunk.atMax);
    all.extent.add(chunk.extent);
  }
  const Bytes body = encodeTail(chunks);
  const auto row =
      table("tails").add({Cell(state.row), integer(all.ord), integer(all.ordMax), Cell(all.at), Cell(all.atMax),
                          Cell(all.extent.timeMin), Cell(all.extent.timeMax), Cell(all.extent.tickMin),
                          Cell(all.extent.tickMax), integer(state.freshPoints), bytes(body)});
  if (!row) return std::unexpected(row.error());
  ++state.tails;
  return {};
}

Result<> Writer::Impl::writeGroup(const ProcessState& state, std::uint32_t series, const Group& group) {
  const Summary& s = group.all.summary;
  const Extent& e = group.all.extent;
  const Bytes body = encodeNodes(packer, group.children);
  const auto row =
      table("summaries")
          .add({Cell(state.row), integer(series), integer(s.isDouble), Cell(std::int64_t{group.level}),
                Cell(group.all.chunk), Cell(group.lastChunk), integer(s.n), integer(s.count), number(s, s.min),
                number(s, s.max), mean(s), number(s, s.last), Cell(e.timeMin), Cell(e.timeMax), Cell(e.tickMin),
                Cell(e.tickMax), sketchCell(group.sketch, s.n), bytes(body)});
  if (!row) return std::unexpected(row.error());
  return {};
}

Result<> Writer::Impl::writeChunk(ProcessState& state, const EncodedChunk& chunk) {
  const Extent& e = chunk.extent;
  const auto id = table("chunks").add({Cell(state.row), integer(chunk.ring), integer(chunk.ord), integer(chunk.ordMax),
                                       Cell(chunk.at), Cell(chunk.atMax), Cell(e.timeMin), Cell(e.timeMax),
                                       Cell(e.tickMin), Cell(e.tickMax), integer(chunk.blocks), integer(chunk.rows),
                                       integer(chunk.points), integer(chunk.dropped), integer(chunk.columns.size()),
                                       Cell(table("columns").rows + 1), bytesOrNull(chunk.marks), bytes(chunk.head)});
  if (!id) return std::unexpected(id.error());
  ++state.chunks;
  state.foldedPoints += chunk.points;
  state.headBytes += chunk.head.size() + chunk.marks.size();
  extend(state.extent, e);
  for (const EncodedColumn& column : chunk.columns) {
    const Summary& s = column.summary;
    const auto row =
        table("columns").add({*id, Cell(state.row), integer(column.series), integer(column.isDouble), integer(s.n),
                              integer(s.count), number(s, s.min), number(s, s.max), mean(s), number(s, s.last),
                              sketchCell(column.sketch, s.n), bytesOrNull(column.pyramid), bytes(column.body)});
    if (!row) return std::unexpected(row.error());
    if (!column.isDouble) state.foldedIntegers += s.n;
    (column.isDouble ? state.doubleBytes : state.integerBytes) += column.body.size() + column.pyramid.size();
    const auto put = [&](const Group& group) { return writeGroup(state, column.series, group); };
    SummaryTree& tree = state.trees[{column.series, column.isDouble}];
    if (Result<> added = tree.add({*id, s, column.extent}, column.sketch, put); !added) return added;
  }
  return {};
}

// What a reader needs to show the whole without reading it, as of this fold.
Result<> Writer::Impl::writeTotals(ProcessState& state) {
  std::vector<SeriesTotal> totals;
  for (const auto& [key, tree] : state.trees) {
    totals.push_back({key.first, tree.columns(), tree.total().summary, tree.total().extent});
  }
  const Bytes body = encodeTotals(packer, totals);
  const Extent e = state.extent.value_or(Extent());
  const auto row = table("totals").put(
      state.row, {integer(state.foldedPoints), integer(state.foldedIntegers), integer(state.integerBytes),
                  integer(state.doubleBytes), integer(state.headBytes), integer(state.chunks), Cell(state.newestFrames),
                  Cell(e.timeMin), Cell(e.timeMax), Cell(e.tickMin), Cell(e.tickMax), bytes(body)});
  if (!row) return std::unexpected(row.error());
  table("totals").rows = std::max(table("totals").rows, state.row);
  return {};
}

Result<> Writer::Impl::fold(ProcessState& state) {
  if (state.pending.empty()) return {};
  for (const EncodedChunk& chunk : encode(state.pending, Detail::Chunk, state.scales)) {
    if (Result<> written = writeChunk(state, chunk); !written) return written;
  }
  state.pending.clear();
  state.pendingPoints = 0;
  state.pendingBytes = 0;
  if (Result<> written = writeTotals(state); !written) return written;
  if (state.tails == 0) return {};
  state.tails = 0;
  return db.run(fmt::format("DELETE FROM tails WHERE process = {}", state.row));
}

Result<> Writer::Impl::writeFrames(ProcessState& state, std::size_t kind) {
  std::vector<Placed>& all = state.columnar[kind];
  const Bytes body = kind == 0   ? encodeEntities(packer, all)
                     : kind == 1 ? encodeFrames(packer, all)
                                 : encodeRollups(packer, all);
  Placed least = all.front(), most = all.front();
  Extent extent = extentOf(all.front().envelope->event);
  for (const Placed& one : all) {
    least.ord = std::min(least.ord, one.ord);
    least.at = std::min(least.at, one.at);
    most.ord = std::max(most.ord, one.ord);
    most.at = std::max(most.at, one.at);
    extent.add(extentOf(one.envelope->event));
  }
  const auto row = table("frames").add({Cell(state.row), kColumnarKinds[kind], integer(least.ord), integer(most.ord),
                                        Cell(least.at), Cell(most.at), Cell(extent.timeMin), Cell(extent.timeMax),
                                        Cell(extent.tickMin), Cell(extent.tickMax), integer(all.size()), bytes(body)});
  if (!row) return std::unexpected(row.error());
  state.newestFrames = *row;
  extend(state.extent, extent);
  all.clear();
  return {};
}

Result<> Writer::Impl::flush(ProcessState& state) {
  for (std::size_t kind = 0; kind < std::size(kColumnarKinds); ++kind) {
    if (state.columnar[kind].empty()) continue;
    if (Result<> written = writeFrames(state, kind); !written) return written;
  }
  if (state.fresh.empty()) return {};
  const bool full = state.pendingPoints + state.freshPoints >= limits.foldPoints || state.tails + 1 >= limits.foldTails;
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
  while (sum > limits.pendingBytes) {
    auto biggest = std::max_element(processes.begin(), processes.end(), [](const auto& a, const auto& b) {
      return a.second.pendingBytes < b.second.pendingBytes;
    });
    sum -= biggest->second.pendingBytes;
    if (Result<> folded = fold(biggest->second); !folded) return folded;
  }
  return {};
}

}  // namespace qd::recording
