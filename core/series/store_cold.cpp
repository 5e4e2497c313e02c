// SPDX-License-Identifier: Apache-2.0
// What is not in RAM: adopting it from a recording, asking for it, putting what was loaded into its place.
#include <algorithm>

#include "core/series/store_impl.h"

namespace qd::series {
namespace {

std::vector<Entry> entriesOf(Meter& meter, std::vector<ColdExtent> extents, std::uint32_t firstSegment) {
  std::vector<Entry> entries;
  entries.reserve(extents.size());
  for (ColdExtent& cold : extents) {
    if (cold.extent.t0 > cold.extent.t1 || cold.extent.summary.total == 0) continue;
    if (!entries.empty() && cold.extent.t0 < entries.back().extent.t1) continue;
    Entry entry;
    entry.extent = cold.extent;
    entry.extent.segment += firstSegment;
    if (cold.sketch && Sketch::decode(*cold.sketch)) entry.sketch = meteredSketch(meter, *cold.sketch);
    entry.key = cold.key;
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace

std::optional<SeriesId> Store::adopt(const ingest::ProcessRef& ref, const ingest::SeriesInfo& info,
                                     std::vector<ColdExtent> extents) {
  Process* process = impl_->process(ref.id);
  Instance* instance = process == nullptr ? nullptr : impl_->instance(*process, ref.instance);
  Series* series = instance == nullptr ? nullptr : impl_->declare(*process, info);
  if (series == nullptr) return std::nullopt;
  impl_->declare(*process, *instance, info);
  instance->adopted = true;
  series->full = true;
  const Claim room = impl_->makeRoom(bytesOf(extents));
  if (!room) return std::nullopt;
  std::vector<Entry> entries = entriesOf(impl_->meter, std::move(extents), instance->ordinal * kSegmentsPerInstance);
  if (entries.empty()) return series->meta.id;
  std::uint64_t samples = 0;
  for (const Entry& entry : entries) samples += entry.extent.summary.total;
  const TimeNs first = entries.front().extent.t0, last = entries.back().extent.t1;
  series->track.adopt(std::move(entries));
  impl_->count(samples, first, last);
  return series->meta.id;
}

void Store::adoptClock(const ingest::ProcessRef& ref, std::vector<ColdExtent> extents) {
  Process* process = impl_->process(ref.id);
  Instance* instance = process == nullptr ? nullptr : impl_->instance(*process, ref.instance);
  if (instance == nullptr) return;
  instance->adopted = true;
  const Claim room = impl_->makeRoom(bytesOf(extents));
  if (!room) return;
  process->clock.adopt(entriesOf(impl_->meter, std::move(extents), instance->ordinal * kSegmentsPerInstance));
}

void Store::setColdSource(std::shared_ptr<ColdSource> source, Executor executor, ColdOptions options) {
  std::shared_ptr<ColdLoader> next, before;
  if (source) {
    constexpr std::size_t kEachWaits = std::size_t{16} << 10;  // of the budget
    options.bytesInFlight = std::min(options.bytesInFlight, impl_->budget / 16);
    options.waiting = std::min(options.waiting, std::max<std::size_t>(impl_->budget / kEachWaits, 16));
    const Claim room = impl_->makeRoom(ColdLoader::ownBytes(options));
    next = std::make_shared<ColdLoader>(
        std::move(source), std::move(executor), std::move(options), impl_->meter,
        ColdLoader::Owner{[this](const ColdLoader::Job& job) { return impl_->resolve(job); },
                          [this](std::size_t bytes) { return impl_->makeRoom(bytes); },
                          [this](const ColdLoader::Job& job, const ColdLoad& load, std::uint32_t firstSegment) {
                            impl_->apply(job, load, firstSegment);
                          }});
  }
  {
    const std::lock_guard lock(impl_->loaderMutex);
    before = std::exchange(impl_->loader, std::move(next));
  }
  if (before) before->stop();
}

std::uint64_t Store::loads() const {
  return impl_->loads.load(std::memory_order_acquire);
}

// Whether any of it is on its way.
bool Store::Impl::request(const Track& track, std::uint32_t id, const ProcessId& process,
                          const std::vector<Wanted>& wanted) const {
  if (wanted.empty()) return false;
  std::shared_ptr<ColdLoader> to;
  {
    const std::lock_guard lock(loaderMutex);
    to = loader;
  }
  bool coming = false;
  for (auto w = wanted.rbegin(); to && w != wanted.rend(); ++w) {
    coming = to->request({const_cast<Track*>(&track), id, process, *w}) || coming;
  }
  return coming;
}

std::optional<ColdLoader::Order> Store::Impl::resolve(const ColdLoader::Job& job) const {
  const std::shared_lock lock(mutex);
  const auto process = processes.find(job.process);
  if (process == processes.end()) return std::nullopt;
  const std::uint32_t ordinal = job.wanted.extent.segment / kSegmentsPerInstance;
  const auto instance = process->second->byOrdinal.find(ordinal);
  if (instance == process->second->byOrdinal.end()) return std::nullopt;
  ColdLoader::Order order;
  order.firstSegment = ordinal * kSegmentsPerInstance;
  order.request.process = {job.process, instance->second};
  if (job.series != ColdLoader::kClock) order.request.series = series[job.series]->meta.info;
  order.request.extent = job.wanted.extent;
  order.request.extent.segment -= order.firstSegment;
  order.request.key = job.wanted.key;
  return order;
}

// On the loader's thread, which has claimed the room.
void Store::Impl::apply(const ColdLoader::Job& job, const ColdLoad& load, std::uint32_t firstSegment) {
  noteLoaded(*job.track, job.track->satisfy(job.wanted, load, firstSegment));
  loads.fetch_add(1, std::memory_order_release);
}

}  // namespace qd::series
