// SPDX-License-Identifier: Apache-2.0
#include "core/series/range_query.h"

#include <algorithm>
#include <limits>

#include "core/series/columns.h"
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

// Folds nodes, which come in ascending order, into one bucket a column of the screen.
class Folder {
 public:
  Folder(const View& view, const Columns& columns, std::vector<Wanted>& wanted)
      : view_(view), columns_(columns), wanted_(wanted) {}

  bool fold(const Extent& e, const SketchPtr&) {
    if (e.mixed || !view_.whole(e) || !columns_.one(view_.x0(e), view_.x1(e))) return false;
    if (columns_.exact() && e.summary.count != e.summary.total && e.summary.count != 0) return false;
    add(view_.x0(e), view_.x1(e), e.summary, e.segment, e.breakBefore);
    return true;
  }

  void chunk(const Chunk& chunk, std::size_t begin, std::size_t end) {
    touch(chunk);
    bool breakBefore = begin == 0 && chunk.breakBefore();
    const std::uint32_t segment = chunk.kind().segment;
    const auto take = [&](std::int64_t x0, std::int64_t x1, const Summary& summary) {
      add(x0, x1, summary, segment, breakBefore);
      breakBefore = false;
    };
    const auto node = [&](std::size_t i, std::size_t length, const Node& n) {
      const std::size_t last = std::min(chunk.size(), i + length);
      const Summary& s = n.summary;
      const bool pure = s.count == s.total || s.count == 0 || !columns_.exact();
      if (last > end || !pure || !columns_.one(view_.x0(n), view_.x1(n))) return std::size_t{0};
      take(view_.x0(n), view_.x1(n), s);
      return last;
    };
    for (std::size_t i = begin; i < end;) {
      std::size_t next = 0;
      if (i % kHalfSamples == 0 && i / kHalfSamples < chunk.halves()) {
        next = node(i, kHalfSamples, chunk.half(i / kHalfSamples));
      }
      if (next == 0 && i % kNodeSamples == 0 && chunk.pyramid())
        next = node(i, kNodeSamples, chunk.node(i / kNodeSamples));
      if (next != 0) {
        i = next;
        continue;
      }
      const std::size_t nodeEnd = std::min(end, (i / kNodeSamples + 1) * kNodeSamples);
      const std::size_t columnEnd = columns_.endOfColumn(view_, chunk, i, nodeEnd);
      const std::int64_t x0 = view_.x(chunk, i);
      const Summary summary = chunk.fold(i, columnEnd);
      take(x0, view_.x(chunk, i - 1), summary);
    }
  }

  // A bucket of its own, which may be wider than a column.
  void cold(const Entry& entry) {
    const Extent& e = entry.extent;
    want(wanted_, entry);
    result_.coarse =
        result_.coarse || columns_.wide(std::max(view_.x0(e), view_.from), std::min(view_.x1(e), view_.to));
    if (e.summary.count == 0) {
      gap_ = true;
      return;
    }
    flush();
    const std::int64_t x0 = std::max(view_.x0(e), view_.from), x1 = std::min(view_.x1(e), view_.to);
    const bool other = segmentKnown_ && e.segment != segment_;
    if (any_ && (e.breakBefore || hard_ || gap_ || other)) result_.breaks.push_back(x0);
    begin(x0);
    bucket_.x1 = x1;
    fold_ = e.summary;
    gap_ = hard_ = false;
    segment_ = e.segment;
    segmentKnown_ = !e.mixed;
    flush();
    column_ = columns_.of(x1);
  }

  RangeResult take() {
    flush();
    return std::move(result_);
  }

 private:
  void begin(std::int64_t x0) {
    bucket_ = Bucket{.x0 = x0};
    fold_ = {};
    open_ = any_ = true;
  }

  void add(std::int64_t x0, std::int64_t x1, const Summary& summary, std::uint32_t segment, bool breakBefore) {
    const std::int64_t column = columns_.of(x0);
    breakBefore = breakBefore || (segmentKnown_ && segment != segment_);
    segment_ = segment;
    segmentKnown_ = true;
    if (summary.count == 0) {  // a gap of its own, unless it ends within this column
      gap_ = gap_ || summary.total != 0 || breakBefore;
      hard_ = hard_ || breakBefore;
      return;
    }
    breakBefore = breakBefore || hard_ || (gap_ && column != column_);
    if (open_ && (breakBefore || column != column_)) flush();
    if (breakBefore && any_) result_.breaks.push_back(x0);
    if (!open_) {
      begin(x0);
      column_ = column;
    }
    bucket_.x1 = x1;
    fold_.add(summary);
    gap_ = hard_ = false;
  }

  void flush() {
    if (!open_) return;
    bucket_.min = fold_.min;
    bucket_.max = fold_.max;
    bucket_.mean = fold_.sum / static_cast<double>(fold_.count);
    bucket_.last = fold_.last;
    bucket_.count = fold_.count;
    result_.buckets.push_back(bucket_);
    open_ = false;
  }

  const View& view_;
  const Columns& columns_;
  std::vector<Wanted>& wanted_;
  RangeResult result_;
  Bucket bucket_;
  Summary fold_;
  std::int64_t column_ = 0;
  std::uint32_t segment_ = 0;
  bool open_ = false, any_ = false, gap_ = false, hard_ = false, segmentKnown_ = false;
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
  Folder folder(*view, columns, wanted);
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
