// SPDX-License-Identifier: Apache-2.0
#include "core/series/range_query.h"

#include <algorithm>
#include <limits>

#include "core/base/percentile.h"

namespace qd::series {
namespace {

constexpr std::uint64_t kMostExactStatistics = 10'000'000;
constexpr double kUnseen = 0.25;  // of a column of the screen

// One axis over chunks and extents; on the tick axis only chunks of one segment count.
struct View {
  Axis axis = Axis::Time;
  std::int64_t from = 0, to = 0;
  std::uint32_t segment = 0;

  bool counts(const Chunk& chunk) const { return axis == Axis::Time || chunk.kind().segment == segment; }
  std::int64_t x(const Chunk& chunk, std::size_t i) const { return axis == Axis::Time ? chunk.time(i) : chunk.tick(i); }
  std::int64_t x0(const Extent& e) const { return axis == Axis::Time ? e.t0 : e.k0; }
  std::int64_t x1(const Extent& e) const { return axis == Axis::Time ? e.t1 : e.k1; }
  std::size_t begin(const Chunk& c) const { return axis == Axis::Time ? c.firstAtTime(from) : c.firstAtTick(from); }
  std::size_t end(const Chunk& c) const { return axis == Axis::Time ? c.firstAfterTime(to) : c.firstAfterTick(to); }
  // Whether the extent as a whole may stand for its samples (breaks apart).
  bool pure(const Extent& e) const { return axis == Axis::Time || (!e.mixed && e.segment == segment); }
  bool misses(const Extent& e) const {
    return x1(e) < from || x0(e) > to || (axis == Axis::Tick && !e.mixed && e.segment != segment);
  }
  bool inside(const Extent& e) const { return x0(e) >= from && x1(e) <= to; }
};

template <class Visit>
void each(const Snapshot& snapshot, Visit visit) {
  for (std::size_t g = 0; g < snapshot.count(); ++g) visit(snapshot[g]);
}

// Calls visit(chunk, begin, end) for the samples of each chunk in view.
template <class Visit>
void eachChunk(const View& view, const Group& group, Visit visit) {
  if (view.misses(group.all)) return;
  for (std::size_t m = 0; m < group.middle.size(); ++m) {
    if (view.misses(group.middle[m])) continue;
    const std::size_t last = std::min(group.chunks.size(), (m + 1) * Group::kNode);
    for (std::size_t c = m * Group::kNode; c < last; ++c) {
      const Chunk& chunk = *group.chunks[c];
      if (view.misses(group.extents[c]) || !view.counts(chunk)) continue;
      const bool whole = view.inside(group.extents[c]);
      const std::size_t begin = whole ? 0 : view.begin(chunk);
      const std::size_t end = whole ? chunk.size() : view.end(chunk);
      if (begin < end) visit(chunk, begin, end);
    }
  }
}

// The newest segment that has a sample with a tick in [from, to].
std::optional<std::uint32_t> segmentOf(const Snapshot& snapshot, Tick from, Tick to) {
  for (std::size_t g = snapshot.count(); g-- > 0;) {
    const Group& group = snapshot[g];
    if (group.all.k1 < from || group.all.k0 > to) continue;
    for (std::size_t c = group.chunks.size(); c-- > 0;) {
      if (group.extents[c].k1 < from || group.extents[c].k0 > to) continue;
      const Chunk& chunk = *group.chunks[c];
      if (chunk.firstAtTick(from) < chunk.firstAfterTick(to)) return chunk.kind().segment;
    }
  }
  return std::nullopt;
}

std::optional<View> viewOf(const Snapshot& snapshot, Axis axis, std::int64_t from, std::int64_t to) {
  View view{axis, from, to, 0};
  if (from > to) return std::nullopt;
  if (axis == Axis::Tick) {
    const auto segment = segmentOf(snapshot, from, to);
    if (!segment) return std::nullopt;
    view.segment = *segment;
  }
  return view;
}

std::uint64_t countOf(const View& view, const Snapshot& snapshot) {
  std::uint64_t count = 0;
  each(snapshot, [&](const Group& group) {
    if (view.inside(group.all) && view.pure(group.all)) {
      count += group.all.summary.total;
    } else {
      eachChunk(view, group, [&](const Chunk&, std::size_t begin, std::size_t end) { count += end - begin; });
    }
  });
  return count;
}

RangeResult everySample(const View& view, const Snapshot& snapshot, std::uint64_t count) {
  RangeResult result;
  result.exact = true;
  result.samples.reserve(count);
  each(snapshot, [&](const Group& group) {
    eachChunk(view, group, [&](const Chunk& chunk, std::size_t begin, std::size_t end) {
      if (begin == 0 && chunk.breakBefore() && !result.samples.empty()) result.breaks.push_back(view.x(chunk, 0));
      for (std::size_t i = begin; i < end; ++i) {
        result.samples.push_back({chunk.tick(i), chunk.time(i), chunk.value(i)});
      }
    });
  });
  return result;
}

// Folds nodes, which come in ascending order, into one bucket a column of the screen.
class Columns {
 public:
  Columns(const View& view, int pixels)
      : view_(view), pixels_(pixels), perX_(static_cast<double>(pixels) / (distance(view.to) + 1.0)) {}

