// SPDX-License-Identifier: Apache-2.0
// Questions about one moment or one tick.
#include <algorithm>

#include "core/series/range_query.h"

namespace qd::series {
namespace {

// The chunk that holds the newest sample at or before `time`, and the one after it.
struct Place {
  ChunkPtr chunk, next;
};
Place placeOf(const Snapshot& snapshot, TimeNs time) {
  std::size_t low = 0, high = snapshot.count();  // the first group that begins after `time`
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (snapshot[middle].all.t0 > time) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  if (low == 0) return {};
  const Group& group = snapshot[low - 1];
  const auto extent = std::upper_bound(group.extents.begin(), group.extents.end(), time,
                                       [](TimeNs t, const Extent& e) { return t < e.t0; });
  const auto index = static_cast<std::size_t>(extent - group.extents.begin());
  Place place{group.chunks[index - 1], nullptr};
  if (index < group.chunks.size()) {
    place.next = group.chunks[index];
  } else if (low < snapshot.count()) {
    place.next = snapshot[low].chunks.front();
  }
  return place;
}

// y at x on the line through (x0, y0) and (x1, y1), x0 < x1, rounded down.
std::int64_t between(std::int64_t x, std::int64_t x0, std::int64_t y0, std::int64_t x1, std::int64_t y1) {
  const __int128 rise = static_cast<__int128>(y1) - y0;
  const __int128 run = static_cast<__int128>(x1) - x0;
  return y0 + static_cast<std::int64_t>(rise * (static_cast<__int128>(x) - x0) / run);
}

bool joined(const Chunk& chunk, const ChunkPtr& next) {
  return next && !next->breakBefore() && next->kind().segment == chunk.kind().segment;
}

}  // namespace

std::optional<Sample> sampleAt(const Snapshot& snapshot, TimeNs time) {
  const Place place = placeOf(snapshot, time);
  if (!place.chunk) return std::nullopt;
  const std::size_t i = place.chunk->firstAfterTime(time) - 1;
  return Sample{place.chunk->tick(i), place.chunk->time(i), place.chunk->value(i)};
}

std::optional<Tick> tickOfTime(const Snapshot& snapshot, TimeNs time) {
  const Place place = placeOf(snapshot, time);
  if (!place.chunk) return std::nullopt;
  const Chunk& chunk = *place.chunk;
  const std::size_t i = chunk.firstAfterTime(time) - 1;
  if (chunk.time(i) == time) return chunk.tick(i);
  if (i + 1 < chunk.size()) return between(time, chunk.time(i), chunk.tick(i), chunk.time(i + 1), chunk.tick(i + 1));
  if (!joined(chunk, place.next)) return std::nullopt;
  return between(time, chunk.time(i), chunk.tick(i), place.next->time(0), place.next->tick(0));
}

std::optional<TimeNs> timeOfTick(const Snapshot& snapshot, Tick tick) {
  ChunkPtr next;
  for (std::size_t g = snapshot.count(); g-- > 0;) {
    const Group& group = snapshot[g];
    if (group.all.k0 > tick) {
      next = group.chunks.front();
      continue;
    }
    for (std::size_t c = group.chunks.size(); c-- > 0;) {
      const ChunkPtr& chunk = group.chunks[c];
      const std::size_t after = chunk->firstAfterTick(tick);
      const ChunkPtr following = std::exchange(next, chunk);
      if (after == 0) continue;
      const std::size_t i = after - 1;
      if (chunk->tick(i) == tick) return chunk->time(chunk->firstAtTick(tick));
      if (after < chunk->size())
        return between(tick, chunk->tick(i), chunk->time(i), chunk->tick(after), chunk->time(after));
      if (!joined(*chunk, following) || following->tick(0) <= tick) continue;
      return between(tick, chunk->tick(i), chunk->time(i), following->tick(0), following->time(0));
    }
  }
  return std::nullopt;
}

}  // namespace qd::series
