// SPDX-License-Identifier: Apache-2.0
// The samples of one series over time: a forest of chunks with a pyramid over them, and an open tail. Several threads
// may change it (the source, a loader, whoever keeps the budget): they take turns on a lock of their own. Readers take
// an immutable snapshot under another one that is held for the copy of some pointers. Late samples are merged into
// place, so a backfill may come after what is newer.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "core/series/tree.h"

namespace qd::series {

// The newest samples, being filled. Their rows are those of a page from `first` on, or its own where there is none.
struct Tail {
  Tail(Meter& meter, std::size_t capacity, PagePtr page, std::size_t first);
  // Like `from`, with its first `size` samples and room for `capacity`; rows of its own where `ownRows`.
  Tail(const Tail& from, std::size_t size, std::size_t capacity, bool ownRows);

  TimeNs time(std::size_t i) const { return page ? page->times[first + i] : times[i]; }
  Tick tick(std::size_t i) const { return page ? page->ticks[first + i] : ticks[i]; }

  std::size_t capacity = 0;
  PagePtr page;
  std::size_t first = 0;
  std::unique_ptr<std::uint64_t[]> bits;
  std::unique_ptr<TimeNs[]> times;
  std::unique_ptr<Tick[]> ticks;
  Kind kind;
  bool breakBefore = false;
  Metered metered;
};

// A series as it was at one moment; immutable.
struct Snapshot {
  Forest forest;
  ChunkPtr tail;  // a view of it; null: empty
};

// What somebody looked for and did not find in RAM.
struct Wanted {
  Extent extent;
  std::uint64_t key = 0;
};

class Track {
 public:
  explicit Track(Meter& meter) : meter_(meter) {}

  // --- any thread that changes it ---
  // `rows` in any order, afterwards in that of time; `breakBefore`: the line is interrupted before the first of them.
  void append(const Kind& kind, bool breakBefore, std::span<Row> rows);
  // The same for rows [first, first + count) of a page; 8 bytes a value. False: not in order; the other append() takes
  // them.
  bool append(const Kind& kind, bool breakBefore, const PagePtr& page, std::size_t first, const std::byte* values,
              std::size_t count);
  void close(const PagePtr& page, const PlacesPtr& places);  // its page is full
  void breakNext();                                          // the line is interrupted before what comes next
  void adopt(std::vector<Entry> entries);                    // cold ones, after all that is here

  // --- for the budget; bytes that became free, 0: there is nothing of that kind ---
  std::size_t evictLive(std::size_t atLeast);    // the oldest chunks, some at a time, become cold
  std::size_t evictLoaded(const Extent& chunk);  // that a load brought
  std::size_t tailBytes() const;
  std::size_t freeze();                        // the tail becomes a chunk
  std::size_t lose(const PagePtr& page);       // the tail's samples, if they are that page's; how many they were
  std::size_t coalesce();                      // the oldest cold entries become one
  std::size_t forget(std::uint64_t& samples);  // the oldest cold entry goes, with so many samples more
  bool usedSince(const Extent& chunk);         // whether a query looked at it since this was asked last
  std::optional<TimeNs> firstLive() const;     // the beginning of the oldest chunk that was not loaded
  bool hasLive() const { return hasLive_.load(std::memory_order_relaxed); }
  std::atomic<bool> queued{false};  // of the keeper of the budget: it knows that there are live chunks

  // --- what a load brought for `wanted`; the chunks that are new ---
  std::vector<Extent> satisfy(const Wanted& wanted, const ColdLoad& load, std::uint32_t firstSegment);

  // --- any thread ---
  Snapshot snapshot() const;
  std::uint64_t points() const { return points_.load(std::memory_order_relaxed); }  // known, in RAM or not
  bool empty() const { return points() == 0; }
  std::optional<TimeNs> firstTime() const;
  struct Last {
    TimeNs time = 0;
    Tick tick = 0;
    double value = 0;
  };
  std::optional<Last> last() const;

 private:
  void appendInOrder(const Kind& kind, bool breakBefore, std::span<const Row> rows);
  void insert(const Kind& kind, bool breakBefore, std::span<const Row> rows);
  bool insertIntoTail(const Kind& kind, std::span<const Row> rows);
  void insertIntoForest(const Kind& kind, bool breakBefore, std::span<const Row> rows);
  void sealTail();
  void beginSegment(const Kind& asked, Tick first, bool& breakBefore);
  void ensureTail(const Kind& kind, bool breakBefore, const PagePtr& page, std::size_t first, std::size_t more);
  void sealTailAt(PlacesPtr places);
  // The tail that was, and whether a reader may hold it.
  std::shared_ptr<Tail> joinForest(Entry sealed, bool& seen);
  std::shared_ptr<Tail> dropTail(bool& seen);
  std::shared_ptr<Tail> takeTail(bool& seen);
  void publishTail(std::shared_ptr<Tail> tail, std::size_t size);
  void publish(Forest forest);

  Meter& meter_;
  mutable std::mutex writing_;  // of those who change it
  mutable std::mutex mutex_;    // guards what snapshot() and last() read, where it is replaced
  Forest forest_;
  std::shared_ptr<Tail> tail_;            // null: empty
  std::atomic<std::size_t> tailSize_{0};  // samples of it that are there to see
  mutable bool tailSeen_ = false;         // a reader may hold tail_
  mutable bool forestSeen_ = false;       // a reader may hold the newest branch of forest_
  std::atomic<std::uint64_t> points_{0};
  std::atomic<bool> hasLive_{false};

  // Under writing_.
  bool breakNext_ = false, any_ = false;
  std::uint32_t segmentAsked_ = 0, segmentNow_ = 0;
  TimeNs lastTime_ = 0;
  Tick lastTick_ = 0;
  std::size_t nextCapacity_ = 16;
  std::shared_ptr<Tail> spare_;
};

}  // namespace qd::series
