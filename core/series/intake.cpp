// SPDX-License-Identifier: Apache-2.0
// How declarations and what is not a sample block get into the store, on the source thread.
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

std::size_t textBytes(const ingest::SeriesInfo& info) {
  std::size_t bytes = info.name.size() + info.unit.size() + info.description.size();
  for (const auto& [dimension, value] : info.dimensions) bytes += dimension.size() + value.size() + 64;
  return bytes;
}

constexpr std::size_t kSeriesOverhead = 256;  // its places in the maps, what the allocator takes
constexpr std::size_t kOrdinals = 1024;       // instances that what is cold can still be asked of

}  // namespace

std::string keyOf(const ProcessId& process, const std::string& name, Dimensions dimensions) {
  std::sort(dimensions.begin(), dimensions.end());
  std::string key = process.value + '\0' + name;
  for (const auto& [dimension, value] : dimensions) key += '\0' + dimension + '\0' + value;
  return key;
}

// What series, processes and instances take themselves is at most half of the budget; beyond it they are refused.
bool Store::Impl::describe(std::size_t bytes) {
  if (described + bytes > budget / 2) return false;
  const Claim room = makeRoom(bytes);
  if (!room) return false;
  described += bytes;
  meter.add(bytes);
  return true;
}

Process* Store::Impl::process(const ProcessId& id) {
  const auto found = processes.find(id);
  if (found != processes.end()) return found->second.get();
  if (!describe(sizeof(Process) + 2 * id.value.size() + kSeriesOverhead)) return nullptr;
  auto made = std::make_unique<Process>(meter);
  made->id = id;
  made->domainName = id.value;
  Process* process = made.get();
  process->domain = process;
  const std::unique_lock lock(mutex);
  processes.emplace(id, std::move(made));
  for (auto& [otherId, other] : processes) {
    if (other->domainName == id.value) other->domain = process;
  }
  return process;
}

Instance* Store::Impl::instance(Process& process, const InstanceId& id) {
  const auto known = process.instances.find(id);
  if (known != process.instances.end()) return &known->second;
  closePages(process);  // another start of the process: what was before it fills no more
  if (process.instances.size() >= kMostInstances) {
    const auto first =
        std::min_element(process.instances.begin(), process.instances.end(),
                         [](const auto& a, const auto& b) { return a.second.ordinal < b.second.ordinal; });
    for (const auto& [ringId, ring] : first->second.rings) meter.take(ring.seen.bytes());
    meter.take(first->second.bytes);
    described -= first->second.bytes;
    process.instances.erase(first);
  }
  constexpr std::size_t kBytes = sizeof(Instance) + kSeriesOverhead;
  if (!describe(kBytes)) return nullptr;
  const std::unique_lock lock(mutex);
  Instance& made = process.instances[id];
  made.bytes = kBytes;
  made.ordinal = process.nextOrdinal++;
  process.byOrdinal[made.ordinal] = id;
  if (made.ordinal >= kOrdinals) process.byOrdinal.erase(made.ordinal - kOrdinals);
  return &made;
}

Series* Store::Impl::declare(Process& process, const ingest::SeriesInfo& info) {
  const std::string key = keyOf(process.id, info.name, info.dimensions);
  if (const auto known = byKey.find(key); known != byKey.end()) {
    Series* series = this->series[known->second.value].get();
    if (same(series->meta.info, info)) return series;
    const std::unique_lock lock(mutex);
    series->meta.info = info;
    revision.fetch_add(1, std::memory_order_release);
    return series;
  }
  if (!describe(sizeof(Series) + kSeriesOverhead + key.size() + textBytes(info))) {
    refused.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }
  auto made = std::make_unique<Series>(meter);
  made->meta.process = process.id;
  made->meta.info = info;
  Series* result = made.get();
  const std::unique_lock lock(mutex);
  result->meta.id = SeriesId(static_cast<std::uint32_t>(series.size()));
  series.push_back(std::move(made));
  byKey.emplace(key, result->meta.id);
  process.series.push_back(result->meta.id);
  revision.fetch_add(1, std::memory_order_release);
  return result;
}

