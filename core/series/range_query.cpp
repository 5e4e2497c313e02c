// SPDX-License-Identifier: Apache-2.0
#include "core/series/range_query.h"

#include <algorithm>
#include <limits>

#include "core/series/columns.h"
#include "core/series/range_folder.h"
#include "core/series/wanting.h"

namespace qd::series {
namespace {

const RangeResult kNothing{.exact = true, .samples = {}, .buckets = {}, .breaks = {}};

struct Everything {
  const View& view;
  RangeResult& result;
  std::uint32_t segment = 0;

  bool fold(const Extent&, const SketchPtr&) { return false; }
  void cold(const Entry&) {}
  void chunk(const Chunk& chunk, std::size_t begin, std::size_t end) {
    touch(chunk);
    const bool broken = (begin == 0 && chunk.breakBefore()) || chunk.kind().segment != segment;
    if (broken && !result.samples.empty()) result.breaks.push_back(view.x(chunk, begin));
    segment = chunk.kind().segment;
    for (std::size_t i = begin; i < end; ++i) {
      result.samples.push_back({chunk.tick(i), chunk.time(i), chunk.value(i)});
    }
  }
};

}  // namespace

RangeResult queryRange(const Snapshot& snapshot, Axis axis, std::int64_t from, std::int64_t to, int pixels,
                       std::vector<Wanted>& wanted) {
  const auto view = viewOf(snapshot, axis, from, to);
  if (!view) return kNothing;
  const int width = std::clamp(pixels, 1, 1 << 20);
  const Count count = countOf(*view, snapshot);
  if (!count.cold && count.samples <= static_cast<std::uint64_t>(width) * 2) {
    RangeResult result;
    result.exact = true;
    result.samples.reserve(count.samples);
    Everything everything{*view, result};
    walk(*view, snapshot, everything);
    if (result.samples.size() == count.samples) return result;  // else whole extents of it are cold
  }
  const Columns columns(*view, width, unseenShare(count.samples, width));
  const auto buckets = std::min(count.samples, static_cast<std::uint64_t>(width) + 1);
  RangeFolder folder(*view, columns, buckets, wanted);
  walk(*view, snapshot, folder);
  RangeResult result = folder.take();
  result.refining = !wanted.empty();
  return result;
}

RangeResult queryInTicksOf(const Snapshot& clock, const Snapshot& snapshot, Tick from, Tick to, int pixels,
                           std::vector<Wanted>& wanted) {
  std::vector<Wanted> ofClock;  // the ticks that it has are good enough
  const auto span = timesOfTicks(clock, from, to, ofClock);
  if (!span) return kNothing;
  // Only a part of the asked ticks may have been seen; what was seen keeps its share of the pixels.
  const double asked = static_cast<double>(to) - static_cast<double>(from) + 1;
  const Tick first = tickOfTime(clock, span->from, ofClock).value_or(from);
  const Tick last = tickOfTime(clock, span->to, ofClock).value_or(to);
  const double seen = static_cast<double>(last) - static_cast<double>(first) + 1;
  const int width = std::clamp(static_cast<int>(pixels * std::min(1.0, seen / asked)), 1, 1 << 20);
  RangeResult result = queryRange(snapshot, Axis::Time, span->from, span->to, width, wanted);
  Tick before = first;
  // Inside of a break of the clock the last known tick stands.
  const auto tick = [&](TimeNs time) { return before = tickOfTime(clock, time, ofClock).value_or(before); };
  for (Sample& sample : result.samples) sample.tick = tick(sample.time);
  for (Bucket& bucket : result.buckets) {
    bucket.x0 = tick(bucket.x0);
    bucket.x1 = tick(bucket.x1);
  }
  before = first;
  for (std::int64_t& x : result.breaks) x = tick(x);
  return result;
}

namespace {

struct Times {
  const View& view;
  std::vector<Wanted>& wanted;
  TimeSpan span{std::numeric_limits<TimeNs>::max(), std::numeric_limits<TimeNs>::min()};

  void add(TimeNs from, TimeNs to) {
    span.from = std::min(span.from, from);
    span.to = std::max(span.to, to);
  }
  bool fold(const Extent& e, const SketchPtr&) {
    if (!view.whole(e)) return false;
    add(e.t0, e.t1);
    return true;
  }
  void chunk(const Chunk& chunk, std::size_t begin, std::size_t end) { add(chunk.time(begin), chunk.time(end - 1)); }
  void cold(const Entry& entry) {
    want(wanted, entry);
    const Extent& e = entry.extent;
    if (e.mixed) return add(e.t0, e.t1);
    add(view.from <= e.k0 ? e.t0 : onLine(view.from, e.k0, e.t0, e.k1, e.t1),
        view.to >= e.k1 ? e.t1 : onLine(view.to, e.k0, e.t0, e.k1, e.t1));
  }
};

}  // namespace

std::optional<TimeSpan> timesOfTicks(const Snapshot& snapshot, Tick from, Tick to, std::vector<Wanted>& wanted) {
  const auto view = viewOf(snapshot, Axis::Tick, from, to);
  if (!view) return std::nullopt;
  Times times{*view, wanted};
  walk(*view, snapshot, times);
  if (times.span.from > times.span.to) return std::nullopt;
  return times.span;
}

}  // namespace qd::series
