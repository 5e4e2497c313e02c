// SPDX-License-Identifier: Apache-2.0
// Filling and sealing the tail; what readers see.
#include "core/series/track.h"

#include <algorithm>
#include <cstring>

#include "core/series/slabs.h"

namespace qd::series {
namespace {

bool earlier(const Row& a, const Row& b) {
  return a.time < b.time;
}

std::size_t tailBytes(std::size_t capacity, bool ownRows) {
  return sizeof(Tail) + Metered::kShared + 4 * Metered::kAllocation + capacity * (ownRows ? 24 : 8);
}

std::span<const std::uint64_t> bitsOf(const Tail& tail, std::size_t size) {
  return {tail.bits.get(), size};
}

PlacesPtr placesOf(Meter& meter, const Tail& tail, std::size_t size) {
  const TimeNs* times = tail.page ? tail.page->times.get() + tail.first : tail.times.get();
  const Tick* ticks = tail.page ? tail.page->ticks.get() + tail.first : tail.ticks.get();
  return std::make_shared<const Places>(meter, std::span<const TimeNs>(times, size),
                                        std::span<const Tick>(ticks, size));
}

}  // namespace

Tail::Tail(Meter& meter, std::size_t room, PagePtr of, std::size_t from)
    : capacity(room),
      page(std::move(of)),
      first(from),
      bits(std::make_unique_for_overwrite<std::uint64_t[]>(room)),
      metered(meter, tailBytes(room, !page)) {
  if (page) return;
  times = std::make_unique_for_overwrite<TimeNs[]>(room);
  ticks = std::make_unique_for_overwrite<Tick[]>(room);
}

Tail::Tail(const Tail& from, std::size_t size, std::size_t room, bool ownRows)
    : Tail(from.metered.meter(), room, ownRows ? nullptr : from.page, from.first) {
  kind = from.kind;
  breakBefore = from.breakBefore;
  std::copy_n(from.bits.get(), size, bits.get());
  if (page) return;
  for (std::size_t i = 0; i < size; ++i) {
    times[i] = from.time(i);
    ticks[i] = from.tick(i);
  }
}

void Track::publishTail(std::shared_ptr<Tail> tail, std::size_t size) {
  const std::lock_guard lock(mutex_);
  tail_ = std::move(tail);
  tailSize_.store(size, std::memory_order_release);
  tailSeen_ = false;
}

void Track::publish(Forest forest) {
  hasLive_.store(forest.live() != 0, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  std::swap(forest_, forest);  // what was goes after the lock
}

void Track::append(const Kind& kind, bool breakBefore, std::span<Row> rows) {
  if (rows.empty()) return;
  if (!std::is_sorted(rows.begin(), rows.end(), earlier)) std::stable_sort(rows.begin(), rows.end(), earlier);
  const std::lock_guard lock(writing_);
  points_.fetch_add(rows.size(), std::memory_order_relaxed);
  if (any_ && rows.front().time < lastTime_) {
    insert(kind, breakBefore, rows);
  } else {
    appendInOrder(kind, breakBefore || breakNext_, rows);
    breakNext_ = false;
  }
}

// A restart, or ticks that begin anew: a new segment, and a break before it.
void Track::beginSegment(const Kind& asked, Tick first, bool& breakBefore) {
  if (!any_ || asked.segment != segmentAsked_) {
    breakBefore = breakBefore || any_;
    segmentAsked_ = segmentNow_ = asked.segment;
  } else if (first < lastTick_) {
    ++segmentNow_;
    breakBefore = true;
  }
  any_ = true;
}

// Makes the tail one that `more` samples may be written to: of that kind, without a break between, with room.
void Track::ensureTail(const Kind& kind, bool breakBefore, const PagePtr& page, std::size_t first, std::size_t more) {
  std::size_t size = tailSize_.load(std::memory_order_relaxed);
  if (tail_ && (breakBefore || kind != tail_->kind || size == kChunkSamples)) {
    sealTail();
    size = 0;
  }
  const std::size_t wanted = std::min(kChunkSamples, size + more);
  if (!tail_) {
    std::size_t room = std::max(nextCapacity_, std::size_t{16});
    while (room < wanted) room *= 2;
    std::shared_ptr<Tail> tail = std::move(spare_);
    if (tail && page && tail->capacity >= room && !tail->times) {
      tail->page = page;
      tail->first = first;
    } else {
      tail = std::make_shared<Tail>(meter_, std::min(room, kChunkSamples), page, first);
    }
    tail->kind = kind;
    tail->breakBefore = breakBefore;
    publishTail(std::move(tail), 0);
    return;
  }
  const bool follows = page && tail_->page == page && tail_->first + size == first;
  const bool own = !follows;
  if (wanted <= tail_->capacity && (follows || !tail_->page)) return;
  std::size_t room = tail_->capacity;
  while (room < wanted) room *= 2;
  publishTail(std::make_shared<Tail>(*tail_, size, std::min(room, kChunkSamples), own), size);
}

void Track::appendInOrder(const Kind& asked, bool breakBefore, std::span<const Row> rows) {
  Kind kind = asked;
  std::size_t next = 0;
  while (next < rows.size()) {
    beginSegment(asked, rows[next].tick, breakBefore);
    kind.segment = segmentNow_;
    ensureTail(kind, breakBefore, nullptr, 0, rows.size() - next);
    std::size_t size = tailSize_.load(std::memory_order_relaxed), end = next;
    Tick tick = rows[next].tick;
    while (end < rows.size() && size < tail_->capacity && rows[end].tick >= tick) {
      tick = rows[end].tick;
      tail_->times[size] = rows[end].time;
      tail_->ticks[size] = tick;
      tail_->bits[size++] = rows[end++].bits;
    }
    tailSize_.store(size, std::memory_order_release);
    breakBefore = false;
    lastTick_ = tick;
    lastTime_ = rows[end - 1].time;
    next = end;
  }
}

bool Track::append(const Kind& asked, bool breakBefore, const PagePtr& page, std::size_t first, const std::byte* values,
                   std::size_t count) {
  const std::lock_guard lock(writing_);
  if (any_ && page->times[first] < lastTime_) return false;
  breakBefore = breakBefore || breakNext_;
  beginSegment(asked, page->ticks[first], breakBefore);
  breakNext_ = false;
  Kind kind = asked;
  kind.segment = segmentNow_;
  for (std::size_t done = 0; done < count;) {
    ensureTail(kind, breakBefore, page, first + done, count - done);
    breakBefore = false;
    const std::size_t size = tailSize_.load(std::memory_order_relaxed);
    const std::size_t part = std::min(count - done, tail_->capacity - size);
    std::memcpy(tail_->bits.get() + size, values + done * sizeof(std::uint64_t), part * sizeof(std::uint64_t));
    if (!tail_->page) {
      std::copy_n(page->times.get() + first + done, part, tail_->times.get() + size);
      std::copy_n(page->ticks.get() + first + done, part, tail_->ticks.get() + size);
    }
    tailSize_.store(size + part, std::memory_order_release);
    done += part;
  }
  lastTime_ = page->times[first + count - 1];
  lastTick_ = page->ticks[first + count - 1];
  points_.fetch_add(count, std::memory_order_relaxed);
  return true;
}

void Track::close(const PagePtr& page, const PlacesPtr& places) {
  const std::lock_guard lock(writing_);
  if (tail_ && tail_->page == page) sealTailAt(places);
}

std::size_t Track::lose(const PagePtr& page) {
  const std::lock_guard lock(writing_);
  if (!tail_ || tail_->page != page) return 0;
  const std::size_t size = tailSize_.load(std::memory_order_relaxed);
  points_.fetch_sub(size, std::memory_order_relaxed);
  publishTail(nullptr, 0);
  breakNext_ = true;
  return size;
}

void Track::breakNext() {
  const std::lock_guard lock(writing_);
  breakNext_ = true;
}

void Track::sealTail() {
  if (tail_) sealTailAt(nullptr);
}

// The tail's chunk joins the sealed ones and the tail is empty, in one step for readers. `places`: of its whole page.
void Track::sealTailAt(PlacesPtr places) {
  const std::size_t size = tailSize_.load(std::memory_order_relaxed);
  std::optional<Entry> sealed;
  if (size != 0) {
    const std::size_t first = places ? tail_->first : 0;
    if (!places) places = placesOf(meter_, *tail_, size);
    const auto bits = bitsOf(*tail_, size);
    auto chunk = std::allocate_shared<Chunk>(SlabAllocator<Chunk>(), meter_, tail_->kind, tail_->breakBefore,
                                             std::move(places), first, bits);
    sealed = entryOf(std::move(chunk), sketchOf(meter_, tail_->kind, bits));
    hasLive_.store(true, std::memory_order_relaxed);
  }
  nextCapacity_ = tail_->capacity;
  bool seen = false;
  std::shared_ptr<Tail> old = sealed ? joinForest(std::move(*sealed), seen) : dropTail(seen);
  if (!seen && !old->times) {  // nobody reads it: its room serves the next one
    old->page = nullptr;
    spare_ = std::move(old);
  }
}

std::shared_ptr<Tail> Track::dropTail(bool& seen) {
  const std::lock_guard lock(mutex_);
  return takeTail(seen);
}

// Under mutex_.
std::shared_ptr<Tail> Track::takeTail(bool& seen) {
  seen = tailSeen_;
  tailSize_.store(0, std::memory_order_release);
  return std::exchange(tail_, nullptr);
}

// In place where no reader has the newest branch, which is nearly always where nobody looks; else into a copy of it.
std::shared_ptr<Tail> Track::joinForest(Entry sealed, bool& seen) {
  std::optional<Growth> growth = forest_.growth(sealed);
  if (growth) {
    const std::lock_guard lock(mutex_);
    if (!forestSeen_) {
      forest_.grow(std::move(*growth));
      return takeTail(seen);
    }
  }
  Forest forest = forest_;
  growth ? forest.push(meter_, std::move(*growth)) : forest.push(meter_, std::move(sealed));
  const std::lock_guard lock(mutex_);
  std::swap(forest_, forest);
  forestSeen_ = false;  // its newest branch is new
  return takeTail(seen);
}

void Track::adopt(std::vector<Entry> entries) {
  const std::lock_guard lock(writing_);
  if (entries.empty()) return;
  sealTail();
  Forest forest = forest_;
  const Extent last = entries.back().extent;
  for (Entry& entry : entries) {
    points_.fetch_add(entry.extent.summary.total, std::memory_order_relaxed);
    forest.push(meter_, std::move(entry));
  }
  any_ = true;
  lastTime_ = last.t1;
  lastTick_ = last.k1;
  segmentAsked_ = segmentNow_ = last.segment;
  publish(std::move(forest));
}

Snapshot Track::snapshot() const {
  Snapshot s;
  std::shared_ptr<const Tail> tail;
  std::size_t size = 0;
  {
    const std::lock_guard lock(mutex_);
    s.forest = forest_;
    forestSeen_ = true;
    size = tailSize_.load(std::memory_order_acquire);
    if (size == 0) return s;
    tail = tail_;
    tailSeen_ = true;
  }
  // What lies below `size` does not change any more, so it is read where it stands.
  const TimeNs* times = tail->page ? tail->page->times.get() + tail->first : tail->times.get();
  const Tick* ticks = tail->page ? tail->page->ticks.get() + tail->first : tail->ticks.get();
  auto places = std::make_shared<const Places>(meter_, times, ticks, tail);
  s.tail =
      std::make_shared<const Chunk>(meter_, tail->kind, tail->breakBefore, std::move(places), tail->bits.get(), size);
  return s;
}

std::optional<TimeNs> Track::firstTime() const {
  const std::lock_guard lock(mutex_);
  for (std::size_t level = Forest::kLevels; level-- > 0;) {
    if (forest_.level(level)) return forest_.level(level)->entries.front().extent.t0;
  }
  if (tailSize_.load(std::memory_order_acquire) == 0) return std::nullopt;
  return tail_->time(0);
}

std::optional<Track::Last> Track::last() const {
  Forest forest;
  {
    const std::lock_guard lock(mutex_);
    if (const std::size_t size = tailSize_.load(std::memory_order_acquire); size != 0) {
      const std::size_t i = size - 1;
      return Last{tail_->time(i), tail_->tick(i), Chunk::displayed(tail_->kind, tail_->bits[i])};
    }
    forest = forest_;
    forestSeen_ = true;
  }
  for (std::size_t level = 0; level < Forest::kLevels; ++level) {
    if (!forest.level(level)) continue;
    const Entry* entry = &forest.level(level)->entries.back();
    while (entry->branch) entry = &entry->branch->entries.back();
    if (entry->chunk) {
      const Chunk& chunk = *entry->chunk;
      return Last{chunk.time(chunk.size() - 1), chunk.tick(chunk.size() - 1), chunk.value(chunk.size() - 1)};
    }
    return Last{entry->extent.t1, entry->extent.k1, entry->extent.summary.last};
  }
  return std::nullopt;
}

}  // namespace qd::series
