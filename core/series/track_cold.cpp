// SPDX-License-Identifier: Apache-2.0
// How chunks of a track leave RAM and come back.
#include <algorithm>

#include "core/base/sketch.h"
#include "core/series/merge_rows.h"
#include "core/series/track.h"

namespace qd::series {
namespace {

constexpr std::size_t kAtOnce = 8;     // chunks that leave in one step
constexpr std::size_t kTogether = 16;  // cold entries that become one

bool same(const Extent& a, const Extent& b) {
  return a.t0 == b.t0 && a.t1 == b.t1 && a.summary.total == b.summary.total;
}

// Where the first entry for which `wanted` holds is, below `entries`; empty: nowhere. `inside`: whether it may be
// there.
using Path = std::vector<std::size_t>;
template <class Inside, class Is>
bool findPath(const std::vector<Entry>& entries, const Inside& inside, const Is& is, Path& path) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!inside(entries[i])) continue;
    path.push_back(i);
    if (is(entries[i])) return true;
    if (entries[i].branch && findPath(entries[i].branch->entries, inside, is, path)) return true;
    path.pop_back();
  }
  return false;
}

// The entries with the one at `path` changed; what they cover stays the same.
template <class Change>
std::vector<Entry> changedAt(Meter& meter, std::vector<Entry> entries, std::span<const std::size_t> path,
                             const Change& change) {
  Entry& entry = entries[path.front()];
  if (path.size() == 1) {
    change(entry);
  } else {
    const Branch& before = *entry.branch;
    entry.branch = makeBranch(meter, before, changedAt(meter, before.entries, path.subspan(1), change));
    entry.live = entry.branch->live();
  }
  return entries;
}

// The oldest live chunks of `entries` become cold.
void cool(Meter& meter, std::vector<Entry>& entries, std::size_t atLeast, std::size_t& freed, std::size_t& count) {
  for (Entry& entry : entries) {
    if (freed >= atLeast || count >= kAtOnce) return;
    if (entry.live == 0) continue;
    if (entry.branch) {
      std::vector<Entry> inner = entry.branch->entries;
      cool(meter, inner, atLeast, freed, count);
      entry.branch = makeBranch(meter, *entry.branch, std::move(inner));
      entry.live = entry.branch->live();
    } else {
      freed += entry.chunk->bytes();
      entry.chunk->letGo();
      ++count;
      entry.chunk = nullptr;
      entry.live = 0;
    }
  }
}

std::size_t bytesBelow(const Entry& entry) {
  if (!entry.branch) return 0;
  std::size_t bytes = entry.branch->metered.bytes();
  for (const Entry& inner : entry.branch->entries) {
    bytes += bytesBelow(inner) + (inner.sketch ? inner.sketch->capacity() : 0);
  }
  return bytes;
}

// Puts the first cold ones together; what was freed.
std::size_t together(Meter& meter, std::vector<Entry>& entries) {
  std::size_t count = 0;
  while (count < entries.size() && count < kTogether && entries[count].cold()) ++count;
  if (count < 2) return 0;
  std::vector<SketchPtr> sketches{entries[0].sketch};
  Entry& first = entries[0];
  std::size_t freed = 0;
  for (std::size_t i = 1; i < count; ++i) {
    first.extent.add(entries[i].extent);
    first.gone = first.gone && entries[i].gone;
    sketches.push_back(entries[i].sketch);
    freed += sizeof(Entry) + (entries[i].sketch ? entries[i].sketch->capacity() : 0);
  }
  first.sketch = merged(meter, sketches);
  first.key = 0;
  entries.erase(entries.begin() + 1, entries.begin() + static_cast<std::ptrdiff_t>(count));
  return freed;
}

// False where nothing below `entries` is cold enough.
bool darken(Meter& meter, std::vector<Entry>& entries, std::size_t& freed) {
  for (Entry& entry : entries) {
    if (!entry.branch) {
      if (entry.live != 0) break;
      continue;
    }
    if (entry.live == 0) {
      freed = bytesBelow(entry);
      entry.branch = nullptr;
      return true;
    }
    std::vector<Entry> inner = entry.branch->entries;
    if (darken(meter, inner, freed)) {
      entry.branch = makeBranch(meter, std::move(inner));
      return true;
    }
    break;
  }
  freed = together(meter, entries);
  return freed != 0;
}

