// SPDX-License-Identifier: Apache-2.0
// The samples of one series before its tail: a persistent tree of entries in time order. An entry is a chunk in RAM, a
// branch of up to 64 entries, or cold: known by its extent and sketch alone. Every change makes new branches along its
// path and leaves the old ones to those who still read them; only the newest branch grows in place while nobody has it.
// Over each 4 and each 16 entries of a branch stands a fold, so that the levels of the pyramid are a factor of four
// apart. Pure functions over immutable values; any thread.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/series/chunk.h"
#include "core/series/cold.h"
#include "core/series/slabs.h"

namespace qd::series {

struct Branch;
using BranchPtr = std::shared_ptr<const Branch>;

struct Entry {
  Extent extent;
  SketchPtr sketch;
  ChunkPtr chunk;
  BranchPtr branch;
  std::uint64_t key = 0;   // of what is or was cold, in its source
  std::uint32_t live = 0;  // chunks at or below it that were not loaded
  bool gone = false;       // cold, and its source does not have it

  bool cold() const { return !chunk && !branch; }
};

struct Fold {
  Extent extent;
  SketchPtr sketch;  // null: one of the entries has none
};

// One more entry for a branch, and the folds that it completes.
struct Growth {
  Entry entry;
  std::optional<Fold> four, sixteen;
};

// The topmost folds of a branch, in the branch itself: a question from afar reads little else of it.
class TopFolds {
 public:
  static constexpr std::size_t kMost = 4;
  std::size_t size() const { return size_; }
  bool full() const { return size_ == kMost; }
  const Fold* data() const { return folds_.data(); }
  const Fold& operator[](std::size_t n) const { return folds_[n]; }
  void push_back(Fold fold) { folds_[size_++] = std::move(fold); }  // NOLINT(readability-identifier-naming)

 private:
  std::array<Fold, kMost> folds_;
  std::size_t size_ = 0;
};

struct Branch {
  static constexpr std::size_t kEntries = 64;

  // `like`: has some of the entries at the same places, whose folds are taken over; or null.
  Branch(Meter& meter, std::vector<Entry> entries, const Branch* like = nullptr);
  // `before` with one more entry at its end.
  Branch(Meter& meter, const Branch& before, Growth next);
  // `before` with other entries that cover the same, one for one.
  Branch(Meter& meter, const Branch& before, std::vector<Entry> entries);

  std::vector<Entry> entries;
  std::vector<Fold> fours;  // of whole fours of entries
  TopFolds sixteens;        // of whole sixteens of them
  Metered metered;

  Fold all() const;
  std::uint32_t live() const;
  Growth grown(Entry next) const;
  void grow(Growth next);  // nobody else has the branch
  // What a question from afar reads of a branch, without reading anything of it.
  [[gnu::always_inline]] static void prefetch(const Branch* branch) {
    const auto* at = reinterpret_cast<const char*>(branch);
    for (std::size_t byte = 0; byte < sizeof(Branch); byte += 64) __builtin_prefetch(at + byte);
  }

 private:
  void foldNew(const Branch* like);
  std::size_t owned() const;
};

template <class... Arguments>
std::shared_ptr<Branch> makeBranch(Arguments&&... arguments) {
  return std::allocate_shared<Branch>(SlabAllocator<Branch>(), std::forward<Arguments>(arguments)...);
}
Entry entryOf(ChunkPtr chunk, SketchPtr sketch);
Entry entryOf(BranchPtr branch);
// Entries in branches of up to 64.
std::vector<Entry> grouped(Meter& meter, std::vector<Entry> entries, const Branch* like = nullptr);
// In branches of branches, until at most 64 stand side by side.
std::vector<Entry> stacked(Meter& meter, std::vector<Entry> entries);
std::size_t bytesOf(const std::vector<ColdExtent>& extents);          // as entries of a tree, about
SketchPtr merged(Meter& meter, std::span<const SketchPtr> sketches);  // null where one is null

// The forest of a series: level 0 is the branch that is being filled; a full one becomes an entry of the level above.
class Forest {
 public:
  static constexpr std::size_t kLevels = 8;

  const BranchPtr& level(std::size_t i) const { return levels_[i]; }  // null: empty; higher levels are older
  bool empty() const;
  std::uint32_t live() const;

  void push(Meter& meter, Entry entry);
  // The same in two steps, of which the second is short: what grows in place. Null where level 0 is not there or would
  // be full. Nobody but the caller may have level 0 when it grows.
  std::optional<Growth> growth(Entry& entry) const;  // takes the entry if there is one
  void grow(Growth next);
  void push(Meter& meter, Growth next);  // a growth of this forest, without touching what others read
  // Replaces a level's entries by others: `same`: they cover the same, one for one. At most 64, or they are stacked.
  void replace(Meter& meter, std::size_t level, std::vector<Entry> entries, bool same);

 private:
  std::array<BranchPtr, kLevels> levels_;
};

}  // namespace qd::series
