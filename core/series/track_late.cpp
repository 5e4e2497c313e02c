// SPDX-License-Identifier: Apache-2.0
// Rows that lie before the newest sample of a track: the rare way in.
#include <algorithm>
#include <iterator>

#include "core/series/merge_rows.h"
#include "core/series/track.h"

namespace qd::series {
namespace {

bool earlier(const Row& a, const Row& b) {
  return a.time < b.time;
}

const Extent* lastOf(const Forest& forest) {
  for (std::size_t level = 0; level < Forest::kLevels; ++level) {
    if (forest.level(level)) return &forest.level(level)->entries.back().extent;
  }
  return nullptr;
}

}  // namespace

void Track::insert(const Kind& asked, bool breakBefore, std::span<const Row> rows) {
  // The same segment as what is here of the same instance.
  Kind kind = asked;
  if (segmentAsked_ == asked.segment) kind.segment = segmentNow_;
  const Extent* end = lastOf(forest_);
  const auto split = std::partition_point(rows.begin(), rows.end(),
                                          [&](const Row& row) { return end != nullptr && row.time <= end->t1; });
  const std::span<const Row> old(rows.begin(), split), recent(split, rows.end());
  if (!recent.empty() && (breakBefore || !tail_ || !insertIntoTail(kind, recent))) {
    sealTail();
    insertIntoForest(kind, breakBefore, rows);
  } else if (!old.empty()) {
    insertIntoForest(kind, breakBefore, old);
  }
}

// False, and nothing is changed, where they do not fit into one chunk with what the tail has.
bool Track::insertIntoTail(const Kind& kind, std::span<const Row> rows) {
  if (kind != tail_->kind) return false;
  const std::size_t size = tailSize_.load(std::memory_order_relaxed);
  std::vector<Row> present, all;
  present.reserve(size);
  for (std::size_t i = 0; i < size; ++i) present.push_back({tail_->time(i), tail_->tick(i), tail_->bits[i]});
  all.reserve(size + rows.size());
  std::merge(present.begin(), present.end(), rows.begin(), rows.end(), std::back_inserter(all), earlier);
  const auto falls = [](const Row& a, const Row& b) { return b.tick < a.tick; };
  if (all.size() > kChunkSamples || std::adjacent_find(all.begin(), all.end(), falls) != all.end()) return false;
  std::size_t room = tail_->capacity;
  while (room < all.size()) room *= 2;
  auto tail = std::make_shared<Tail>(meter_, std::min(room, kChunkSamples), nullptr, 0);
  tail->kind = tail_->kind;
  tail->breakBefore = tail_->breakBefore;
  for (std::size_t i = 0; i < all.size(); ++i) {
    tail->times[i] = all[i].time;
    tail->ticks[i] = all[i].tick;
    tail->bits[i] = all[i].bits;
  }
  publishTail(std::move(tail), all.size());
  lastTime_ = all.back().time;
  lastTick_ = all.back().tick;
  return true;
}

void Track::insertIntoForest(const Kind& kind, bool breakBefore, std::span<const Row> rows) {
  std::vector<Late> late;
  late.reserve(rows.size());
  for (const Row& row : rows) late.push_back({row, kind, false});
  late.front().breakBefore = breakBefore;
  Forest forest = forest_;
  // Newer levels first: each takes what is not before it, the oldest takes the rest.
  std::span<const Late> rest(late);
  for (std::size_t level = 0; level < Forest::kLevels && !rest.empty(); ++level) {
    if (!forest.level(level)) continue;
    bool older = false;
    for (std::size_t above = level + 1; above < Forest::kLevels; ++above) older = older || forest.level(above);
    const TimeNs t0 = forest.level(level)->entries.front().extent.t0;
    const auto at = older
                        ? std::partition_point(rest.begin(), rest.end(), [&](const Late& l) { return l.row.time < t0; })
                        : rest.begin();
    const std::span<const Late> here(at, rest.end());
    rest = {rest.begin(), at};
    if (here.empty()) continue;
    std::vector<Entry> entries = forest.level(level)->entries;
    mergeInto(meter_, entries, here);
    forest.replace(meter_, level, std::move(entries), false);
  }
  if (!rest.empty()) {  // the forest was empty
    std::vector<Late> all(rest.begin(), rest.end());
    for (Entry& entry : chunksOf(meter_, all)) forest.push(meter_, std::move(entry));
  }
  if (!tail_) {
    const Extent* last = lastOf(forest);
    lastTime_ = last->t1;
    lastTick_ = last->k1;
    if (last->segment >= segmentAsked_) segmentNow_ = last->segment;
  }
  publish(std::move(forest));
}

}  // namespace qd::series
