// SPDX-License-Identifier: Apache-2.0
// A subscription that changes while it runs, and one whose client cannot keep up.
#include <algorithm>
#include <utility>

#include "core/serve/subscription.h"

namespace qd::serve {
namespace {

constexpr std::size_t kMostCatchUps = 8;
constexpr std::int64_t kLongestCatchUpNs = 24 * 3600 * kNsPerSecond;

std::uint64_t pointsIn(const ingest::Event& event) {
  if (const auto* frame = std::get_if<ingest::EntityFrame>(&event)) return frame->ids.size();
  const auto* block = std::get_if<ingest::SampleBlock>(&event);
  std::uint64_t points = block == nullptr ? 0 : block->dropped;
  if (block == nullptr) return points;
  for (const auto& column : block->columns) points += column.size();
  return points;
}

}  // namespace

Result<> Subscription::update(const ingest::Interest& interest, Duration backfill) {
  auto filter = InterestFilter::make(interest);
  if (!filter) return std::unexpected(filter.error());
  const Wanted before = std::exchange(wanted_, {});
  const bool hadAll = filter_.allSamples() && series_.all() && catchUps_.empty();
  filter_ = std::move(*filter);
  // What is still being caught up with goes on as far as it is still wanted.
  for (CatchUp& one : catchUps_) {
    for (auto& [instance, series] : one.wanted) {
      const auto declared = declared_.find(instance);
      std::erase_if(series, [&](std::uint32_t index) {
        if (declared == declared_.end()) return true;
        const auto& all = declared->second.series;
        const auto info = std::ranges::find_if(all, [&](const auto& s) { return s.index.value == index; });
        return info == all.end() || !filter_.wants(declared->second.id, *info);
      });
    }
  }
  Wanted added;
  for (const auto& [instance, info] : declared_) {
    Wanted all;
    wantFrom(info, all);
    const auto had = before.find(instance);
    for (const std::uint32_t index : all[instance]) {
      const bool was = hadAll || (had != before.end() && had->second.contains(index));
      (was ? wanted_ : added)[instance].insert(index);
    }
  }
  beginCatchUp(std::move(added), backfill);
  cursor_->want(kinds());
  return {};
}

void Subscription::beginCatchUp(Wanted added, Duration backfill) {
  CursorStart start;
  start.backfill.ns = std::clamp<std::int64_t>(backfill.ns, 0, kLongestCatchUpNs);
  start.kinds = kSamples;
  // An earlier place is the only thing that a catch-up can give; else the new ones are live at once.
  auto cursor = !added.empty() && backfill.ns > 0 && catchUps_.size() < kMostCatchUps
                    ? backend_.openCursor(start, wake_)
                    : Result<std::unique_ptr<Cursor>>(nullptr);
  if (cursor && *cursor) {
    catchUps_.push_back({std::move(*cursor), std::move(added)});
    return;
  }
  for (auto& [instance, series] : added) wanted_[instance].insert(series.begin(), series.end());
}

// The next late block; null when it has come as far as the live cursor, and its series have joined.
ingest::EnvelopePtr Subscription::fromCatchUp() {
  CatchUp& one = catchUps_.front();
  while (const ingest::EnvelopePtr entry = one.cursor->next()) {
    if (entry->sequence > position_) break;
    const auto* block = std::get_if<ingest::SampleBlock>(&entry->event);
    const auto wanted = block ? one.wanted.find(block->process.instance) : one.wanted.end();
    if (wanted == one.wanted.end()) continue;
    auto kept = onlyWanted(*block, wanted->second);
    if (!kept || kept->columns.empty()) continue;
    kept->dropped = 0;  // told in its time
    kept->late = true;
    auto envelope = std::make_shared<ingest::Envelope>();
    envelope->received = entry->received;
    envelope->event = std::move(*kept);
    return envelope;
  }
  for (auto& [instance, series] : one.wanted) wanted_[instance].insert(series.begin(), series.end());
  catchUps_.pop_front();
  return nullptr;
}

// True: this entry is left out, because the client is too far behind. Ends when it is near the present again.
bool Subscription::shed(const ingest::EnvelopePtr& entry) {
  const std::int64_t behind = entry->received == 0 ? 0 : backend_.now() - entry->received;
  if (!shedding_ && behind <= mostLag_.ns) return false;
  const bool streaming = (kindOf(entry->event) & (kSamples | kEntities | kFrames)) != 0;
  if (shedding_ && behind <= mostLag_.ns / 4) {
    ready_.push_back(shedGap());
    if (ingest::EnvelopePtr out = pass(entry)) ready_.push_back(std::move(out));
    return true;  // both stand in ready_
  }
  if (!streaming) return false;
  shedding_ = true;
  if (wantsProcess(entry->event)) {
    const TimeNs time = ingest::timeOf(entry->event);
    if (shedGap_.from == 0 || time < shedGap_.from) shedGap_.from = time;
    shedGap_.to = std::max(shedGap_.to, time);
    shedGap_.dropped += pointsIn(entry->event);
  }
  return true;
}

// Without a place in the log: it is about this stream, and the entry after it must not look like one that came twice.
ingest::EnvelopePtr Subscription::shedGap() {
  shedding_ = false;
  auto envelope = std::make_shared<ingest::Envelope>();
  ingest::Gap gap = std::exchange(shedGap_, {});
  gap.cause = "this console could not keep up and was brought to the present; the agent still has what was left out";
  envelope->event = std::move(gap);
  return envelope;
}

}  // namespace qd::serve
