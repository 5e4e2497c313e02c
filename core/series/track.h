// SPDX-License-Identifier: Apache-2.0
// The samples of one series over time: sealed chunks in groups of 64 with a pyramid over each group, and an open tail.
// One writer; readers take an immutable snapshot under a lock that is held for microseconds. Late samples are merged
// into place, so a backfill may come after what is newer.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "core/series/chunk.h"

namespace qd::series {

Extent extentOf(const Chunk& chunk);

struct Group {
  static constexpr std::size_t kChunks = 64;
  static constexpr std::size_t kNode = 8;  // chunks under a node of the middle level

  explicit Group(std::vector<ChunkPtr> chunks);
  std::vector<ChunkPtr> chunks;
  std::vector<Extent> extents;  // of each chunk
  std::vector<Extent> middle;   // of each 8 chunks
  Extent all;
};
using GroupPtr = std::shared_ptr<const Group>;
using Groups = std::vector<GroupPtr>;

// A series as it was at one moment; immutable.
struct Snapshot {
  std::shared_ptr<const Groups> full;  // never null
  GroupPtr current, tail;              // null: empty

  // The groups in time order.
  std::size_t count() const { return full->size() + (current ? 1 : 0) + (tail ? 1 : 0); }
  const Group& operator[](std::size_t i) const {
    if (i < full->size()) return *(*full)[i];
    return i == full->size() && current ? *current : *tail;
  }
};

class Track {
 public:
  Track();

  // --- the writer ---
  // `rows` in any order, afterwards in that of time; `breakBefore`: the line is interrupted before the first of them.
  void append(const Kind& kind, bool breakBefore, std::span<Row> rows);
  void breakNext() { breakNext_ = true; }  // the line is interrupted before what comes next
  void evictFirst();                       // the oldest chunk goes
  void sealTail();
  std::optional<TimeNs> firstChunkTime() const;
  std::size_t bytes() const { return bytes_; }
  std::uint64_t points() const { return points_; }
  bool empty() const { return points_ == 0; }
  TimeNs lastTime() const { return lastTime_; }  // of the newest sample, if not empty

  // --- any thread ---
  Snapshot snapshot() const;
  struct Last {
    TimeNs time = 0;
    Tick tick = 0;
    double value = 0;
  };
  std::optional<Last> last() const;

 private:
  struct Merged;  // a row with what its chunk knew of it

  void appendInOrder(const Kind& kind, bool breakBefore, std::span<const Row> rows);
  void insert(const Kind& kind, bool breakBefore, std::span<const Row> rows);
  std::vector<ChunkPtr> sealed() const;
  void publish(std::vector<ChunkPtr> chunks);
  void push(ChunkPtr chunk);
  static std::vector<ChunkPtr> build(std::vector<Merged>& rows);

  mutable std::mutex mutex_;  // guards what snapshot() and last() read; the writer alone changes it
  std::shared_ptr<const Groups> full_;
  GroupPtr current_;
  Kind tailKind_;
  bool tailBreak_ = false;
  std::vector<Row> tail_;
  std::uint64_t tailVersion_ = 0;  // +1 whenever what is sealed or open changes
  mutable GroupPtr tailShown_;     // the tail as the last snapshot had it, at tailShownVersion_
  mutable std::uint64_t tailShownVersion_ = 0;

  // Of the writer.
  bool breakNext_ = false, any_ = false;
  std::uint32_t segmentAsked_ = 0, segmentNow_ = 0;
  TimeNs lastTime_ = 0;
  Tick lastTick_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t points_ = 0;
};

}  // namespace qd::series