  std::int64_t of(std::int64_t x) const {
    return std::min<std::int64_t>(static_cast<std::int64_t>(distance(x) * perX_), pixels_ - 1);
  }
  // Whether samples from x0 to x1 may go into one column as a whole: they lie in it, or they are so short against it
  // that nobody would see where they are cut.
  bool one(std::int64_t x0, std::int64_t x1) const {
    const double length = static_cast<double>(static_cast<std::uint64_t>(x1) - static_cast<std::uint64_t>(x0));
    return length * perX_ <= kUnseen || of(x0) == of(x1);
  }

  void add(std::int64_t x0, std::int64_t x1, const Summary& summary, bool breakBefore) {
    const std::int64_t column = of(x0);
    if (summary.count == 0) {  // a gap of its own, unless it ends within this column
      gap_ = gap_ || summary.total != 0 || breakBefore;
      hard_ = hard_ || breakBefore;
      return;
    }
    breakBefore = breakBefore || hard_ || (gap_ && column != column_);
    if (open_ && (breakBefore || column != column_)) flush();
    if (breakBefore && any_) result_.breaks.push_back(x0);
    if (!open_) {
      bucket_ = Bucket{.x0 = x0};
      fold_ = {};
      open_ = any_ = true;
      column_ = column;
    }
    bucket_.x1 = x1;
    fold_.add(summary);
    gap_ = hard_ = false;
  }

  RangeResult take() {
    flush();
    return std::move(result_);
  }

