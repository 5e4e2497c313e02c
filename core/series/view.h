// SPDX-License-Identifier: Apache-2.0
// A range of one axis over a snapshot, and the walk over what lies in it, oldest first. On the tick axis one segment
// counts: the newest one that has samples in the range. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "core/series/store.h"
#include "core/series/track.h"

namespace qd::series {

// Where the samples of a chunk lie on one axis.
struct Xs {
  const PackedLine& line;
  std::size_t first;
  std::int64_t operator[](std::size_t i) const { return line[first + i]; }
};

struct View {
  Axis axis = Axis::Time;
  std::int64_t from = 0, to = 0;
  std::uint32_t segment = 0;

  bool counts(const Chunk& chunk) const { return axis == Axis::Time || chunk.kind().segment == segment; }
  std::int64_t x(const Chunk& chunk, std::size_t i) const { return xs(chunk)[i]; }
  Xs xs(const Chunk& chunk) const { return {axis == Axis::Time ? chunk.times() : chunk.ticks(), chunk.first()}; }
  std::int64_t x0(const Extent& e) const { return axis == Axis::Time ? e.t0 : e.k0; }
  std::int64_t x1(const Extent& e) const { return axis == Axis::Time ? e.t1 : e.k1; }
  std::size_t begin(const Chunk& c) const { return axis == Axis::Time ? c.firstAtTime(from) : c.firstAtTick(from); }
  std::size_t end(const Chunk& c) const { return axis == Axis::Time ? c.firstAfterTime(to) : c.firstAfterTick(to); }
  bool misses(const Extent& e) const {
    return x1(e) < from || x0(e) > to || (axis == Axis::Tick && !e.mixed && e.segment != segment);
  }
  // Whether the extent as a whole may stand for its samples, breaks apart.
  bool whole(const Extent& e) const {
    return x0(e) >= from && x1(e) <= to && (axis == Axis::Time || (!e.mixed && e.segment == segment));
  }
};

// Empty: nothing is there.
std::optional<View> viewOf(const Snapshot& snapshot, Axis axis, std::int64_t from, std::int64_t to);

// Visitor: bool fold(const Extent&, const SketchPtr&), true: that is all that is needed of it;
// void chunk(const Chunk&, begin, end), begin < end; void cold(const Entry&).
template <class Visitor>
void walkChunk(const View& view, const Chunk& chunk, const Extent& extent, Visitor& visitor) {
  if (!view.counts(chunk)) return;
  const bool all = view.x0(extent) >= view.from && view.x1(extent) <= view.to;
  const std::size_t begin = all ? 0 : view.begin(chunk);
  const std::size_t end = all ? chunk.size() : view.end(chunk);
  if (begin < end) visitor.chunk(chunk, begin, end);
}

// Fetches what the walk comes to soon. Inlined by force: to the compiler a call of what only fetches does nothing, and
// it leaves it out.
[[gnu::always_inline]] inline void prefetchAhead(const Branch& branch, std::size_t i) {
  constexpr std::size_t kAhead = 3;
  if (i + kAhead < branch.entries.size()) {
    const Entry& entry = branch.entries[i + kAhead];
    if (entry.chunk) Chunk::prefetch(entry.chunk.get());
    if (entry.branch) Branch::prefetch(entry.branch.get());
  }
}

template <class Visitor>
void walkBranch(const View& view, const Branch& branch, Visitor& visitor) {
  const auto done = [&](const Extent& extent, const SketchPtr& sketch) {
    return view.misses(extent) || visitor.fold(extent, sketch);
  };
  for (std::size_t i = 0; i < branch.entries.size(); ++i) {
    if (const std::size_t n = i / 16; i % 16 == 0 && n < branch.sixteens.size()) {
      if (done(branch.sixteens[n].extent, branch.sixteens[n].sketch)) {
        i += 15;
        continue;
      }
    }
    if (const std::size_t n = i / 4; i % 4 == 0 && n < branch.fours.size()) {
      if (done(branch.fours[n].extent, branch.fours[n].sketch)) {
        i += 3;
        continue;
      }
    }
    const Entry& entry = branch.entries[i];
    if (done(entry.extent, entry.sketch)) continue;
    if (entry.branch) {
      prefetchAhead(branch, i);
      walkBranch(view, *entry.branch, visitor);
    } else if (entry.chunk) {
      prefetchAhead(branch, i);
      walkChunk(view, *entry.chunk, entry.extent, visitor);
    } else {
      visitor.cold(entry);
    }
  }
}

template <class Visitor>
void walk(const View& view, const Snapshot& snapshot, Visitor& visitor) {
  for (std::size_t level = Forest::kLevels; level-- > 0;) {
    if (snapshot.forest.level(level)) walkBranch(view, *snapshot.forest.level(level), visitor);
  }
  if (snapshot.tail && !view.misses(snapshot.tail->extent())) {
    walkChunk(view, *snapshot.tail, snapshot.tail->extent(), visitor);
  }
}

// How many samples are in view. `estimated`: what is cold was counted whole where only a part of it is in view.
struct Count {
  std::uint64_t samples = 0;
  bool cold = false;
};
Count countOf(const View& view, const Snapshot& snapshot);

}  // namespace qd::series
