// SPDX-License-Identifier: Apache-2.0
#include "core/series/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <queue>
#include <shared_mutex>
#include <unordered_map>

#include "core/series/range_query.h"
#include "core/series/seen_blocks.h"
#include "core/series/track.h"

namespace qd::series {
namespace {

using Dimensions = std::vector<std::pair<std::string, std::string>>;

// Instances of one process whose declarations and sequences are remembered.
constexpr std::size_t kMostInstances = 32;
// A track numbers its own segments upward from here for each instance.
constexpr std::uint32_t kSegmentsPerInstance = 1u << 16;

const RangeResult kNothing{.exact = true, .samples = {}, .buckets = {}, .breaks = {}};

std::string keyOf(const ProcessId& process, const std::string& name, Dimensions dimensions) {
  std::sort(dimensions.begin(), dimensions.end());
  std::string key = process.value + '\0' + name;
  for (const auto& [dimension, value] : dimensions) key += '\0' + dimension + '\0' + value;
  return key;
}

bool same(const ingest::SeriesInfo& a, const ingest::SeriesInfo& b) {
  return a.index == b.index && a.name == b.name && a.unit == b.unit && a.integer == b.integer && a.scale == b.scale &&
         a.description == b.description && a.budget == b.budget && a.dimensions == b.dimensions &&
         a.derived == b.derived;
}

struct Series {
  SeriesMeta meta;
  Track track;
  bool full = false;  // has had samples, so roll-ups add nothing
};

struct Instance {
  std::uint32_t ordinal = 0;
  std::unordered_map<SeriesIndex, Series*> byIndex;
  std::unordered_map<std::uint32_t, SeenBlocks> rings;
  std::uint32_t clockRing = UINT32_MAX;
};

struct Process {
  ProcessId id;
  AgentId agent;
  std::vector<SeriesId> series;
  std::unordered_map<InstanceId, Instance> instances;
  std::uint32_t nextOrdinal = 0;
  Track clock;                // its ticks against time
  Process* domain = nullptr;  // whose ticks count, itself for a server
  std::string domainName;
};

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

std::string SeriesMeta::label() const {
  std::string text;
  for (const auto& [dimension, value] : info.dimensions) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ",", dimension, value);
  }
  return text.empty() ? info.name : fmt::format("{}{{{}}}", info.name, text);
}

struct Store::Impl {
  explicit Impl(std::size_t budgetBytes) : budget(budgetBytes) {}

  const std::size_t budget;
  // Written by the source thread alone, which therefore reads them without the lock.
  mutable std::shared_mutex mutex;
  std::vector<std::unique_ptr<Series>> series;
  std::unordered_map<std::string, SeriesId> byKey;
  std::unordered_map<ProcessId, std::unique_ptr<Process>> processes;

  std::atomic<std::uint64_t> revision{0}, points{0}, bytes{0}, duplicates{0}, dropped{0};
  std::atomic<TimeNs> firstTime{0}, lastTime{0};

  // Every track that has sealed chunks, by the beginning of its first; may name tracks whose first chunk is gone.
  struct Oldest {
    TimeNs time = 0;
    Track* track = nullptr;
    bool counted = true;  // its samples are points of the totals
    bool operator>(const Oldest& other) const { return time > other.time; }
  };
  std::priority_queue<Oldest, std::vector<Oldest>, std::greater<>> oldest;
  std::vector<Row> scratch, clockScratch;

  Process& process(const ProcessId& id);
  Instance& instance(Process& process, const InstanceId& id);
  Series& declare(Process& process, const ingest::SeriesInfo& info);
  void declare(Process& process, Instance& instance, const ingest::SeriesInfo& info);
  void change(const ingest::Envelope& envelope, const ingest::ProcessInfo& info);
  void block(const ingest::SampleBlock& block);
  void clock(Process& process, Instance& instance, const ingest::SampleBlock& block);
  void rollup(const ingest::Rollup& rollup);
  void gap(const AgentId& agent, const ingest::Gap& gap);
  void add(Track& track, const Kind& kind, bool breakBefore, std::vector<Row>& rows, bool counted = true);
  void sealTails();
  void shrink();

  const Series* find(SeriesId id) const {
    const std::shared_lock lock(mutex);
    return id.value < series.size() ? series[id.value].get() : nullptr;
  }
  // The track that holds the ticks of the process's domain; `other`: that is not the process's own.
  const Track* domainClock(const ProcessId& id, bool* other) const;
};

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

const Track* Store::Impl::domainClock(const ProcessId& id, bool* other) const {
  const std::shared_lock lock(mutex);
  const auto found = processes.find(id);
  if (found == processes.end() || found->second->domain == nullptr) return nullptr;
  if (other != nullptr) *other = found->second->domain != found->second.get();
  return &found->second->domain->clock;
}

Store::Store(std::size_t budgetBytes) : impl_(std::make_unique<Impl>(budgetBytes)) {}
Store::~Store() = default;

