// SPDX-License-Identifier: Apache-2.0
// How events get into the store, on the source thread.
#include <algorithm>
#include <bit>

#include "core/series/store_impl.h"

namespace qd::series {
namespace {

// Instances of one process whose declarations and sequences are remembered.
constexpr std::size_t kMostInstances = 32;

bool same(const ingest::SeriesInfo& a, const ingest::SeriesInfo& b) {
  return a.index == b.index && a.name == b.name && a.unit == b.unit && a.integer == b.integer && a.scale == b.scale &&
         a.description == b.description && a.budget == b.budget && a.dimensions == b.dimensions &&
         a.derived == b.derived;
}

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

}  // namespace

std::string keyOf(const ProcessId& process, const std::string& name, Dimensions dimensions) {
  std::sort(dimensions.begin(), dimensions.end());
  std::string key = process.value + '\0' + name;
  for (const auto& [dimension, value] : dimensions) key += '\0' + dimension + '\0' + value;
  return key;
}

Process& Store::Impl::process(const ProcessId& id) {
  const auto found = processes.find(id);
  if (found != processes.end()) return *found->second;
  auto made = std::make_unique<Process>();
  made->id = id;
  made->domainName = id.value;
  Process& process = *made;
  process.domain = &process;
  const std::unique_lock lock(mutex);
  processes.emplace(id, std::move(made));
  for (auto& [otherId, other] : processes) {
    if (other->domainName == id.value) other->domain = &process;
  }
  return process;
}

Instance& Store::Impl::instance(Process& process, const InstanceId& id) {
  const auto [found, isNew] = process.instances.try_emplace(id);
  if (!isNew) return found->second;
  found->second.ordinal = process.nextOrdinal++;
  Instance& made = found->second;
  if (process.instances.size() > kMostInstances) {
    const auto first =
        std::min_element(process.instances.begin(), process.instances.end(),
                         [](const auto& a, const auto& b) { return a.second.ordinal < b.second.ordinal; });
    process.instances.erase(first);
  }
  return made;
}

Series& Store::Impl::declare(Process& process, const ingest::SeriesInfo& info) {
  const std::string key = keyOf(process.id, info.name, info.dimensions);
  if (const auto known = byKey.find(key); known != byKey.end()) {
    Series& series = *this->series[known->second.value];
    if (same(series.meta.info, info)) return series;
    const std::unique_lock lock(mutex);
    series.meta.info = info;
    revision.fetch_add(1, std::memory_order_release);
    return series;
  }
  auto made = std::make_unique<Series>();
  made->meta.process = process.id;
  made->meta.info = info;
  Series& result = *made;
  const std::unique_lock lock(mutex);
  result.meta.id = SeriesId(static_cast<std::uint32_t>(series.size()));
  series.push_back(std::move(made));
  byKey.emplace(key, result.meta.id);
  process.series.push_back(result.meta.id);
  revision.fetch_add(1, std::memory_order_release);
  return result;
}

void Store::Impl::declare(Process& process, Instance& instance, const ingest::SeriesInfo& info) {
  Series*& slot = instance.byIndex[info.index];
  if (slot == nullptr || !same(slot->meta.info, info)) slot = &declare(process, info);
}

void Store::Impl::change(const ingest::Envelope& envelope, const ingest::ProcessInfo& info) {
  Process& p = process(info.id);
  p.agent = envelope.agent;
  const std::string domain = info.domain.empty() ? info.id.value : info.domain;
  if (domain != p.domainName) {
    const auto found = processes.find(ProcessId(domain));
    const std::unique_lock lock(mutex);
    p.domainName = domain;
    p.domain = found == processes.end() ? nullptr : found->second.get();
  }
  Instance& i = instance(p, info.instance);
  for (const ingest::SeriesInfo& series : info.series) declare(p, i, series);
}

void Store::Impl::add(Track& track, const Kind& kind, bool breakBefore, std::vector<Row>& rows, bool counted) {
  if (rows.empty()) return;
  const std::size_t before = track.bytes();
  const bool hadChunks = track.firstChunkTime().has_value();
  track.append(kind, breakBefore, rows);
  bytes.fetch_add(track.bytes() - before, std::memory_order_relaxed);
  if (const auto chunk = track.firstChunkTime(); chunk && !hadChunks) oldest.push({*chunk, &track, counted});
  if (!counted) return;
  const TimeNs first = rows.front().time, last = rows.back().time;  // append() has put them in order
  const bool none = points.fetch_add(rows.size(), std::memory_order_relaxed) == 0;
  if (none || first < firstTime.load(std::memory_order_relaxed)) firstTime.store(first, std::memory_order_relaxed);
  if (none || last > lastTime.load(std::memory_order_relaxed)) lastTime.store(last, std::memory_order_relaxed);
}

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
  add(process.clock, kind, false, clockScratch, false);
}