 private:
  double distance(std::int64_t x) const {
    return static_cast<double>(static_cast<std::uint64_t>(x) - static_cast<std::uint64_t>(view_.from));
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
  const std::int64_t pixels_;
  const double perX_;
  RangeResult result_;
  Bucket bucket_;
  Summary fold_;
  std::int64_t column_ = 0;
  bool open_ = false, any_ = false, gap_ = false, hard_ = false;
};

void foldChunk(const View& view, Columns& columns, const Chunk& chunk, std::size_t begin, std::size_t end) {
  bool breakBefore = begin == 0 && chunk.breakBefore();
  const auto fits = [&](std::size_t i, std::size_t node) {
    const std::size_t last = std::min(chunk.size(), i + node);
    return i % node == 0 && last <= end && columns.one(view.x(chunk, i), view.x(chunk, last - 1));
  };
  for (std::size_t i = begin; i < end;) {
    Summary one;
    const Summary* node = &one;
    std::size_t next = i + 1;
    if (fits(i, kChunkSamples)) {
      node = &chunk.all();
      next = chunk.size();
    } else if (fits(i, kCoarseNode)) {
      node = &chunk.coarse(i / kCoarseNode);
      next = std::min(chunk.size(), i + kCoarseNode);
    } else if (fits(i, kFineNode)) {
      node = &chunk.fine(i / kFineNode);
      next = std::min(chunk.size(), i + kFineNode);
    } else {
      one.add(chunk.value(i));
    }
    columns.add(view.x(chunk, i), view.x(chunk, next - 1), *node, breakBefore);
    breakBefore = false;
    i = next;
  }
}

bool foldExtent(const View& view, Columns& columns, const Extent& e) {
  if (e.mixed || !view.pure(e) || !view.inside(e) || !columns.one(view.x0(e), view.x1(e))) return false;
  columns.add(view.x0(e), view.x1(e), e.summary, e.breakBefore);
  return true;
}

void foldGroup(const View& view, Columns& columns, const Group& group) {
  if (view.misses(group.all) || foldExtent(view, columns, group.all)) return;
  for (std::size_t m = 0; m < group.middle.size(); ++m) {
    if (view.misses(group.middle[m]) || foldExtent(view, columns, group.middle[m])) continue;
    const std::size_t last = std::min(group.chunks.size(), (m + 1) * Group::kNode);
    for (std::size_t c = m * Group::kNode; c < last; ++c) {
      const Extent& e = group.extents[c];
      if (view.misses(e) || foldExtent(view, columns, e)) continue;
      const Chunk& chunk = *group.chunks[c];
      foldChunk(view, columns, chunk, view.begin(chunk), view.end(chunk));
    }
  }
}

}  // namespace

RangeResult queryRange(const Snapshot& snapshot, Axis axis, std::int64_t from, std::int64_t to, int pixels) {
  const auto view = viewOf(snapshot, axis, from, to);
  if (!view) return RangeResult{.exact = true, .samples = {}, .buckets = {}, .breaks = {}};
  const int width = std::clamp(pixels, 1, 1 << 20);
  const std::uint64_t count = countOf(*view, snapshot);
  if (count <= static_cast<std::uint64_t>(width) * 2) return everySample(*view, snapshot, count);
  Columns columns(*view, width);
  each(snapshot, [&](const Group& group) { foldGroup(*view, columns, group); });
  return columns.take();
}

RangeResult queryInTicksOf(const Snapshot& clock, const Snapshot& snapshot, Tick from, Tick to, int pixels) {
  const auto span = timesOfTicks(clock, from, to);
  if (!span) return RangeResult{.exact = true, .samples = {}, .buckets = {}, .breaks = {}};
  // Only a part of the asked ticks may have been seen; what was seen keeps its share of the pixels.
  const double asked = static_cast<double>(to) - static_cast<double>(from) + 1;
  const Tick first = tickOfTime(clock, span->from).value_or(from);
  const Tick last = tickOfTime(clock, span->to).value_or(to);
  const double seen = static_cast<double>(last) - static_cast<double>(first) + 1;
  const int width = std::clamp(static_cast<int>(pixels * std::min(1.0, seen / asked)), 1, 1 << 20);
  RangeResult result = queryRange(snapshot, Axis::Time, span->from, span->to, width);
  Tick before = first;
  // Inside of a break of the clock the last known tick stands.
  const auto tick = [&](TimeNs time) { return before = tickOfTime(clock, time).value_or(before); };
  for (Sample& sample : result.samples) sample.tick = tick(sample.time);
  for (Bucket& bucket : result.buckets) {
    bucket.x0 = tick(bucket.x0);
    bucket.x1 = tick(bucket.x1);
  }
  before = first;
  for (std::int64_t& x : result.breaks) x = tick(x);
  return result;
}

Statistics statisticsOf(const Snapshot& snapshot, Axis axis, std::int64_t from, std::int64_t to) {
  Statistics result;
  const auto view = viewOf(snapshot, axis, from, to);
  if (!view) return result;
  const std::uint64_t stride = countOf(*view, snapshot) / (kMostExactStatistics + 1) + 1;
  Summary all;
  std::vector<double> values;
  std::uint64_t seen = 0;
  each(snapshot, [&](const Group& group) {
    eachChunk(*view, group, [&](const Chunk& chunk, std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        const double value = chunk.value(i);
        all.add(value);
        if (std::isfinite(value) && seen++ % stride == 0) values.push_back(value);
      }
    });
  });
  if (all.count == 0) return result;
  result.n = all.count;
  result.min = all.min;
  result.max = all.max;
  result.mean = all.sum / static_cast<double>(all.count);
  result.p50 = percentile(values, 0.50);
  result.p95 = percentile(values, 0.95);
  result.p99 = percentile(values, 0.99);
  return result;
}

std::optional<TimeSpan> timesOfTicks(const Snapshot& snapshot, Tick from, Tick to) {
  const auto view = viewOf(snapshot, Axis::Tick, from, to);
  if (!view) return std::nullopt;
  TimeSpan span{std::numeric_limits<TimeNs>::max(), std::numeric_limits<TimeNs>::min()};
  each(snapshot, [&](const Group& group) {
    eachChunk(*view, group, [&](const Chunk& chunk, std::size_t begin, std::size_t end) {
      span.from = std::min(span.from, chunk.time(begin));
      span.to = std::max(span.to, chunk.time(end - 1));
    });
  });
  return span;
}

}  // namespace qd::series