void Store::on(const ingest::EnvelopePtr& envelope) {
  const ingest::Event& event = envelope->event;
  if (const auto* block = std::get_if<ingest::SampleBlock>(&event)) {
    impl_->block(*block);
  } else if (const auto* change = std::get_if<ingest::ProcessChange>(&event)) {
    impl_->change(*envelope, change->info);
  } else if (const auto* rollup = std::get_if<ingest::Rollup>(&event)) {
    impl_->rollup(*rollup);
  } else if (const auto* derived = std::get_if<ingest::DerivedSeries>(&event)) {
    Process& process = impl_->process(derived->process.id);
    impl_->declare(process, impl_->instance(process, derived->process.instance), derived->info);
  } else if (const auto* gap = std::get_if<ingest::Gap>(&event)) {
    impl_->gap(envelope->agent, *gap);
  } else {
    return;
  }
  impl_->shrink();
}

SeriesId Store::declareDerived(const ProcessId& process, ingest::SeriesInfo info) {
  info.derived = true;
  return impl_->declare(impl_->process(process), info).meta.id;
}

void Store::append(SeriesId id, std::span<const Sample> samples) {
  if (id.value >= impl_->series.size()) return;
  Series& series = *impl_->series[id.value];
  const Process& process = impl_->process(series.meta.process);
  const std::uint32_t ordinal = process.nextOrdinal == 0 ? 0 : process.nextOrdinal - 1;
  impl_->scratch.clear();
  for (const Sample& sample : samples) {
    impl_->scratch.push_back({sample.time, sample.tick, std::bit_cast<std::uint64_t>(sample.value)});
  }
  series.full = true;
  impl_->add(series.track, Kind{ordinal * kSegmentsPerInstance, 0, false}, false, impl_->scratch);
  impl_->shrink();
}

std::uint64_t Store::revision() const {
  return impl_->revision.load(std::memory_order_acquire);
}

std::vector<SeriesMeta> Store::list() const {
  const std::shared_lock lock(impl_->mutex);
  std::vector<SeriesMeta> result;
  result.reserve(impl_->series.size());
  for (const auto& series : impl_->series) result.push_back(series->meta);
  return result;
}

std::vector<SeriesMeta> Store::list(const ProcessId& process) const {
  const std::shared_lock lock(impl_->mutex);
  std::vector<SeriesMeta> result;
  const auto found = impl_->processes.find(process);
  if (found == impl_->processes.end()) return result;
  for (const SeriesId& id : found->second->series) result.push_back(impl_->series[id.value]->meta);
  return result;
}

std::optional<SeriesMeta> Store::meta(SeriesId id) const {
  const std::shared_lock lock(impl_->mutex);
  if (id.value >= impl_->series.size()) return std::nullopt;
  return impl_->series[id.value]->meta;
}

std::optional<SeriesId> Store::find(const ProcessId& process, const std::string& name,
                                    const Dimensions& dimensions) const {
  const std::shared_lock lock(impl_->mutex);
  const auto found = impl_->byKey.find(keyOf(process, name, dimensions));
  if (found == impl_->byKey.end()) return std::nullopt;
  return found->second;
}

RangeResult Store::query(SeriesId id, Axis axis, std::int64_t from, std::int64_t to, int pixels) const {
  const Series* series = impl_->find(id);
  if (series == nullptr) return kNothing;
  bool foreign = false;
  const Track* clock = axis == Axis::Tick ? impl_->domainClock(series->meta.process, &foreign) : nullptr;
  if (axis == Axis::Tick && clock == nullptr) return kNothing;  // whose ticks these would be is not known
  if (!foreign) return queryRange(series->track.snapshot(), axis, from, to, pixels);
  return queryInTicksOf(clock->snapshot(), series->track.snapshot(), from, to, pixels);
}

Statistics Store::statistics(SeriesId id, Axis axis, std::int64_t from, std::int64_t to) const {
  const Series* series = impl_->find(id);
  if (series == nullptr) return {};
  bool foreign = false;
  const Track* clock = axis == Axis::Tick ? impl_->domainClock(series->meta.process, &foreign) : nullptr;
  if (axis == Axis::Tick && clock == nullptr) return {};
  if (!foreign) return statisticsOf(series->track.snapshot(), axis, from, to);
  const auto span = timesOfTicks(clock->snapshot(), from, to);
  return span ? statisticsOf(series->track.snapshot(), Axis::Time, span->from, span->to) : Statistics{};
}

std::optional<Sample> Store::last(SeriesId id) const {
  const Series* series = impl_->find(id);
  const auto last = series == nullptr ? std::nullopt : series->track.last();
  if (!last) return std::nullopt;
  return Sample{last->tick, last->time, last->value};
}

std::optional<Sample> Store::at(SeriesId id, TimeNs time) const {
  const Series* series = impl_->find(id);
  return series == nullptr ? std::nullopt : sampleAt(series->track.snapshot(), time);
}

std::optional<Tick> Store::tickAt(const ProcessId& process, TimeNs time) const {
  const Track* clock = impl_->domainClock(process, nullptr);
  return clock == nullptr ? std::nullopt : tickOfTime(clock->snapshot(), time);
}

std::optional<TimeNs> Store::timeAt(const ProcessId& process, Tick tick) const {
  const Track* clock = impl_->domainClock(process, nullptr);
  return clock == nullptr ? std::nullopt : timeOfTick(clock->snapshot(), tick);
}

StoreTotals Store::totals() const {
  const auto read = [](const auto& value) { return value.load(std::memory_order_relaxed); };
  return {read(impl_->points),  read(impl_->bytes),     read(impl_->duplicates),
          read(impl_->dropped), read(impl_->firstTime), read(impl_->lastTime)};
}

}  // namespace qd::series
