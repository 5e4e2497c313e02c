// SPDX-License-Identifier: Apache-2.0
// Range queries over one snapshot: O(pixels) nodes of the pyramid are touched, whatever the length. Pure functions;
// any thread. On the tick axis one segment is answered: the newest one that has samples in the range.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/series/store.h"
#include "core/series/track.h"

namespace qd::series {

RangeResult queryRange(const Snapshot& snapshot, Axis axis, std::int64_t from, std::int64_t to, int pixels);
// The same in the ticks of another process, whose ticks against time `clock` holds: an editor's series over its
// server's ticks. x and Sample::tick are that process's ticks; what lies outside of what `clock` has seen is left out.
RangeResult queryInTicksOf(const Snapshot& clock, const Snapshot& snapshot, Tick from, Tick to, int pixels);

Statistics statisticsOf(const Snapshot& snapshot, Axis axis, std::int64_t from, std::int64_t to);

// The newest sample at or before `time`.
std::optional<Sample> sampleAt(const Snapshot& snapshot, TimeNs time);

// Where a snapshot's ticks lie in time and back, linear between samples. Empty outside of what the snapshot holds and
// inside of a break. timeOfTick: in the newest segment that holds the tick.
std::optional<Tick> tickOfTime(const Snapshot& snapshot, TimeNs time);
std::optional<TimeNs> timeOfTick(const Snapshot& snapshot, Tick tick);

// What of the ticks [from, to] the newest segment around has, in time. Empty: nothing.
struct TimeSpan {
  TimeNs from = 0, to = 0;
};
std::optional<TimeSpan> timesOfTicks(const Snapshot& snapshot, Tick from, Tick to);

}  // namespace qd::series
