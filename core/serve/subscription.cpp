// SPDX-License-Identifier: Apache-2.0
#include "core/serve/subscription.h"

#include <algorithm>
#include <utility>

namespace qd::serve {
namespace {

constexpr std::int64_t kLongestBackfillNs = std::int64_t{7} * 24 * 3600 * kNsPerSecond;
constexpr unsigned kTurns = 4;  // one in so many goes to a catch-up, however much is live

// The tiers of old as an interest.
ingest::Interest interestOf(const link::SubscribeOrder& order) {
  if (order.interest) return *order.interest;
  ingest::Interest out;
  out.rollups = order.tier == link::Tier::Rollup;
  if (order.tier == link::Tier::Full) out.full.emplace_back();
  if (order.entityFrames) out.poseGlobs = {"*"};
  return out;
}

bool framesAnyway(const link::SubscribeOrder& order) {
  return !order.interest && (order.tier == link::Tier::Full || order.entityFrames);
}

}  // namespace

Result<std::unique_ptr<Subscription>> Subscription::open(Backend& backend, const link::SubscribeOrder& order,
                                                         std::function<void()> wake) {
  if (order.backfill.ns < 0) return fail(ErrorCode::InvalidArgument, "The backfill must not be negative.");
  auto processes = GlobSet::make(order.processGlobs, "process");
  if (!processes) return std::unexpected(processes.error());
  auto series = GlobSet::make(order.seriesGlobs, "series");
  if (!series) return std::unexpected(series.error());
  auto filter = InterestFilter::make(interestOf(order));
  if (!filter) return std::unexpected(filter.error());
  std::unique_ptr<Subscription> made(
      new Subscription(backend, std::move(*processes), std::move(*series), std::move(*filter), order, wake));
  CursorStart start;
  start.after = order.after;
  start.agentId = order.agentId;
  start.backfill.ns = std::min(order.backfill.ns, kLongestBackfillNs);
  start.kinds = kEverything;
  auto cursor = backend.openCursor(start, std::move(wake));  // before the snapshot, so that nothing falls between
  if (!cursor) return std::unexpected(cursor.error());
  made->cursor_ = std::move(*cursor);
  made->lastSent_ = made->position_ = made->cursor_->startedAfter();
  const Snapshot snapshot = backend.snapshot();
  made->agentId_ = snapshot.agentId;
  made->logHasRollups_ = snapshot.rollups;
  made->cursor_->want(made->kinds());
  made->state(snapshot, made->position_ < snapshot.logLast);
  return made;
}

Subscription::Subscription(Backend& backend, GlobSet processes, GlobSet series, InterestFilter filter,
                           const link::SubscribeOrder& order, std::function<void()> wake)
    : backend_(backend),
      processes_(std::move(processes)),
      series_(std::move(series)),
      filter_(std::move(filter)),
      framesAnyway_(framesAnyway(order)),
      mostLag_(order.mostLag),
      wake_(std::move(wake)) {}

std::uint32_t Subscription::kinds() const {
  std::uint32_t kinds = kProcesses | kParameters | kDebug | kPushes | kOther;
  if (filter_.anySamples() || (filter_.rollups() && !logHasRollups_)) kinds |= kSamples;
  if (filter_.rollups()) kinds |= kRollups;
  if (filter_.anyPoses()) kinds |= kEntities;
  if (framesAnyway_ || filter_.anyPoses() || filter_.allSamples()) kinds |= kFrames;
  return kinds;
}

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
  for (const auto& hit : snapshot.hits) put(hit);
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
  if (!logHasRollups_ && filter_.rollups()) rollups_.declare(info);
  if (!processes_.matches(info.id.value)) return;
  ingest::ProcessInfo& known = declared_[info.instance];
  known.id = info.id;
  known.instance = info.instance;
  known.series = info.series;
  // A series that is declared while its selector is being caught up with has no past: it is live at once.
  wantFrom(known, wanted_);
}

// Adds what the filter wants of it and no catch-up is still on its way to.
void Subscription::wantFrom(const ingest::ProcessInfo& info, Wanted& wanted) const {
  const auto catching = [&](std::uint32_t index) {
    return std::ranges::any_of(catchUps_, [&](const CatchUp& one) {
      const auto found = one.wanted.find(info.instance);
      return found != one.wanted.end() && found->second.contains(index);
    });
  };
  for (const auto& series : info.series) {
    if (!series_.matches(series.name) || !filter_.wants(info.id, series)) continue;
    if (!catching(series.index.value)) wanted[info.instance].insert(series.index.value);
  }
}

bool Subscription::wantsProcess(const ingest::Event& event) const {
  if (processes_.all()) return true;
  const ProcessId process = ingest::processOf(event);
  return process.value.empty() || processes_.matches(process.value);
}

ingest::EnvelopePtr Subscription::next() {
  if (!catchUps_.empty() && ++turn_ % kTurns == 0 && ready_.empty()) {
    if (auto late = fromCatchUp()) return late;
  }
  if (auto live = fromLog()) return live;
  while (!catchUps_.empty()) {
    if (auto late = fromCatchUp()) return late;
  }
  return nullptr;
}

