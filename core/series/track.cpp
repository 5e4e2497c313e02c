// SPDX-License-Identifier: Apache-2.0
#include "core/series/track.h"

#include <algorithm>

namespace qd::series {
namespace {

bool earlier(const Row& a, const Row& b) {
  return a.time < b.time;
}

}  // namespace

struct Track::Merged {
  Row row;
  Kind kind;
  bool breakBefore = false;
};

Extent extentOf(const Chunk& chunk) {
  Extent e;
  e.t0 = chunk.time(0);
  e.t1 = chunk.time(chunk.size() - 1);
  e.k0 = chunk.tick(0);
  e.k1 = chunk.tick(chunk.size() - 1);
  e.summary = chunk.all();
  e.segment = chunk.kind().segment;
  e.breakBefore = chunk.breakBefore();
  return e;
}

Group::Group(std::vector<ChunkPtr> of) : chunks(std::move(of)) {
  extents.reserve(chunks.size());
  for (const ChunkPtr& chunk : chunks) extents.push_back(extentOf(*chunk));
  for (std::size_t i = 0; i < extents.size(); ++i) {
    if (i % kNode == 0) {
      middle.push_back(extents[i]);
    } else {
      middle.back().add(extents[i]);
    }
  }
  all = middle.front();
  for (std::size_t i = 1; i < middle.size(); ++i) all.add(middle[i]);
}

Track::Track() : full_(std::make_shared<Groups>()) {}

void Track::append(const Kind& kind, bool breakBefore, std::span<Row> rows) {
  if (rows.empty()) return;
  if (!std::is_sorted(rows.begin(), rows.end(), earlier)) std::stable_sort(rows.begin(), rows.end(), earlier);
  points_ += rows.size();
  if (any_ && rows.front().time < lastTime_) {
    insert(kind, breakBefore, rows);
  } else {
    appendInOrder(kind, breakBefore || breakNext_, rows);
    breakNext_ = false;
  }
}

void Track::appendInOrder(const Kind& asked, bool breakBefore, std::span<const Row> rows) {
  if (!any_ || asked.segment != segmentAsked_) {
    breakBefore = breakBefore || any_;
    segmentAsked_ = segmentNow_ = asked.segment;
    lastTick_ = rows.front().tick;
  }
  any_ = true;
  Kind kind = asked;
  std::size_t next = 0;
  while (next < rows.size()) {
    if (rows[next].tick < lastTick_) {  // the ticks began anew: a new segment
      ++segmentNow_;
      breakBefore = true;
    }
    kind.segment = segmentNow_;
    if (!tail_.empty() && (breakBefore || kind != tailKind_ || tail_.size() == kChunkSamples)) sealTail();
    std::size_t end = next;
    Tick tick = rows[next].tick;
    const std::size_t room = kChunkSamples - tail_.size();
    while (end < rows.size() && end - next < room && rows[end].tick >= tick) tick = rows[end++].tick;
    {
      const std::lock_guard lock(mutex_);
      if (tail_.empty()) {
        tailKind_ = kind;
        tailBreak_ = breakBefore;
      }
      const std::size_t before = tail_.capacity();
      tail_.insert(tail_.end(), rows.begin() + static_cast<std::ptrdiff_t>(next),
                   rows.begin() + static_cast<std::ptrdiff_t>(end));
      bytes_ += (tail_.capacity() - before) * sizeof(Row);
      ++tailVersion_;
    }
    breakBefore = false;
    lastTick_ = tick;
    lastTime_ = rows[end - 1].time;
    next = end;
  }
}

void Track::sealTail() {
  if (tail_.empty()) return;
  auto chunk = std::make_shared<const Chunk>(tailKind_, tailBreak_, tail_);
  bytes_ += chunk->bytes();
  push(std::move(chunk));
}

// The tail's chunk joins the sealed ones and the tail is empty, in one step for readers.
void Track::push(ChunkPtr chunk) {
  std::vector<ChunkPtr> chunks;
  if (current_) chunks = current_->chunks;
  chunks.push_back(std::move(chunk));
  auto group = std::make_shared<const Group>(std::move(chunks));
  std::shared_ptr<const Groups> full = full_;
  if (group->chunks.size() >= Group::kChunks) {
    auto more = std::make_shared<Groups>(*full_);
    more->push_back(std::move(group));
    full = std::move(more);
    group = nullptr;
  }
  const std::lock_guard lock(mutex_);
  full_ = std::move(full);
  current_ = std::move(group);
  tail_.clear();
  ++tailVersion_;
}

std::vector<ChunkPtr> Track::sealed() const {
  std::vector<ChunkPtr> chunks;
  for (const GroupPtr& group : *full_) chunks.insert(chunks.end(), group->chunks.begin(), group->chunks.end());
  if (current_) chunks.insert(chunks.end(), current_->chunks.begin(), current_->chunks.end());
  return chunks;
}

void Track::publish(std::vector<ChunkPtr> chunks) {
  std::vector<Row> tail;
  Kind tailKind;
  bool tailBreak = false;
  // A last chunk that is not full goes on being filled.
  if (!chunks.empty() && chunks.back()->size() < kChunkSamples) {
    const ChunkPtr last = std::move(chunks.back());
    chunks.pop_back();
    tail.reserve(last->size());
    for (std::size_t i = 0; i < last->size(); ++i) tail.push_back(last->row(i));
    tailKind = last->kind();
    tailBreak = last->breakBefore();
  }
  auto full = std::make_shared<Groups>();
  GroupPtr current;
  std::size_t bytes = tail.capacity() * sizeof(Row);
  for (std::size_t i = 0; i < chunks.size(); i += Group::kChunks) {
    const std::size_t end = std::min(chunks.size(), i + Group::kChunks);
    for (std::size_t k = i; k < end; ++k) bytes += chunks[k]->bytes();
    auto group = std::make_shared<const Group>(std::vector<ChunkPtr>(
        chunks.begin() + static_cast<std::ptrdiff_t>(i), chunks.begin() + static_cast<std::ptrdiff_t>(end)));
    if (end - i == Group::kChunks) {
      full->push_back(std::move(group));
    } else {
      current = std::move(group);
    }
  }
  const std::lock_guard lock(mutex_);
  full_ = std::move(full);
  current_ = std::move(current);
  tail_ = std::move(tail);
  tailKind_ = tailKind;
  tailBreak_ = tailBreak;
  ++tailVersion_;
  bytes_ = bytes;
}

// `rows` ascending in time; each run of one kind without a break becomes chunks.
std::vector<ChunkPtr> Track::build(std::vector<Merged>& rows) {
  std::vector<ChunkPtr> result;
  std::vector<Row> run;
  bool breakBefore = false;
  Kind kind;
  const auto flush = [&] {
    if (!run.empty()) result.push_back(std::make_shared<const Chunk>(kind, breakBefore, run));
    run.clear();
    breakBefore = false;
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Merged& m = rows[i];
    if (i != 0 && m.kind.segment == kind.segment && m.row.tick < rows[i - 1].row.tick) {
      // Ticks that fall within a segment: the rest of this segment here is another one.
      const std::uint32_t old = m.kind.segment;
      for (std::size_t k = i; k < rows.size() && rows[k].kind.segment == old; ++k) ++rows[k].kind.segment;
      m.breakBefore = true;
    }
    const bool other = i != 0 && m.kind.segment != kind.segment;
    if (m.breakBefore || m.kind != kind || run.size() == kChunkSamples) {
      flush();
      breakBefore = m.breakBefore || other;
      kind = m.kind;
    }
    run.push_back(m.row);
  }
  flush();
  return result;
}

// The rare way: `rows` lie before the newest sample. Only the chunks that they overlap are rebuilt.
void Track::insert(const Kind& asked, bool breakBefore, std::span<const Row> rows) {
  sealTail();
  std::vector<ChunkPtr> chunks = sealed();
  const auto at = [&](std::size_t i) { return chunks.begin() + static_cast<std::ptrdiff_t>(i); };
  std::size_t low = 0;
  while (low < chunks.size() && chunks[low]->time(chunks[low]->size() - 1) <= rows.front().time) ++low;
  std::size_t high = low;
  while (high < chunks.size() && chunks[high]->time(0) <= rows.back().time) ++high;
  // The same segment as the neighbour of the same instance, if there is one.
  Kind kind = asked;
  if (segmentAsked_ == asked.segment) kind.segment = segmentNow_;
  if (low > 0 && chunks[low - 1]->size() < kChunkSamples && chunks[low - 1]->kind() == kind && !breakBefore) --low;
  std::vector<Merged> present, all;
  for (std::size_t c = low; c < high; ++c) {
    for (std::size_t i = 0; i < chunks[c]->size(); ++i) {
      present.push_back({chunks[c]->row(i), chunks[c]->kind(), i == 0 && chunks[c]->breakBefore()});
    }
  }
  std::vector<Merged> late;
  late.reserve(rows.size());
  for (const Row& row : rows) late.push_back({row, kind, false});
  late.front().breakBefore = breakBefore;
  all.reserve(present.size() + late.size());
  std::merge(present.begin(), present.end(), late.begin(), late.end(), std::back_inserter(all),
             [](const Merged& a, const Merged& b) { return a.row.time < b.row.time; });
  if (high < chunks.size() && chunks[high]->kind().segment != kind.segment && !chunks[high]->breakBefore()) {
    // What follows is of another segment and was the first of the track so far: now it needs a break before it.
    std::vector<Row> next;
    for (std::size_t i = 0; i < chunks[high]->size(); ++i) next.push_back(chunks[high]->row(i));
    chunks[high] = std::make_shared<const Chunk>(chunks[high]->kind(), true, next);
  }
  std::vector<ChunkPtr> rebuilt = build(all);
  if (low > 0 && !rebuilt.empty() && rebuilt.front()->kind().segment != chunks[low - 1]->kind().segment &&
      !rebuilt.front()->breakBefore()) {
    all.front().breakBefore = true;
    rebuilt = build(all);
  }
  chunks.erase(at(low), at(high));
  chunks.insert(at(low), rebuilt.begin(), rebuilt.end());
  const ChunkPtr last = chunks.back();
  publish(std::move(chunks));
  lastTime_ = last->time(last->size() - 1);
  lastTick_ = last->tick(last->size() - 1);
}

void Track::evictFirst() {
  const bool fromFull = !full_->empty();
  const GroupPtr first = fromFull ? full_->front() : current_;
  if (!first) return;
  bytes_ -= first->chunks.front()->bytes();
  points_ -= first->chunks.front()->size();
  GroupPtr rest;
  if (first->chunks.size() > 1) {
    rest = std::make_shared<const Group>(std::vector<ChunkPtr>(first->chunks.begin() + 1, first->chunks.end()));
  }
  std::shared_ptr<Groups> full;
  if (fromFull) {
    full = std::make_shared<Groups>(*full_);
    if (rest) {
      full->front() = std::move(rest);
    } else {
      full->erase(full->begin());
    }
  }
  const std::lock_guard lock(mutex_);
  if (fromFull) {
    full_ = std::move(full);
  } else {
    current_ = std::move(rest);
  }
}

std::optional<TimeNs> Track::firstChunkTime() const {
  if (!full_->empty()) return full_->front()->all.t0;
  if (current_) return current_->all.t0;
  return std::nullopt;
}

Snapshot Track::snapshot() const {
  Snapshot s;
  std::vector<Row> tail;
  Kind kind;
  bool breakBefore = false;
  std::uint64_t version = 0;
  {
    const std::lock_guard lock(mutex_);
    s.full = full_;
    s.current = current_;
    if (tail_.empty()) return s;
    version = tailVersion_;
    if (tailShown_ && tailShownVersion_ == version) {
      s.tail = tailShown_;
      return s;
    }
    tail = tail_;
    kind = tailKind_;
    breakBefore = tailBreak_;
  }
  std::vector<ChunkPtr> chunks{std::make_shared<const Chunk>(kind, breakBefore, tail)};
  s.tail = std::make_shared<const Group>(std::move(chunks));
  const std::lock_guard lock(mutex_);
  tailShown_ = s.tail;
  tailShownVersion_ = version;
  return s;
}

std::optional<Track::Last> Track::last() const {
  Row row;
  Kind kind;
  {
    const std::lock_guard lock(mutex_);
    if (tail_.empty()) {
      const GroupPtr group = current_ ? current_ : full_->empty() ? nullptr : full_->back();
      if (!group) return std::nullopt;
      const Chunk& chunk = *group->chunks.back();
      row = chunk.row(chunk.size() - 1);
      kind = chunk.kind();
    } else {
      row = tail_.back();
      kind = tailKind_;
    }
  }
  return Last{row.time, row.tick, Chunk(kind, false, {&row, 1}).value(0)};
}

}  // namespace qd::series
