// SPDX-License-Identifier: Apache-2.0
#include "core/recording/placer.h"

#include <algorithm>

#include "core/ingest/log_grid.h"

namespace qd::recording {
namespace {

using namespace ingest;

// A clock that is wrong by more than this must not hold back everything that follows.
constexpr TimeNs kAheadMost = 24 * 3600 * kNsPerSecond;

}  // namespace

TimeNs Placer::timeOfState(const Envelope& envelope, TimeNs newest) {
  const Event& event = envelope.event;
  const std::pair key(envelope.agent, processOf(event));
  if (std::holds_alternative<DerivedSeries>(event)) {
    const auto seen = firstSeen_.find(key);
    return seen == firstSeen_.end() ? newest : seen->second;
  }
  const bool timed = std::holds_alternative<SampleBlock>(event) || std::holds_alternative<EntityFrame>(event) ||
                     std::holds_alternative<FrameBlock>(event) || std::holds_alternative<Rollup>(event) ||
                     std::holds_alternative<LogLine>(event) || std::holds_alternative<GameEvent>(event) ||
                     std::holds_alternative<PushResult>(event) || std::holds_alternative<ActionResult>(event) ||
                     std::holds_alternative<Hit>(event) || std::holds_alternative<Gap>(event) ||
                     std::holds_alternative<ClockSample>(event) || std::holds_alternative<Mark>(event) ||
                     std::holds_alternative<SharedItem>(event);
  TimeNs at = timed ? timeOf(event) : 0;
  if (at <= 0) at = newest;
  if (std::holds_alternative<SampleBlock>(event)) {
    TimeNs& before = derived_[key];
    at = before = std::max(before, at);
  }
  return at;
}

Placed Placer::place(const EnvelopePtr& envelope) {
  TimeNs& newest = newest_[envelope->agent];
  const TimeNs time = timeOf(envelope->event);
  TimeNs at = newest;
  std::uint64_t& sequence = sequence_[envelope->agent];
  const bool late = envelope->sequence != 0 && envelope->sequence < sequence;
  sequence = std::max(sequence, envelope->sequence);
  if (late) {
    const TimeNs own = momentOf(*envelope);
    if (own > 0) at = std::min(own, newest);
  } else if (envelope->sequence == 0) {
    at = timeOfState(*envelope, newest);
  } else if (!std::holds_alternative<ProcessChange>(envelope->event) && time > newest &&
             time < utcNowNs() + kAheadMost) {
    at = newest = time;
  } else if (std::holds_alternative<SampleBlock>(envelope->event) && time != newest) {
    // Comes after what is newer than its first row: on the grid, which takes less room in the file.
    at = newest = logGridAfter(newest);
  }
  if (const auto* change = std::get_if<ProcessChange>(&envelope->event)) {
    firstSeen_.try_emplace({envelope->agent, change->info.id}, at);
  }
  return {++ord_, at, envelope};
}

}  // namespace qd::recording