ingest::EnvelopePtr Subscription::fromLog() {
  while (true) {
    if (!ready_.empty()) {
      ingest::EnvelopePtr out = std::move(ready_.front());
      ready_.pop_front();
      return out;
    }
    const ingest::EnvelopePtr entry = cursor_->next();
    if (!entry) {
      if (phase_ == Phase::Backlog) phase_ = Phase::Reached;
      return shedding_ ? shedGap() : nullptr;
    }
    position_ = entry->sequence;
    if (phase_ == Phase::Live && mostLag_.ns > 0 && shed(entry)) continue;
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
    if (change->info.state == ingest::ProcessState::Gone) {
      std::vector<ingest::Rollup> out;
      rollups_.forget(change->info.instance, out);
      emitRollups(std::move(out));
    }
  }
  if (const auto* block = std::get_if<ingest::SampleBlock>(&entry->event)) return passSamples(entry, *block);
  if (const auto* rollup = std::get_if<ingest::Rollup>(&entry->event)) return passRollup(entry, *rollup);
  if (const auto* frame = std::get_if<ingest::EntityFrame>(&entry->event)) {
    if (!filter_.wantsPoses(frame->process.id)) return nullptr;
  }
  if (const auto* frames = std::get_if<ingest::FrameBlock>(&entry->event)) {
    if (!framesAnyway_ && !filter_.allSamples() && !filter_.wantsPoses(frames->process.id)) return nullptr;
  }
  ingest::EnvelopePtr out = stamped(entry);
  if (ready_.empty()) return out;
  ready_.push_back(std::move(out));
  return nullptr;
}

std::optional<ingest::SampleBlock> onlyWanted(const ingest::SampleBlock& block,
                                              const std::unordered_set<std::uint32_t>& wanted) {
  ingest::SampleBlock kept{block.process, block.ring, block.firstSequence, block.count, block.dropped, {}, {}, {}};
  for (const auto& column : block.columns) {
    if (wanted.contains(column.series.value)) kept.columns.push_back(column);
  }
  if (kept.columns.empty() && kept.dropped == 0) return std::nullopt;
  kept.ticks = block.ticks;
  kept.times = block.times;
  return kept;
}

ingest::EnvelopePtr Subscription::passSamples(const ingest::EnvelopePtr& entry, const ingest::SampleBlock& block) {
  if (filter_.rollups() && !logHasRollups_) makeRollups(block);
  if (!filter_.anySamples()) return nullptr;
  if (everySample()) return stamped(entry);
  auto kept = onlyWanted(block, wanted_[block.process.instance]);
  return kept ? restamped(entry, std::move(*kept)) : nullptr;
}

ingest::EnvelopePtr Subscription::passRollup(const ingest::EnvelopePtr& entry, const ingest::Rollup& rollup) {
  if (!filter_.rollups()) return nullptr;
  if (series_.all()) return stamped(entry);
  const auto declared = declared_.find(rollup.process.instance);
  if (declared == declared_.end()) return nullptr;
  ingest::Rollup kept{rollup.process, rollup.from, rollup.tick, {}};
  for (const auto& row : rollup.rows) {
    const auto same = [&](const auto& series) { return series.index == row.series; };
    const auto series = std::ranges::find_if(declared->second.series, same);
    if (series != declared->second.series.end() && series_.matches(series->name)) kept.rows.push_back(row);
  }
  return kept.rows.empty() ? nullptr : restamped(entry, std::move(kept));
}

// With `previous` as this subscription sees it; a copy only where something was left out in between.
ingest::EnvelopePtr Subscription::stamped(const ingest::EnvelopePtr& entry) {
  const std::uint64_t previous = std::exchange(lastSent_, entry->sequence);
  if (entry->previous == previous) return entry;
  auto copy = std::make_shared<ingest::Envelope>(*entry);
  copy->previous = previous;
  return copy;
}

ingest::EnvelopePtr Subscription::restamped(const ingest::EnvelopePtr& like, ingest::Event event) {
  auto made = std::make_shared<ingest::Envelope>();
  made->agent = like->agent;
  made->sequence = like->sequence;
  made->previous = std::exchange(lastSent_, like->sequence);
  made->received = like->received;
  made->event = std::move(event);
  return made;
}

// Of a log without roll-ups: out of the samples that the globs let pass.
void Subscription::makeRollups(const ingest::SampleBlock& block) {
  std::vector<ingest::Rollup> out;
  if (series_.all()) {
    rollups_.add(block, out);
  } else if (const auto declared = declared_.find(block.process.instance); declared != declared_.end()) {
    std::unordered_set<std::uint32_t> named;
    for (const auto& series : declared->second.series) {
      if (series_.matches(series.name)) named.insert(series.index.value);
    }
    if (const auto kept = onlyWanted(block, named)) rollups_.add(*kept, out);
  }
  if (!block.times.empty()) rollups_.expire(block.times.back(), out);
  emitRollups(std::move(out));
}

// They have no place of their own in such a log. Alone they carry the place up to which they go, so that a client can
// resume; beside samples they carry none.
void Subscription::emitRollups(std::vector<ingest::Rollup> rollups) {
  for (auto& rollup : rollups) {
    auto envelope = std::make_shared<ingest::Envelope>();
    if (!filter_.anySamples()) {
      envelope->sequence = position_;
      envelope->previous = std::exchange(lastSent_, position_);
    }
    envelope->event = std::move(rollup);
    ready_.push_back(std::move(envelope));
  }
}

}  // namespace qd::serve