Entry coldEntry(Meter& meter, const ColdExtent& cold, std::uint32_t firstSegment) {
  Entry entry;
  entry.extent = cold.extent;
  entry.extent.segment += firstSegment;
  if (cold.sketch && Sketch::decode(*cold.sketch)) entry.sketch = meteredSketch(meter, *cold.sketch);
  entry.key = cold.key;
  return entry;
}

// The rows of what was asked for, no more; their segment is that of the extent where it has but one.
std::vector<Late> rowsOf(const Extent& extent, const ColdLoad& load, std::uint32_t firstSegment) {
  std::vector<Late> rows;
  for (const ColdRun& run : load.runs) {
    Kind kind = run.kind;
    kind.segment = extent.mixed ? firstSegment + run.kind.segment : extent.segment;
    bool breakBefore = run.breakBefore && !rows.empty();
    for (const Row& row : run.rows) {
      if (row.time < extent.t0 || row.time > extent.t1) continue;
      rows.push_back({row, kind, breakBefore});
      breakBefore = false;
    }
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Late& a, const Late& b) { return a.row.time < b.row.time; });
  // Rows of the neighbours that stand at the same moment.
  while (rows.size() > extent.summary.total && rows.back().row.time == extent.t1 && extent.t1 != extent.t0) {
    rows.pop_back();
  }
  if (!rows.empty()) rows.front().breakBefore = extent.breakBefore;
  return rows;
}

}  // namespace

std::optional<TimeNs> Track::firstLive() const {
  const std::lock_guard lock(mutex_);
  for (std::size_t level = Forest::kLevels; level-- > 0;) {
    const Branch* branch = forest_.level(level).get();
    while (branch != nullptr) {
      const auto live =
          std::find_if(branch->entries.begin(), branch->entries.end(), [](const Entry& e) { return e.live != 0; });
      if (live == branch->entries.end()) break;
      if (live->chunk) return live->extent.t0;
      branch = live->branch.get();
    }
  }
  return std::nullopt;
}

std::size_t Track::evictLive(std::size_t atLeast) {
  const std::lock_guard lock(writing_);
  Forest forest = forest_;
  std::size_t freed = 0, count = 0;
  for (std::size_t level = Forest::kLevels; level-- > 0 && freed < atLeast && count < kAtOnce;) {
    if (!forest.level(level) || forest.level(level)->live() == 0) continue;
    std::vector<Entry> entries = forest.level(level)->entries;
    cool(meter_, entries, atLeast, freed, count);
    forest.replace(meter_, level, std::move(entries), true);
  }
  if (freed != 0) publish(std::move(forest));
  return freed;
}

std::size_t Track::evictLoaded(const Extent& chunk) {
  const std::lock_guard lock(writing_);
  const auto inside = [&](const Entry& e) { return e.extent.t0 <= chunk.t0 && e.extent.t1 >= chunk.t1; };
  const auto is = [&](const Entry& e) { return e.chunk && e.chunk->loaded && same(e.extent, chunk); };
  for (std::size_t level = 0; level < Forest::kLevels; ++level) {
    Path path;
    if (!forest_.level(level) || !findPath(forest_.level(level)->entries, inside, is, path)) continue;
    std::size_t freed = 0;
    const auto drop = [&](Entry& e) {
      freed = e.chunk->bytes();
      e.chunk->letGo();
      e.chunk = nullptr;
    };
    Forest forest = forest_;
    forest.replace(meter_, level, changedAt(meter_, forest.level(level)->entries, path, drop), true);
    publish(std::move(forest));
    return freed;
  }
  return 0;
}

std::size_t Track::tailBytes() const {
  const std::lock_guard lock(mutex_);
  return tail_ ? tail_->metered.bytes() : 0;
}

