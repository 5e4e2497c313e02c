// SPDX-License-Identifier: Apache-2.0
#include "core/series/store.h"

#include <fmt/format.h>

#include <algorithm>
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

const Process* Store::Impl::domainOf(const ProcessId& id, bool* other) const {
  const std::shared_lock lock(mutex);
  const auto found = processes.find(id);
  if (found == processes.end() || found->second->domain == nullptr) return nullptr;
  if (other != nullptr) *other = found->second->domain != found->second.get();
  return found->second->domain;
}

Store::Store(std::size_t budgetBytes) : impl_(std::make_unique<Impl>(budgetBytes)) {}
Store::~Store() {
  setColdSource(nullptr, {});
}

void Store::on(const ingest::EnvelopePtr& envelope) {
  const ingest::Event& event = envelope->event;
  if (const auto* block = std::get_if<ingest::SampleBlock>(&event)) {
    impl_->block(*block);
  } else if (const auto* change = std::get_if<ingest::ProcessChange>(&event)) {
    impl_->change(*envelope, change->info);
  } else if (const auto* rollup = std::get_if<ingest::Rollup>(&event)) {
    impl_->rollup(*rollup);
  } else if (const auto* derived = std::get_if<ingest::DerivedSeries>(&event)) {
    impl_->derived(*derived);
  } else if (const auto* gap = std::get_if<ingest::Gap>(&event)) {
    impl_->gap(envelope->agent, *gap);
  }
}

SeriesId Store::declareDerived(const ProcessId& process, ingest::SeriesInfo info) {
  info.derived = true;
  Process* p = impl_->process(process);
  const Series* series = p == nullptr ? nullptr : impl_->declare(*p, info);
  return series == nullptr ? SeriesId(UINT32_MAX) : series->meta.id;
}

