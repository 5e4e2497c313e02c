// SPDX-License-Identifier: Apache-2.0
// How sample blocks get into the store, on the source thread. The rows of a ring fill pages of ticks and times that all
// its series share, as long as they come in order; a column that has a value in every row only adds its values.
#include <algorithm>
#include <bit>
#include <cstring>

#include "core/series/store_impl.h"

namespace qd::series {
namespace {

constexpr std::size_t kMostRings = 1024;  // of one instance
constexpr std::size_t kPageShare = 8;     // open pages take at most this part of the budget

bool sound(const ingest::SampleBlock& block, const ingest::Column& column) {
  const std::size_t rows = block.times.size();
  if (block.ticks.size() != rows) return false;
  if (column.rows.empty()) return column.size() <= rows;
  if (column.rows.size() != column.size()) return false;
  return std::all_of(column.rows.begin(), column.rows.end(), [&](std::uint32_t row) { return row < rows; });
}

void rowsOf(const ingest::SampleBlock& block, const ingest::Column& column, std::vector<Row>& rows) {
  rows.resize(column.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t row = column.rows.empty() ? i : column.rows[i];
    rows[i].time = block.times[row];
    rows[i].tick = block.ticks[row];
  }
  std::visit(
      [&](const auto& values) {
        for (std::size_t i = 0; i < rows.size(); ++i) rows[i].bits = std::bit_cast<std::uint64_t>(values[i]);
      },
      column.values);
}

// The values' bits as they are, for copying only.
const std::byte* bytesOf(const ingest::Column& column, std::size_t first) {
  return std::visit([&](const auto& values) { return reinterpret_cast<const std::byte*>(values.data() + first); },
                    column.values);
}

Kind kindOf(const Instance& instance, const Series& series, const ingest::Column& column) {
  Kind kind{instance.ordinal * kSegmentsPerInstance, 0, column.values.index() == 0};
  if (kind.integer) kind.scale = static_cast<std::int8_t>(std::clamp(series.meta.info.scale, -18, 18));
  return kind;
}

}  // namespace

// The rows of one ring, the game thread's where it is known, say which tick was when.
void Store::Impl::clock(Process& process, Instance& instance, const ingest::SampleBlock& block) {
  if (block.ring == ingest::kDerivedRing || block.ticks.size() != block.times.size()) return;
  instance.clockRing = std::min(instance.clockRing, block.ring);
  if (block.ring != instance.clockRing) return;
  clockScratch.clear();
  for (std::size_t i = 0; i < block.times.size(); ++i) {
    if (!clockScratch.empty() &&
        (block.times[i] <= clockScratch.back().time || block.ticks[i] == clockScratch.back().tick))
      continue;
    clockScratch.push_back({block.times[i], block.ticks[i], 0});
  }
  if (clockScratch.empty()) return;
  // A tick that the block before ended with may go on in this one.
  if (const auto last = process.clock.last();
      last && last->tick == clockScratch.front().tick && last->time >= clockScratch.front().time) {
    clockScratch.erase(clockScratch.begin());
  }
  const Kind kind{instance.ordinal * kSegmentsPerInstance, 0, true};
  add(process.clock, kind, false, clockScratch);
}

// Whether the block's rows follow those of its ring's page, or may begin a new one.
bool Store::Impl::onPage(Ring& ring, const ingest::SampleBlock& block) {
  const std::vector<TimeNs>& times = block.times;
  const std::vector<Tick>& ticks = block.ticks;
  if (times.empty() || ticks.size() != times.size()) return false;
  if (!std::is_sorted(times.begin(), times.end()) || !std::is_sorted(ticks.begin(), ticks.end())) return false;
  if (ring.page && ring.page->size != 0) {
    const std::size_t last = ring.page->size - 1;
    if (times.front() < ring.page->times[last]) return false;  // late: the page goes on with what is newer
    if (ticks.front() < ring.page->ticks[last]) closePage(ring);
  }
  if (ring.page) return true;
  if ((openPages + 1) * Page::kBytes > budget / kPageShare) return false;
  return newPage(ring);
}

bool Store::Impl::newPage(Ring& ring) {
  const Claim room = makeRoom(Page::kBytes);
  if (!room) return false;
  ring.page = std::make_shared<Page>(meter);
  ++openPages;
  return true;
}

void Store::Impl::closePage(Ring& ring) {
  if (!ring.page) return;
  if (ring.page->size != 0) {
    PlacesPtr places;
    if (const Claim room = makeRoom(Page::kBytes)) places = ring.page->packed();
    for (Series* series : ring.followers) {
      if (series->following != ring.page.get()) continue;
      series->following = nullptr;
      const Claim room = makeRoom(0);
      if (!room || !places) {
        const std::uint64_t gone = series->track.lose(ring.page);
        points.fetch_sub(gone, std::memory_order_relaxed);
        dropped.fetch_add(gone, std::memory_order_relaxed);
        continue;
      }
      series->track.close(ring.page, places);
      noteLive(series->track);
    }
  }
  ring.followers.clear();
  ring.page = nullptr;
  --openPages;
}

void Store::Impl::closePages(Process& process) {
  for (auto& [id, instance] : process.instances) {
    for (auto& [ringId, ring] : instance.rings) closePage(ring);
  }
}

void Store::Impl::column(Instance& instance, const ingest::SampleBlock& block, const ingest::Column& column) {
  Series& series = *instance.find(column.series);
  rowsOf(block, column, scratch);
  if (!add(series.track, kindOf(instance, series, column), block.dropped != 0, scratch)) lost += scratch.size();
}

// Rows [row, row + rows) of the block stand in the page from its size on.
void Store::Impl::pagePart(Instance& instance, Ring& ring, const ingest::SampleBlock& block,
                           const ingest::Column& column, std::size_t row, std::size_t rows) {
  const std::size_t end = std::min(column.size(), row + rows);
  if (row >= end) return;
  Series& series = *instance.find(column.series);
  const Kind kind = kindOf(instance, series, column);
  const std::size_t first = ring.page->size;
  const bool breakBefore = row == 0 && block.dropped != 0;
  Claim room = makeRoom((end - row) * sizeof(std::uint64_t) * 2);
  if (!room) {
    series.track.breakNext();
    lost += end - row;
    return;
  }
  if (series.track.append(kind, breakBefore, ring.page, first, bytesOf(column, row), end - row)) {
    if (series.following != ring.page.get()) {
      series.following = ring.page.get();
      ring.followers.push_back(&series);
    }
    noteLive(series.track);
    return;
  }
  scratch.resize(end - row);
  for (std::size_t i = 0; i < scratch.size(); ++i) {
    scratch[i] = {block.times[row + i], block.ticks[row + i], 0};
    std::memcpy(&scratch[i].bits, bytesOf(column, row + i), sizeof(std::uint64_t));
  }
  { const Claim given = std::move(room); }
  if (!add(series.track, kind, breakBefore, scratch)) lost += scratch.size();
}

// Of a series that was not subscribed before: what is newer than what it has. The same records may have come with other
// series, so neither the ring's duplicates nor its page have to do with them.
void Store::Impl::lateColumn(Instance& instance, const ingest::SampleBlock& block, const ingest::Column& column) {
  constexpr TimeNs kHole = 2 * kNsPerSecond;  // the agent no longer had what was between
  Series& series = *instance.find(column.series);
  rowsOf(block, column, scratch);
  const auto last = series.track.last();
  if (last) std::erase_if(scratch, [&](const Row& row) { return row.time <= last->time; });
  if (scratch.empty()) return;
  const bool hole = last && scratch.front().time > last->time + kHole;
  if (!add(series.track, kindOf(instance, series, column), hole, scratch)) lost += scratch.size();
}

// The rows of the block go into its ring's page and those after it, the `usable` columns that have all rows with them.
void Store::Impl::fillPage(Instance& instance, Ring& ring, const ingest::SampleBlock& block) {
  for (std::size_t row = 0; row < block.times.size();) {
    if (!ring.page && !newPage(ring)) {
      for (const ingest::Column* c : usable) {
        if (c->rows.empty() && c->size() > row) lost += c->size() - row;
      }
      return;
    }
    const std::size_t rows = std::min(block.times.size() - row, kPageRows - ring.page->size);
    std::copy_n(block.times.data() + row, rows, ring.page->times.get() + ring.page->size);
    std::copy_n(block.ticks.data() + row, rows, ring.page->ticks.get() + ring.page->size);
    for (const ingest::Column* c : usable) {
      if (c->rows.empty()) pagePart(instance, ring, block, *c, row, rows);
    }
    ring.page->size += rows;
    row += rows;
    if (ring.page->size == kPageRows) closePage(ring);
  }
}

void Store::Impl::block(const ingest::SampleBlock& block) {
  std::uint64_t samples = 0, taken = 0;
  for (const ingest::Column& column : block.columns) samples += column.size();
  Process* p = process(block.process.id);
  Instance* i = p == nullptr ? nullptr : instance(*p, block.process.instance);
  if (i == nullptr || (!i->rings.contains(block.ring) && i->rings.size() >= kMostRings)) {
    dropped.fetch_add(samples, std::memory_order_relaxed);
    return;
  }
  if (i->adopted) return;
  Ring& ring = i->rings[block.ring];
  const std::size_t seenBefore = ring.seen.bytes();
  Claim seen = makeRoom(SeenBlocks::kRange);
  if (!seen) {
    dropped.fetch_add(samples, std::memory_order_relaxed);
    return;
  }
  const bool isNew = block.late || ring.seen.add(block.firstSequence, block.count);
  meter.add(ring.seen.bytes());
  meter.take(seenBefore);
  { const Claim given = std::move(seen); }
  if (!isNew) {
    duplicates.fetch_add(samples, std::memory_order_relaxed);
    return;
  }
  if (!block.late) clock(*p, *i, block);
  usable.clear();
  lost = 0;
  for (const ingest::Column& column : block.columns) {
    Series* series = i->find(column.series);
    if (series == nullptr || !sound(block, column) || column.size() == 0) continue;
    series->full = true;
    taken += column.size();
    usable.push_back(&column);
  }
  dropped.fetch_add(block.dropped + samples - taken, std::memory_order_relaxed);
  if (usable.empty()) return;
  const bool paged = !block.late && onPage(ring, block);
  for (const ingest::Column* c : usable) {
    if (block.late) {
      lateColumn(*i, block, *c);
    } else if (!paged || !c->rows.empty()) {
      column(*i, block, *c);
    }
  }
  if (paged) fillPage(*i, ring, block);
  const auto [first, last] = std::minmax_element(block.times.begin(), block.times.end());
  dropped.fetch_add(lost, std::memory_order_relaxed);
  count(taken - lost, *first, *last);
}

}  // namespace qd::series
