// SPDX-License-Identifier: Apache-2.0
// Range queries over one snapshot: O(pixels) nodes of the pyramid are touched, whatever the length. Pure functions;
// any thread. On the tick axis one segment is answered: the newest one that has samples in the range. What lies in the
// range, is not in RAM and is coarser than a column is put into `wanted`, at most kMostWanted of it, newest last.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "core/series/store.h"
#include "core/series/track.h"

namespace qd::series {

inline constexpr std::size_t kMostWanted = 64;

RangeResult queryRange(const Snapshot& snapshot, Axis axis, std::int64_t from, std::int64_t to, int pixels,
                       std::vector<Wanted>& wanted);
// The same in the ticks of another process, whose ticks against time `clock` holds: an editor's series over its
// server's ticks. x and Sample::tick are that process's ticks; what lies outside of what `clock` has seen is left out.
RangeResult queryInTicksOf(const Snapshot& clock, const Snapshot& snapshot, Tick from, Tick to, int pixels,
                           std::vector<Wanted>& wanted);

// Exact up to kExactStatistics samples that are in RAM, beyond that p50, p95 and p99 within Sketch::kRelativeError.
inline constexpr std::uint64_t kExactStatistics = 1 << 17;
Statistics statisticsOf(const Snapshot& snapshot, Axis axis, std::int64_t from, std::int64_t to,
                        std::vector<Wanted>& wanted);

// each(column) ascending; its sketch is reused afterwards.
void eachSketch(const Snapshot& snapshot, Axis axis, std::int64_t from, std::int64_t to, int columns,
                std::vector<Wanted>& wanted, const std::function<void(SketchColumn&)>& each);

// False: a part of the range is cold, and nothing was given out.
bool eachSample(const Snapshot& snapshot, Axis axis, std::int64_t from, std::int64_t to, std::vector<Wanted>& wanted,
                const std::function<void(const ExactSample&)>& each);

// The newest sample at or before `time`; of what is cold its last value. `wanted`: a better answer is there.
std::optional<Sample> sampleAt(const Snapshot& snapshot, TimeNs time, std::vector<Wanted>& wanted);

// Where a snapshot's ticks lie in time and back, linear between samples. Empty outside of what the snapshot holds and
// inside of a break. timeOfTick: in the newest segment that holds the tick.
std::optional<Tick> tickOfTime(const Snapshot& snapshot, TimeNs time, std::vector<Wanted>& wanted);
std::optional<TimeNs> timeOfTick(const Snapshot& snapshot, Tick tick, std::vector<Wanted>& wanted);

// What of the ticks [from, to] the newest segment around has, in time. Empty: nothing.
struct TimeSpan {
  TimeNs from = 0, to = 0;
};
std::optional<TimeSpan> timesOfTicks(const Snapshot& snapshot, Tick from, Tick to, std::vector<Wanted>& wanted);

}  // namespace qd::series