void Store::append(SeriesId id, std::span<const Sample> samples) {
  if (id.value >= impl_->series.size()) return;
  Series& series = *impl_->series[id.value];
  const Process& process = *impl_->processes.at(series.meta.process);
  const std::uint32_t ordinal = process.nextOrdinal == 0 ? 0 : process.nextOrdinal - 1;
  impl_->scratch.clear();
  for (const Sample& sample : samples) {
    impl_->scratch.push_back({sample.time, sample.tick, std::bit_cast<std::uint64_t>(sample.value)});
  }
  series.full = true;
  impl_->addCounted(series.track, Kind{ordinal * kSegmentsPerInstance, 0, false}, impl_->scratch);
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

// Answers a question about one series: ask(its track's snapshot, the snapshot of another process's clock or null, what
// it misses); whether what was missed is on its way.
template <class Ask>
bool Store::ask(SeriesId id, Axis axis, Ask ask) const {
  const Series* series = impl_->find(id);
  if (series == nullptr) return false;
  bool foreign = false;
  const Process* domain = axis == Axis::Tick ? impl_->domainOf(series->meta.process, &foreign) : nullptr;
  if (axis == Axis::Tick && domain == nullptr) return false;  // whose ticks these would be is not known
  std::vector<Wanted> wanted, ofClock;
  const Snapshot snapshot = series->track.snapshot();
  if (foreign) {
    const Snapshot clock = domain->clock.snapshot();
    ask(snapshot, &clock, wanted, ofClock);
    impl_->request(domain->clock, ColdLoader::kClock, domain->id, ofClock);
  } else {
    ask(snapshot, nullptr, wanted, ofClock);
  }
  return impl_->request(series->track, id.value, series->meta.process, wanted);
}

RangeResult Store::query(SeriesId id, Axis axis, std::int64_t from, std::int64_t to, int pixels) const {
  RangeResult result = kNothing;
  result.refining = ask(id, axis, [&](const Snapshot& snapshot, const Snapshot* clock, auto& wanted, auto&) {
    result = clock == nullptr ? queryRange(snapshot, axis, from, to, pixels, wanted)
                              : queryInTicksOf(*clock, snapshot, from, to, pixels, wanted);
  });
  return result;
}

namespace {

// The range in the series's own time where the ticks are another process's.
template <class Run>
void inRange(const Snapshot* clock, Axis axis, std::int64_t from, std::int64_t to, std::vector<Wanted>& ofClock,
             Run run) {
  if (clock == nullptr) return run(axis, from, to);
  if (const auto span = timesOfTicks(*clock, from, to, ofClock)) run(Axis::Time, span->from, span->to);
}

}  // namespace

Statistics Store::statistics(SeriesId id, Axis axis, std::int64_t from, std::int64_t to) const {
  Statistics result;
  result.refining = ask(id, axis, [&](const Snapshot& snapshot, const Snapshot* clock, auto& wanted, auto& ofClock) {
    inRange(clock, axis, from, to, ofClock,
            [&](Axis on, std::int64_t a, std::int64_t b) { result = statisticsOf(snapshot, on, a, b, wanted); });
  });
  return result;
}

std::vector<Percentiles> Store::percentiles(SeriesId id, Axis axis, std::int64_t from, std::int64_t to, int columns,
                                            std::span<const double> fractions) const {
  std::vector<Percentiles> result;
  eachColumn(id, axis, from, to, columns, [&](SketchColumn& column) {
    Percentiles p{column.x0, column.x1, column.summary.count, std::vector<double>(fractions.size())};
    column.sketch.quantiles(fractions, p.values);
    for (double& value : p.values) value = std::clamp(value, column.summary.min, column.summary.max);
    result.push_back(std::move(p));
  });
  return result;
}

std::vector<SketchColumn> Store::sketches(SeriesId id, Axis axis, std::int64_t from, std::int64_t to,
                                          int columns) const {
  std::vector<SketchColumn> result;
  eachColumn(id, axis, from, to, columns, [&](SketchColumn& column) { result.push_back(column); });
  return result;
}

Sketch Store::sketch(SeriesId id, Axis axis, std::int64_t from, std::int64_t to) const {
  Sketch result;
  eachColumn(id, axis, from, to, 1, [&](SketchColumn& column) { result.merge(column.sketch); });
  return result;
}

void Store::eachColumn(SeriesId id, Axis axis, std::int64_t from, std::int64_t to, int columns,
                       const std::function<void(SketchColumn&)>& each) const {
  ask(id, axis, [&](const Snapshot& snapshot, const Snapshot* clock, auto& wanted, auto& ofClock) {
    inRange(clock, axis, from, to, ofClock, [&](Axis on, std::int64_t a, std::int64_t b) {
      eachSketch(snapshot, on, a, b, columns, wanted, [&](SketchColumn& column) {
        if (clock != nullptr) {
          column.x0 = tickOfTime(*clock, column.x0, ofClock).value_or(from);
          column.x1 = tickOfTime(*clock, column.x1, ofClock).value_or(column.x0);
        }
        each(column);
      });
    });
  });
}

bool Store::visit(SeriesId id, Axis axis, std::int64_t from, std::int64_t to,
                  const std::function<void(const ExactSample&)>& each) const {
  bool whole = true;
  ask(id, axis, [&](const Snapshot& snapshot, const Snapshot* clock, auto& wanted, auto& ofClock) {
    inRange(clock, axis, from, to, ofClock,
            [&](Axis on, std::int64_t a, std::int64_t b) { whole = eachSample(snapshot, on, a, b, wanted, each); });
  });
  return whole;
}

std::optional<Sample> Store::last(SeriesId id) const {
  const Series* series = impl_->find(id);
  const auto last = series == nullptr ? std::nullopt : series->track.last();
  if (!last) return std::nullopt;
  return Sample{last->tick, last->time, last->value};
}

std::optional<Sample> Store::at(SeriesId id, TimeNs time) const {
  std::optional<Sample> result;
  ask(id, Axis::Time, [&](const Snapshot& snapshot, const Snapshot*, auto& wanted, auto&) {
    result = sampleAt(snapshot, time, wanted);
  });
  return result;
}

std::optional<Tick> Store::tickAt(const ProcessId& process, TimeNs time) const {
  const Process* domain = impl_->domainOf(process, nullptr);
  if (domain == nullptr) return std::nullopt;
  std::vector<Wanted> wanted;
  const auto result = tickOfTime(domain->clock.snapshot(), time, wanted);
  impl_->request(domain->clock, ColdLoader::kClock, domain->id, wanted);
  return result;
}

std::optional<TimeNs> Store::timeAt(const ProcessId& process, Tick tick) const {
  const Process* domain = impl_->domainOf(process, nullptr);
  if (domain == nullptr) return std::nullopt;
  std::vector<Wanted> wanted;
  const auto result = timeOfTick(domain->clock.snapshot(), tick, wanted);
  impl_->request(domain->clock, ColdLoader::kClock, domain->id, wanted);
  return result;
}

StoreTotals Store::totals() const {
  const auto read = [](const auto& value) { return value.load(std::memory_order_relaxed); };
  return {read(impl_->points),  impl_->meter.bytes(),   read(impl_->duplicates), read(impl_->dropped),
          read(impl_->refused), read(impl_->firstTime), read(impl_->lastTime),   impl_->meter.most()};
}

}  // namespace qd::series