void Store::Impl::declare(Process& process, Instance& instance, const ingest::SeriesInfo& info) {
  Series* known = instance.find(info.index);
  if (known != nullptr && same(known->meta.info, info)) return;
  Series* series = declare(process, info);
  if (info.index.value >= Instance::kDense) {
    constexpr std::size_t kPlace = 48;
    if (known == nullptr && !describe(kPlace)) return;
    if (known == nullptr) instance.bytes += kPlace;
    instance.byIndex[info.index] = series;
    return;
  }
  if (info.index.value >= instance.dense.size()) {
    const std::size_t size = std::min<std::size_t>(Instance::kDense, (info.index.value / 64 + 1) * 64);
    const std::size_t more = (size - instance.dense.size()) * sizeof(Series*);
    if (!describe(more)) return;
    instance.bytes += more;
    instance.dense.reserve(size);
    instance.dense.resize(size);
  }
  instance.dense[info.index.value] = series;
}

void Store::Impl::derived(const ingest::DerivedSeries& series) {
  Process* p = process(series.process.id);
  Instance* i = p == nullptr ? nullptr : instance(*p, series.process.instance);
  if (i != nullptr) declare(*p, *i, series.info);
}

void Store::Impl::change(const ingest::Envelope& envelope, const ingest::ProcessInfo& info) {
  Process* known = process(info.id);
  if (known == nullptr) {
    refused.fetch_add(info.series.size(), std::memory_order_relaxed);
    return;
  }
  Process& p = *known;
  p.agent = envelope.agent;
  const std::string domain = info.domain.empty() ? info.id.value : info.domain;
  if (domain != p.domainName) {
    const auto found = processes.find(ProcessId(domain));
    const std::unique_lock lock(mutex);
    p.domainName = domain;
    p.domain = found == processes.end() ? nullptr : found->second.get();
  }
  Instance* i = instance(p, info.instance);
  if (i == nullptr) return;
  for (const ingest::SeriesInfo& series : info.series) declare(p, *i, series);
}

bool Store::Impl::add(Track& track, const Kind& kind, bool breakBefore, std::vector<Row>& rows) {
  if (rows.empty()) return true;
  const Claim room = makeRoom(rows.size() * sizeof(Row) * 2);
  if (!room) {
    track.breakNext();
    return false;
  }
  track.append(kind, breakBefore, rows);
  noteLive(track);
  return true;
}

bool Store::Impl::addCounted(Track& track, const Kind& kind, std::vector<Row>& rows) {
  if (rows.empty()) return true;
  if (!add(track, kind, false, rows)) {
    dropped.fetch_add(rows.size(), std::memory_order_relaxed);
    return false;
  }
  count(rows.size(), rows.front().time, rows.back().time);  // append() has put them in order
  return true;
}

void Store::Impl::count(std::uint64_t samples, TimeNs first, TimeNs last) {
  const bool none = points.fetch_add(samples, std::memory_order_relaxed) == 0;
  if (none || first < firstTime.load(std::memory_order_relaxed)) firstTime.store(first, std::memory_order_relaxed);
  if (none || last > lastTime.load(std::memory_order_relaxed)) lastTime.store(last, std::memory_order_relaxed);
}

void Store::Impl::rollup(const ingest::Rollup& rollup) {
  Process* p = process(rollup.process.id);
  Instance* i = p == nullptr ? nullptr : instance(*p, rollup.process.instance);
  if (i == nullptr) return;
  for (const ingest::RollupRow& row : rollup.rows) {
    Series* series = i->find(row.series);
    if (series == nullptr || series->full || row.count == 0) continue;
    if (const auto last = series->track.last(); last && last->time >= rollup.from) continue;
    scratch.assign(1, Row{rollup.from, rollup.tick, std::bit_cast<std::uint64_t>(row.mean)});
    addCounted(series->track, Kind{i->ordinal * kSegmentsPerInstance, 0, false}, scratch);
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

}  // namespace qd::series