void Store::Impl::block(const ingest::SampleBlock& block) {
  Process& p = process(block.process.id);
  Instance& i = instance(p, block.process.instance);
  if (!i.rings[block.ring].add(block.firstSequence, block.count)) {
    std::uint64_t samples = 0;
    for (const ingest::Column& column : block.columns) samples += column.size();
    duplicates.fetch_add(samples, std::memory_order_relaxed);
    return;
  }
  dropped.fetch_add(block.dropped, std::memory_order_relaxed);
  clock(p, i, block);
  for (const ingest::Column& column : block.columns) {
    const auto known = i.byIndex.find(column.series);
    if (known == i.byIndex.end() || !sound(block, column)) {
      dropped.fetch_add(column.size(), std::memory_order_relaxed);
      continue;
    }
    Series& series = *known->second;
    series.full = true;
    rowsOf(block, column, scratch);
    Kind kind{i.ordinal * kSegmentsPerInstance, 0, column.values.index() == 0};
    if (kind.integer) kind.scale = static_cast<std::int8_t>(std::clamp(series.meta.info.scale, -18, 18));
    add(series.track, kind, block.dropped != 0, scratch);
  }
}

void Store::Impl::rollup(const ingest::Rollup& rollup) {
  Process& p = process(rollup.process.id);
  Instance& i = instance(p, rollup.process.instance);
  for (const ingest::RollupRow& row : rollup.rows) {
    const auto known = i.byIndex.find(row.series);
    if (known == i.byIndex.end() || known->second->full || row.count == 0) continue;
    Track& track = known->second->track;
    if (!track.empty() && track.lastTime() >= rollup.from) continue;
    scratch.assign(1, Row{rollup.from, rollup.tick, std::bit_cast<std::uint64_t>(row.mean)});
    add(track, Kind{i.ordinal * kSegmentsPerInstance, 0, false}, false, scratch);
  }
}

void Store::Impl::gap(const AgentId& agent, const ingest::Gap& gap) {
  dropped.fetch_add(gap.dropped, std::memory_order_relaxed);
  for (const auto& [id, p] : processes) {
    if (gap.process.value.empty() ? p->agent != agent : id != gap.process) continue;
    for (const SeriesId& series : p->series) this->series[series.value]->track.breakNext();
    p->clock.breakNext();
  }
}

void Store::Impl::sealTails() {
  for (const auto& s : series) {
    const std::size_t before = s->track.bytes();
    s->track.sealTail();
    bytes.fetch_add(s->track.bytes() - before, std::memory_order_relaxed);
    if (const auto first = s->track.firstChunkTime()) oldest.push({*first, &s->track, true});
  }
}

// The oldest chunk of all goes, and so on until the budget holds with a twentieth to spare.
void Store::Impl::shrink() {
  const auto over = [this](std::size_t bound) { return bytes.load(std::memory_order_relaxed) > bound; };
  if (!over(budget)) return;
  while (over(budget - budget / 20)) {
    if (oldest.empty()) sealTails();
    if (oldest.empty()) return;
    const Oldest first = oldest.top();
    oldest.pop();
    Track& track = *first.track;
    if (!track.firstChunkTime()) continue;
    const std::size_t bytesBefore = track.bytes();
    const std::uint64_t pointsBefore = track.points();
    track.evictFirst();
    bytes.fetch_sub(bytesBefore - track.bytes(), std::memory_order_relaxed);
    if (first.counted) points.fetch_sub(pointsBefore - track.points(), std::memory_order_relaxed);
    if (const auto next = track.firstChunkTime()) oldest.push({*next, &track, first.counted});
  }
  if (!oldest.empty()) firstTime.store(oldest.top().time, std::memory_order_relaxed);
}

}  // namespace qd::series
