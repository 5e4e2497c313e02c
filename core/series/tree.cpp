// SPDX-License-Identifier: Apache-2.0
#include "core/series/tree.h"

#include <algorithm>
#include <array>

#include "core/base/sketch.h"

namespace qd::series {
namespace {

constexpr std::size_t kFold = 4;

template <class Folded>
Fold foldOf(const Folded* first, std::size_t count, SketchPtr sketch) {
  Fold fold{first->extent, std::move(sketch)};
  for (std::size_t i = 1; i < count; ++i) fold.extent.add(first[i].extent);
  return fold;
}

template <class Folded>
SketchPtr sketchOf(Meter& meter, const Folded* first, std::size_t count) {
  std::vector<SketchPtr> sketches;
  for (std::size_t i = 0; i < count; ++i) sketches.push_back(first[i].sketch);
  return merged(meter, sketches);
}

// What a fold needs of an entry or of another fold.
struct ExtentAndSketch {
  const Extent& extent;
  const SketchPtr& sketch;
};
template <class Folded>
ExtentAndSketch of(const Folded& folded) {
  return {folded.extent, folded.sketch};
}

// The fold number n of kFold things. Its sketch is `old`'s where that is of the same sketches.
template <class Folded, class Old>
Fold foldOf(Meter& meter, const std::vector<Folded>& of, std::size_t n, const std::vector<Folded>& was,
            const Old& old) {
  const Folded* first = &of[n * kFold];
  const auto sameSketch = [](const Folded& a, const Folded& b) { return a.sketch == b.sketch; };
  if (n < old.size() && std::equal(first, first + kFold, &was[n * kFold], sameSketch)) {
    return foldOf(first, kFold, old[n].sketch);
  }
  return foldOf(first, kFold, sketchOf(meter, first, kFold));
}

}  // namespace

std::size_t bytesOf(const std::vector<ColdExtent>& extents) {
  std::size_t bytes = 0;
  for (const ColdExtent& cold : extents) {
    bytes += sizeof(Entry) * 3 / 2 + (cold.sketch ? 2 * cold.sketch->size() + 64 : 0);
  }
  return bytes;
}

SketchPtr merged(Meter& meter, std::span<const SketchPtr> sketches) {
  thread_local Sketch sum;
  sum.clear();
  for (const SketchPtr& sketch : sketches) {
    if (!sketch) return nullptr;
    sum.mergeOwn(*sketch);
  }
  return meteredSketch(meter, sum.encode());
}

Branch::Branch(Meter& meter, std::vector<Entry> from, const Branch* like)
    : entries(std::move(from)), metered(meter, 0) {
  foldNew(like);
  metered.set(owned());
}

Branch::Branch(Meter& meter, const Branch& before, Growth next) : metered(meter, 0) {
  // Room for some more: it may grow in place from now on.
  entries.reserve(std::min(kEntries, before.entries.size() * 2));
  entries.insert(entries.end(), before.entries.begin(), before.entries.end());
  fours = before.fours;
  sixteens = before.sixteens;
  grow(std::move(next));
}

Growth Branch::grown(Entry next) const {
  Growth out;
  const std::size_t size = entries.size() + 1;
  if (size % kFold == 0) {
    const Entry* old = &entries[size - kFold];
    const std::array<ExtentAndSketch, kFold> four{of(old[0]), of(old[1]), of(old[2]), of(next)};
    out.four = foldOf(four.data(), kFold, sketchOf(metered.meter(), four.data(), kFold));
  }
  if (size % (kFold * kFold) == 0) {
    const Fold* old = &fours[fours.size() - (kFold - 1)];
    const std::array<ExtentAndSketch, kFold> sixteen{of(old[0]), of(old[1]), of(old[2]), of(*out.four)};
    out.sixteen = foldOf(sixteen.data(), kFold, sketchOf(metered.meter(), sixteen.data(), kFold));
  }
  out.entry = std::move(next);
  return out;
}

void Branch::grow(Growth next) {
  entries.push_back(std::move(next.entry));
  if (next.four) fours.push_back(std::move(*next.four));
  if (next.sixteen && !sixteens.full()) sixteens.push_back(std::move(*next.sixteen));
  metered.set(owned());
}

Branch::Branch(Meter& meter, const Branch& before, std::vector<Entry> from)
    : entries(std::move(from)), fours(before.fours), sixteens(before.sixteens), metered(meter, 0) {
  metered.set(owned());
}

void Branch::foldNew(const Branch* like) {
  static const std::vector<Entry> kNoEntries;
  static const std::vector<Fold> kNoFolds;
  static const TopFolds kNoTopFolds;
  for (std::size_t i = fours.size(); (i + 1) * kFold <= entries.size(); ++i) {
    fours.push_back(
        foldOf(metered.meter(), entries, i, like ? like->entries : kNoEntries, like ? like->fours : kNoFolds));
  }
  for (std::size_t i = sixteens.size(); !sixteens.full() && (i + 1) * kFold <= fours.size(); ++i) {
    sixteens.push_back(
        foldOf(metered.meter(), fours, i, like ? like->fours : kNoFolds, like ? like->sixteens : kNoTopFolds));
  }
}

// Chunks, branches below and sketches count themselves.
std::size_t Branch::owned() const {
  std::size_t bytes = sizeof(Branch) + Metered::kShared + 3 * Metered::kAllocation;
  bytes += entries.capacity() * sizeof(Entry) + fours.capacity() * sizeof(Fold);
  return bytes;
}

Fold Branch::all() const {
  if (sixteens.size() * kFold * kFold == entries.size()) {
    return foldOf(sixteens.data(), sixteens.size(), sketchOf(metered.meter(), sixteens.data(), sixteens.size()));
  }
  return foldOf(entries.data(), entries.size(), sketchOf(metered.meter(), entries.data(), entries.size()));
}

std::uint32_t Branch::live() const {
  std::uint32_t live = 0;
  for (const Entry& e : entries) live += e.live;
  return live;
}

Entry entryOf(ChunkPtr chunk, SketchPtr sketch) {
  Entry entry;
  entry.extent = chunk->extent();
  entry.sketch = std::move(sketch);
  entry.live = chunk->loaded ? 0 : 1;
  entry.chunk = std::move(chunk);
  return entry;
}

Entry entryOf(BranchPtr branch) {
  Fold all = branch->all();
  Entry entry;
  entry.extent = all.extent;
  entry.sketch = std::move(all.sketch);
  entry.live = branch->live();
  entry.branch = std::move(branch);
  return entry;
}

std::vector<Entry> grouped(Meter& meter, std::vector<Entry> entries, const Branch* like) {
  std::vector<Entry> above;
  for (std::size_t i = 0; i < entries.size(); i += Branch::kEntries) {
    const std::size_t end = std::min(entries.size(), i + Branch::kEntries);
    std::vector<Entry> part(std::make_move_iterator(entries.begin() + static_cast<std::ptrdiff_t>(i)),
                            std::make_move_iterator(entries.begin() + static_cast<std::ptrdiff_t>(end)));
    above.push_back(entryOf(makeBranch(meter, std::move(part), i == 0 ? like : nullptr)));
  }
  return above;
}

std::vector<Entry> stacked(Meter& meter, std::vector<Entry> entries) {
  while (entries.size() > Branch::kEntries) entries = grouped(meter, std::move(entries));
  return entries;
}

bool Forest::empty() const {
  return std::all_of(levels_.begin(), levels_.end(), [](const BranchPtr& level) { return level == nullptr; });
}

std::uint32_t Forest::live() const {
  std::uint32_t live = 0;
  for (const BranchPtr& level : levels_) live += level ? level->live() : 0;
  return live;
}

void Forest::push(Meter& meter, Entry entry) {
  for (BranchPtr& level : levels_) {
    if (!level) {
      std::vector<Entry> one;
      one.push_back(std::move(entry));
      level = makeBranch(meter, std::move(one));
      return;
    }
    BranchPtr grown = makeBranch(meter, *level, level->grown(std::move(entry)));
    if (grown->entries.size() < Branch::kEntries || &level == &levels_.back()) {
      level = std::move(grown);
      return;
    }
    entry = entryOf(std::move(grown));
    level = nullptr;
  }
}

std::optional<Growth> Forest::growth(Entry& entry) const {
  const BranchPtr& newest = levels_.front();
  if (!newest || newest->entries.size() + 1 >= Branch::kEntries) return std::nullopt;
  return newest->grown(std::move(entry));
}

void Forest::grow(Growth next) {
  std::const_pointer_cast<Branch>(levels_.front())->grow(std::move(next));
}

void Forest::push(Meter& meter, Growth next) {
  levels_.front() = makeBranch(meter, *levels_.front(), std::move(next));
}

void Forest::replace(Meter& meter, std::size_t level, std::vector<Entry> entries, bool same) {
  if (same) {
    levels_[level] = makeBranch(meter, *levels_[level], std::move(entries));
    return;
  }
  entries = stacked(meter, std::move(entries));
  levels_[level] = entries.empty() ? nullptr : makeBranch(meter, std::move(entries), levels_[level].get());
}

}  // namespace qd::series
