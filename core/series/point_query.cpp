// SPDX-License-Identifier: Apache-2.0
// Questions about one moment or one tick. What is cold answers with a straight line through its ends.
#include <algorithm>
#include <functional>

#include "core/series/range_query.h"
#include "core/series/wanting.h"

namespace qd::series {
namespace {

// A chunk or a cold entry.
struct Piece {
  const Chunk* chunk = nullptr;
  const Entry* entry = nullptr;  // where there is no chunk

  explicit operator bool() const { return chunk != nullptr || entry != nullptr; }
  const Extent& extent() const { return chunk != nullptr ? chunk->extent() : entry->extent; }
};

Piece pieceOf(const Entry& entry, bool last) {
  const Entry* e = &entry;
  while (e->branch) e = last ? &e->branch->entries.back() : &e->branch->entries.front();
  return e->chunk ? Piece{e->chunk.get(), nullptr} : Piece{nullptr, e};
}

// The piece that begins at or before `time`, and the one after it.
struct Place {
  Piece piece, next;
};
void placeIn(const Branch& branch, TimeNs time, Place& place) {
  const auto after = std::upper_bound(branch.entries.begin(), branch.entries.end(), time,
                                      [](TimeNs t, const Entry& e) { return t < e.extent.t0; });
  if (after != branch.entries.end()) place.next = pieceOf(*after, false);
  if (after == branch.entries.begin()) return;
  const Entry& entry = *std::prev(after);
  if (entry.branch) return placeIn(*entry.branch, time, place);
  place.piece = pieceOf(entry, false);
}
Place placeOf(const Snapshot& snapshot, TimeNs time) {
  Place place;
  if (snapshot.tail) {
    const Piece tail{snapshot.tail.get(), nullptr};
    (snapshot.tail->extent().t0 <= time ? place.piece : place.next) = tail;
  }
  for (std::size_t level = 0; level < Forest::kLevels && !place.piece; ++level) {
    if (snapshot.forest.level(level)) placeIn(*snapshot.forest.level(level), time, place);
  }
  return place;
}

bool joined(const Extent& a, const Piece& next) {
  if (!next || a.mixed) return false;
  return !next.extent().breakBefore && next.extent().segment == a.segment;
}

Tick firstTick(const Piece& piece) {
  return piece.chunk != nullptr ? piece.chunk->tick(0) : piece.entry->extent.k0;
}

// Newest first, until visit(piece, the one after it) gives something.
using Visit = std::function<std::optional<TimeNs>(const Piece&, const Piece&)>;
std::optional<TimeNs> backwards(const Branch& branch, Tick tick, Piece& next, const Visit& visit) {
  for (std::size_t i = branch.entries.size(); i-- > 0;) {
    const Entry& entry = branch.entries[i];
    if (entry.extent.k0 > tick) {
      next = pieceOf(entry, false);
      continue;
    }
    if (entry.branch) {
      if (const auto found = backwards(*entry.branch, tick, next, visit)) return found;
      continue;
    }
    const Piece piece = pieceOf(entry, false);
    if (const auto found = visit(piece, std::exchange(next, piece))) return found;
  }
  return std::nullopt;
}

std::optional<TimeNs> timeInChunk(const Chunk& chunk, const Piece& next, Tick tick) {
  const std::size_t after = chunk.firstAfterTick(tick);
  if (after == 0) return std::nullopt;
  const std::size_t i = after - 1;
  if (chunk.tick(i) == tick) return chunk.time(chunk.firstAtTick(tick));
  if (after < chunk.size()) return onLine(tick, chunk.tick(i), chunk.time(i), chunk.tick(after), chunk.time(after));
  if (!joined(chunk.extent(), next) || firstTick(next) <= tick) return std::nullopt;
  return onLine(tick, chunk.tick(i), chunk.time(i), firstTick(next), next.extent().t0);
}

}  // namespace

std::optional<Sample> sampleAt(const Snapshot& snapshot, TimeNs time, std::vector<Wanted>& wanted) {
  const Place place = placeOf(snapshot, time);
  if (!place.piece) return std::nullopt;
  if (place.piece.chunk == nullptr) {
    const Extent& e = place.piece.extent();
    want(wanted, *place.piece.entry);
    return Sample{time >= e.t1 ? e.k1 : onLine(time, e.t0, e.k0, e.t1, e.k1), std::min(time, e.t1), e.summary.last};
  }
  const Chunk& chunk = *place.piece.chunk;
  touch(chunk);
  const std::size_t i = chunk.firstAfterTime(time) - 1;
  return Sample{chunk.tick(i), chunk.time(i), chunk.value(i)};
}

std::optional<Tick> tickOfTime(const Snapshot& snapshot, TimeNs time, std::vector<Wanted>& wanted) {
  const Place place = placeOf(snapshot, time);
  if (!place.piece) return std::nullopt;
  const Extent& e = place.piece.extent();
  TimeNs lastTime = e.t1;
  Tick lastTick = e.k1;
  if (place.piece.chunk == nullptr) {
    want(wanted, *place.piece.entry);
    if (time <= e.t1) return onLine(time, e.t0, e.k0, e.t1, e.k1);
  } else {
    const Chunk& chunk = *place.piece.chunk;
    const std::size_t i = chunk.firstAfterTime(time) - 1;
    if (chunk.time(i) == time) return chunk.tick(i);
    if (i + 1 < chunk.size()) return onLine(time, chunk.time(i), chunk.tick(i), chunk.time(i + 1), chunk.tick(i + 1));
    lastTime = chunk.time(i);
    lastTick = chunk.tick(i);
  }
  if (!joined(e, place.next)) return std::nullopt;
  return onLine(time, lastTime, lastTick, place.next.extent().t0, firstTick(place.next));
}

std::optional<TimeNs> timeOfTick(const Snapshot& snapshot, Tick tick, std::vector<Wanted>& wanted) {
  Piece next;
  const Visit visit = [&](const Piece& piece, const Piece& after) -> std::optional<TimeNs> {
    if (piece.chunk != nullptr) return timeInChunk(*piece.chunk, after, tick);
    const Extent& e = piece.extent();
    if (tick <= e.k1) {
      want(wanted, *piece.entry);
      return onLine(tick, e.k0, e.t0, e.k1, e.t1);
    }
    if (!joined(e, after) || firstTick(after) <= tick) return std::nullopt;
    return onLine(tick, e.k1, e.t1, firstTick(after), after.extent().t0);
  };
  if (snapshot.tail) {
    const Piece tail{snapshot.tail.get(), nullptr};
    if (snapshot.tail->extent().k0 <= tick) {
      if (const auto found = visit(tail, next)) return found;
    }
    next = tail;
  }
  for (std::size_t level = 0; level < Forest::kLevels; ++level) {
    if (!snapshot.forest.level(level)) continue;
    if (const auto found = backwards(*snapshot.forest.level(level), tick, next, visit)) return found;
  }
  return std::nullopt;
}

}  // namespace qd::series
