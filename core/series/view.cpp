// SPDX-License-Identifier: Apache-2.0
#include "core/series/view.h"

namespace qd::series {
namespace {

bool meets(const Extent& e, Tick from, Tick to) {
  return e.k1 >= from && e.k0 <= to;
}

std::optional<std::uint32_t> segmentIn(const Chunk& chunk, Tick from, Tick to) {
  if (!meets(chunk.extent(), from, to) || chunk.firstAtTick(from) >= chunk.firstAfterTick(to)) return std::nullopt;
  return chunk.kind().segment;
}

// Newest first.
std::optional<std::uint32_t> segmentIn(const Branch& branch, Tick from, Tick to) {
  for (std::size_t i = branch.entries.size(); i-- > 0;) {
    const Entry& entry = branch.entries[i];
    if (!meets(entry.extent, from, to)) continue;
    if (entry.cold()) return entry.extent.segment;
    const auto found = entry.chunk ? segmentIn(*entry.chunk, from, to) : segmentIn(*entry.branch, from, to);
    if (found) return found;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> segmentIn(const Snapshot& snapshot, Tick from, Tick to) {
  if (snapshot.tail) {
    if (const auto found = segmentIn(*snapshot.tail, from, to)) return found;
  }
  for (std::size_t level = 0; level < Forest::kLevels; ++level) {
    if (!snapshot.forest.level(level)) continue;
    if (const auto found = segmentIn(*snapshot.forest.level(level), from, to)) return found;
  }
  return std::nullopt;
}

struct Counter {
  const View& view;
  Count count;

  bool fold(const Extent& extent, const SketchPtr&) {
    if (!view.whole(extent)) return false;
    count.samples += extent.summary.total;
    return true;
  }
  void chunk(const Chunk&, std::size_t begin, std::size_t end) { count.samples += end - begin; }
  void cold(const Entry& entry) {
    count.samples += entry.extent.summary.total;
    count.cold = true;
  }
};

}  // namespace

std::optional<View> viewOf(const Snapshot& snapshot, Axis axis, std::int64_t from, std::int64_t to) {
  View view{axis, from, to, 0};
  if (from > to) return std::nullopt;
  if (axis == Axis::Tick) {
    const auto segment = segmentIn(snapshot, from, to);
    if (!segment) return std::nullopt;
    view.segment = *segment;
  }
  return view;
}

Count countOf(const View& view, const Snapshot& snapshot) {
  Counter counter{view, {}};
  walk(view, snapshot, counter);
  return counter.count;
}

}  // namespace qd::series
