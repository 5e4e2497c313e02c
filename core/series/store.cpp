// SPDX-License-Identifier: Apache-2.0
#include "core/series/store.h"

#include <fmt/format.h>

#include <bit>

#include "core/series/range_query.h"
#include "core/series/store_impl.h"

namespace qd::series {
namespace {

const RangeResult kNothing{.exact = true, .samples = {}, .buckets = {}, .breaks = {}};

}  // namespace

std::string SeriesMeta::label() const {
  std::string text;
  for (const auto& [dimension, value] : info.dimensions) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ",", dimension, value);
  }
  return text.empty() ? info.name : fmt::format("{}{{{}}}", info.name, text);
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
