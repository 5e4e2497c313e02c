// SPDX-License-Identifier: Apache-2.0
// Questions about distributions: statistics of a range, a sketch for each column of the screen, every sample.
#include <algorithm>
#include <array>

#include "core/base/percentile.h"
#include "core/base/sketch.h"
#include "core/series/columns.h"
#include "core/series/range_query.h"
#include "core/series/wanting.h"

namespace qd::series {
namespace {

struct Range {
  const View& view;
  std::vector<Wanted>& wanted;
  bool exact = false;
  Summary all;
  std::vector<double> values;
  Sketch sketch;

  bool fold(const Extent& e, const SketchPtr& encoded) {
    if (exact || !view.whole(e) || !encoded) return false;
    sketch.mergeOwn(*encoded);
    all.add(e.summary);
    return true;
  }
  void chunk(const Chunk& chunk, std::size_t begin, std::size_t end) {
    touch(chunk);
    for (std::size_t i = begin; i < end; ++i) {
      const double value = chunk.value(i);
      all.add(value);
      if (!exact) {
        sketch.add(value);
      } else if (std::isfinite(value)) {
        values.push_back(value);
      }
    }
  }
  // As a whole, though a part of it may lie outside.
  void cold(const Entry& entry) {
    want(wanted, entry);
    all.add(entry.extent.summary);
    if (entry.sketch) sketch.mergeOwn(*entry.sketch);
  }
};

// Whether anything is cold, and what.
struct Cold {
  std::vector<Wanted>& wanted;
  bool any = false;
  bool fold(const Extent&, const SketchPtr&) { return false; }
  void chunk(const Chunk&, std::size_t, std::size_t) {}
  void cold(const Entry& entry) {
    any = true;
    want(wanted, entry);
  }
};

class ColumnSketches {
 public:
  ColumnSketches(const View& view, const Columns& columns, std::vector<Wanted>& wanted,
                 const std::function<void(SketchColumn&)>& each)
      : view_(view), columns_(columns), wanted_(wanted), each_(each) {}

  bool fold(const Extent& e, const SketchPtr& sketch) {
    if (!sketch || !view_.whole(e) || !columns_.one(view_.x0(e), view_.x1(e))) return false;
    open(view_.x0(e), view_.x1(e), e.summary);
    now_.sketch.mergeOwn(*sketch);
    return true;
  }
  void chunk(const Chunk& chunk, std::size_t begin, std::size_t end) {
    touch(chunk);
    const Xs xs = view_.xs(chunk);
    for (std::size_t i = begin; i < end;) {
      const std::int64_t x0 = xs[i];
      const std::size_t columnEnd = columns_.endOfColumn(xs, i, end, columns_.beyond(columns_.of(x0)));
      const std::int64_t x1 = xs[columnEnd - 1];
      Summary summary;
      for (std::size_t k = i; k < columnEnd;) summary.add(chunk.fold(k, columnEnd));
      open(x0, x1, summary);
      for (; i < columnEnd; ++i) now_.sketch.add(chunk.value(i));
    }
  }
  void cold(const Entry& entry) {
    want(wanted_, entry);
    const Extent& e = entry.extent;
    if (!entry.sketch) return;
    flush();
    open(std::max(view_.x0(e), view_.from), std::min(view_.x1(e), view_.to), e.summary);
    now_.sketch.mergeOwn(*entry.sketch);
    flush();
  }
  void flush() {
    if (any_ && now_.summary.count != 0) each_(now_);
    any_ = false;
  }

 private:
  void open(std::int64_t x0, std::int64_t x1, const Summary& summary) {
    const std::int64_t column = columns_.of(x0);
    if (any_ && column != column_) flush();
    if (!any_) {
      now_.x0 = x0;
      now_.summary = {};
      now_.sketch.clear();
      column_ = column;
      any_ = true;
    }
    now_.x1 = x1;
    now_.summary.add(summary);
  }

  const View& view_;
  const Columns& columns_;
  std::vector<Wanted>& wanted_;
  const std::function<void(SketchColumn&)>& each_;
  SketchColumn now_;
  std::int64_t column_ = 0;
  bool any_ = false;
};

struct Samples {
  const std::function<void(const ExactSample&)>& each;

  bool fold(const Extent&, const SketchPtr&) { return false; }
  void cold(const Entry&) {}
  void chunk(const Chunk& chunk, std::size_t begin, std::size_t end) {
    touch(chunk);
    for (std::size_t i = begin; i < end; ++i) {
      each({chunk.tick(i), chunk.time(i), chunk.bits(i), chunk.kind().integer, chunk.kind().scale});
    }
  }
};

}  // namespace

Statistics statisticsOf(const Snapshot& snapshot, Axis axis, std::int64_t from, std::int64_t to,
                        std::vector<Wanted>& wanted) {
  Statistics result;
  const auto view = viewOf(snapshot, axis, from, to);
  if (!view) return result;
  const Count count = countOf(*view, snapshot);
  Range range{*view, wanted, count.samples <= kExactStatistics, {}, {}, {}};
  if (range.exact) {
    Cold cold{wanted, false};
    walk(*view, snapshot, cold);
    range.exact = !cold.any;
    wanted.clear();
  }
  walk(*view, snapshot, range);
  const Summary& all = range.all;
  if (all.count == 0) return result;
  result.n = all.count;
  result.min = all.min;
  result.max = all.max;
  result.mean = all.sum / static_cast<double>(all.count);
  constexpr std::array<double, 3> kFractions{0.50, 0.95, 0.99};
  std::array<double, 3> found{};
  if (range.exact) {
    for (std::size_t i = 0; i < 3; ++i) found[i] = percentile(range.values, kFractions[i]);
  } else {
    range.sketch.quantiles(kFractions, found);
    for (double& value : found) value = std::clamp(value, all.min, all.max);
  }
  result.p50 = found[0];
  result.p95 = found[1];
  result.p99 = found[2];
  result.exact = range.exact;
  result.refining = !wanted.empty();
  return result;
}

void eachSketch(const Snapshot& snapshot, Axis axis, std::int64_t from, std::int64_t to, int count,
                std::vector<Wanted>& wanted, const std::function<void(SketchColumn&)>& each) {
  const auto view = viewOf(snapshot, axis, from, to);
  if (!view) return;
  const int width = std::clamp(count, 1, 1 << 20);
  const Columns columns(*view, width, unseenShare(countOf(*view, snapshot).samples, width) * 2);
  ColumnSketches sketches(*view, columns, wanted, each);
  walk(*view, snapshot, sketches);
  sketches.flush();
}

bool eachSample(const Snapshot& snapshot, Axis axis, std::int64_t from, std::int64_t to, std::vector<Wanted>& wanted,
                const std::function<void(const ExactSample&)>& each) {
  const auto view = viewOf(snapshot, axis, from, to);
  if (!view) return true;
  Cold cold{wanted, false};
  walk(*view, snapshot, cold);
  if (cold.any) return false;
  Samples samples{each};
  walk(*view, snapshot, samples);
  return true;
}

}  // namespace qd::series
