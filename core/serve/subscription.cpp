// SPDX-License-Identifier: Apache-2.0
#include "core/serve/subscription.h"

#include <algorithm>
#include <utility>

namespace qd::serve {
namespace {

constexpr std::int64_t kLongestBackfillNs = std::int64_t{7} * 24 * 3600 * kNsPerSecond;

std::uint32_t kindsFor(const link::SubscribeOrder& order) {
  std::uint32_t kinds = kProcesses | kParameters | kDebug | kPushes | kOther;
  if (order.tier != link::Tier::Events) kinds |= kSamples;
  if (order.tier == link::Tier::Full) kinds |= kFrames;
  if (order.entityFrames) kinds |= kEntities | kFrames;
  return kinds;
}

}  // namespace

Result<std::unique_ptr<Subscription>> Subscription::open(Backend& backend, const link::SubscribeOrder& order,
                                                         std::function<void()> wake) {
  if (order.backfill.ns < 0) return fail(ErrorCode::InvalidArgument, "The backfill must not be negative.");
  auto processes = GlobSet::make(order.processGlobs, "process");
  if (!processes) return std::unexpected(processes.error());
  auto series = GlobSet::make(order.seriesGlobs, "series");
  if (!series) return std::unexpected(series.error());
  std::unique_ptr<Subscription> made(new Subscription(std::move(*processes), std::move(*series), order));
  CursorStart start;
  start.after = order.after;
  start.agentId = order.agentId;
  start.backfill.ns = std::min(order.backfill.ns, kLongestBackfillNs);
  start.kinds = kindsFor(order);
  auto cursor = backend.openCursor(start, std::move(wake));  // before the snapshot, so that nothing falls between
  if (!cursor) return std::unexpected(cursor.error());
  made->cursor_ = std::move(*cursor);
  made->lastSent_ = made->position_ = made->cursor_->startedAfter();
  const Snapshot snapshot = backend.snapshot();
  made->agentId_ = snapshot.agentId;
  made->state(snapshot, made->position_ < snapshot.logLast);
  return made;
}

Subscription::Subscription(GlobSet processes, GlobSet series, const link::SubscribeOrder& order)
    : processes_(std::move(processes)),
      series_(std::move(series)),
      tier_(order.tier),
      entityFrames_(order.entityFrames) {}

void Subscription::state(const Snapshot& snapshot, bool backfills) {
  for (const auto& info : snapshot.earlier) {
    learn(info);
    if (backfills) put(ingest::ProcessChange{info, ""});
  }
  for (const auto& info : snapshot.processes) {
    learn(info);
    put(ingest::ProcessChange{info, ""});
  }
  for (const auto& change : snapshot.parameters) put(change);
  for (const auto& breakpoint : snapshot.breakpoints) put(breakpoint);
  for (const auto& group : snapshot.groups) put(group);
  for (const auto& change : snapshot.changes) put(change);
  for (const auto& item : snapshot.shared) put(item);
}

void Subscription::put(ingest::Event event) {
  if (!wantsProcess(event)) return;
  auto envelope = std::make_shared<ingest::Envelope>();
  envelope->event = std::move(event);
  ready_.push_back(std::move(envelope));
}

void Subscription::learn(const ingest::ProcessInfo& info) {
  if (tier_ == link::Tier::Rollup) rollups_.declare(info);
  if (series_.all()) return;
  auto& wanted = wantedSeries_[info.instance];
  for (const auto& series : info.series) {
    if (series_.matches(series.name)) wanted.insert(series.index.value);
  }
}

bool Subscription::wantsProcess(const ingest::Event& event) const {
  if (processes_.all()) return true;
  const ProcessId process = ingest::processOf(event);
  return process.value.empty() || processes_.matches(process.value);
}

ingest::EnvelopePtr Subscription::next() {
  while (true) {
    if (!ready_.empty()) {
      ingest::EnvelopePtr out = std::move(ready_.front());
      ready_.pop_front();
      return out;
    }
    const ingest::EnvelopePtr entry = cursor_->next();
    if (!entry) {
      if (phase_ == Phase::Backlog) phase_ = Phase::Reached;
      return nullptr;
    }
    position_ = entry->sequence;
    if (ingest::EnvelopePtr out = pass(entry)) return out;
  }
}

bool Subscription::caughtUp() {
  if (phase_ != Phase::Reached) return false;
  phase_ = Phase::Live;
  return true;
}

// Null: left out, or put into ready_.
ingest::EnvelopePtr Subscription::pass(const ingest::EnvelopePtr& entry) {
  if (!wantsProcess(entry->event)) return nullptr;
  if (const auto* change = std::get_if<ingest::ProcessChange>(&entry->event)) {
    learn(change->info);
    if (tier_ == link::Tier::Rollup && change->info.state == ingest::ProcessState::Gone) {
      std::vector<ingest::Rollup> out;
      rollups_.forget(change->info.instance, out);
      emitRollups(std::move(out));
    }
  }
  if (const auto* block = std::get_if<ingest::SampleBlock>(&entry->event)) return passSamples(entry, *block);
  if (std::holds_alternative<ingest::EntityFrame>(entry->event) && !entityFrames_) return nullptr;
  ingest::EnvelopePtr out = stamped(entry);
  if (ready_.empty()) return out;
  ready_.push_back(std::move(out));
  return nullptr;
}

ingest::EnvelopePtr Subscription::passSamples(const ingest::EnvelopePtr& entry, const ingest::SampleBlock& block) {
  if (tier_ == link::Tier::Events) return nullptr;
  ingest::SampleBlock kept;
  const ingest::SampleBlock* use = &block;
  if (!series_.all()) {
    const auto& wanted = wantedSeries_[block.process.instance];
    kept = ingest::SampleBlock{block.process, block.ring, block.firstSequence, block.count, block.dropped, {}, {}, {}};
    for (const auto& column : block.columns) {
      if (wanted.contains(column.series.value)) kept.columns.push_back(column);
    }
    if (kept.columns.empty() && kept.dropped == 0) return nullptr;
    kept.ticks = block.ticks;
    kept.times = block.times;
    use = &kept;
  }
  if (tier_ == link::Tier::Rollup) {
    std::vector<ingest::Rollup> out;
    rollups_.add(*use, out);
    if (!use->times.empty()) rollups_.expire(use->times.back(), out);
    emitRollups(std::move(out));
    return nullptr;
  }
  if (use == &block) return stamped(entry);
  auto envelope = std::make_shared<ingest::Envelope>();
  envelope->agent = entry->agent;
  envelope->sequence = entry->sequence;
  envelope->event = std::move(kept);
  return stamped(envelope);
}

// With `previous` as this subscriber sees it; a copy only where something was left out in between.
ingest::EnvelopePtr Subscription::stamped(const ingest::EnvelopePtr& entry) {
  const std::uint64_t previous = std::exchange(lastSent_, entry->sequence);
  if (entry->previous == previous) return entry;
  auto copy = std::make_shared<ingest::Envelope>(*entry);
  copy->previous = previous;
  return copy;
}

void Subscription::emitRollups(std::vector<ingest::Rollup> rollups) {
  for (auto& rollup : rollups) {
    auto envelope = std::make_shared<ingest::Envelope>();
    envelope->sequence = position_;
    envelope->previous = std::exchange(lastSent_, position_);
    envelope->event = std::move(rollup);
    ready_.push_back(std::move(envelope));
  }
}

}  // namespace qd::serve