std::size_t Track::freeze() {
  const std::lock_guard lock(writing_);
  const std::size_t before = (tail_ ? tail_->metered.bytes() : 0) + (spare_ ? spare_->metered.bytes() : 0);
  spare_ = nullptr;
  sealTail();
  spare_ = nullptr;
  nextCapacity_ = 0;
  return before;
}

std::size_t Track::coalesce() {
  const std::lock_guard lock(writing_);
  spare_ = nullptr;
  for (std::size_t level = Forest::kLevels; level-- > 0;) {
    if (!forest_.level(level)) continue;
    std::vector<Entry> entries = forest_.level(level)->entries;
    std::size_t freed = 0;
    if (!darken(meter_, entries, freed)) continue;
    Forest forest = forest_;
    forest.replace(meter_, level, std::move(entries), false);
    publish(std::move(forest));
    return freed;
  }
  return 0;
}

bool Track::usedSince(const Extent& chunk) {
  const std::lock_guard lock(writing_);
  const auto inside = [&](const Entry& e) { return e.extent.t0 <= chunk.t0 && e.extent.t1 >= chunk.t1; };
  bool used = false;
  const auto is = [&](const Entry& e) {
    if (!e.chunk || !e.chunk->loaded || !same(e.extent, chunk)) return false;
    used = e.chunk->used.exchange(false, std::memory_order_relaxed);
    return true;
  };
  for (std::size_t level = 0; level < Forest::kLevels; ++level) {
    Path path;
    if (forest_.level(level) && findPath(forest_.level(level)->entries, inside, is, path)) break;
  }
  return used;
}

std::size_t Track::forget(std::uint64_t& samples) {
  const std::lock_guard lock(writing_);
  for (std::size_t level = Forest::kLevels; level-- > 0;) {
    if (!forest_.level(level)) continue;
    std::vector<Entry> entries = forest_.level(level)->entries;
    const Entry first = entries.front();
    if (first.live != 0) return 0;
    const std::size_t freed = sizeof(Entry) + bytesBelow(first) + (first.sketch ? first.sketch->capacity() : 0);
    points_.fetch_sub(first.extent.summary.total, std::memory_order_relaxed);
    samples += first.extent.summary.total;
    entries.erase(entries.begin());
    Forest forest = forest_;
    forest.replace(meter_, level, std::move(entries), false);
    publish(std::move(forest));
    return freed;
  }
  return 0;
}

std::vector<Extent> Track::satisfy(const Wanted& wanted, const ColdLoad& load, std::uint32_t firstSegment) {
  std::vector<Entry> below;
  std::vector<Extent> made;
  for (const ColdExtent& child : load.children) below.push_back(coldEntry(meter_, child, firstSegment));
  if (below.empty()) {
    std::vector<Late> rows = rowsOf(wanted.extent, load, firstSegment);
    below = chunksOf(meter_, rows, true);
    for (const Entry& entry : below) made.push_back(entry.extent);
  }
  const auto fill = [&](Entry& entry) {
    if (below.empty()) {
      entry.gone = true;
    } else if (below.size() == 1 && below.front().chunk) {
      entry.chunk = below.front().chunk;
      if (!entry.sketch) entry.sketch = below.front().sketch;
      made.front() = entry.extent;
    } else {
      entry.branch = makeBranch(meter_, stacked(meter_, std::move(below)));
    }
  };
  const auto inside = [&](const Entry& e) {
    return e.extent.t0 <= wanted.extent.t0 && e.extent.t1 >= wanted.extent.t1;
  };
  const auto is = [&](const Entry& e) { return e.cold() && e.key == wanted.key && same(e.extent, wanted.extent); };
  const std::lock_guard lock(writing_);
  for (std::size_t level = 0; level < Forest::kLevels; ++level) {
    Path path;
    if (!forest_.level(level) || !findPath(forest_.level(level)->entries, inside, is, path)) continue;
    Forest forest = forest_;
    forest.replace(meter_, level, changedAt(meter_, forest.level(level)->entries, path, fill), true);
    publish(std::move(forest));
    return made;
  }
  return {};
}

}  // namespace qd::series
