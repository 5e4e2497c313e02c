// SPDX-License-Identifier: Apache-2.0
// A visitor of a walk that folds what lies in a range into one bucket a column of the screen: extents and nodes as a
// whole where they fit into a column, samples where they do not. One question, one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/series/columns.h"
#include "core/series/wanting.h"

namespace qd::series {

class RangeFolder {
 public:
  RangeFolder(const View& view, const Columns& columns, std::size_t buckets, std::vector<Wanted>& wanted)
      : view_(view), columns_(columns), wanted_(wanted) {
    result_.buckets.reserve(buckets);
  }

  bool fold(const Extent& e, const SketchPtr&) {
    if (e.mixed || !view_.whole(e) || !fits(view_.x0(e), view_.x1(e))) return false;
    if (columns_.exact() && e.summary.count != e.summary.total && e.summary.count != 0) return false;
    add(view_.x0(e), view_.x1(e), e.summary, e.segment, e.breakBefore);
    return true;
  }

  void chunk(const Chunk& chunk, std::size_t begin, std::size_t end) {
    touch(chunk);
    const Xs xs = view_.xs(chunk);
    bool breakBefore = begin == 0 && chunk.breakBefore();
    std::size_t columnEnd = begin;  // of the column that sample i lies in, once it is known
    for (std::size_t i = begin; i < end;) {
      const std::size_t last = i % kNodeSamples == 0 && chunk.pyramid() ? node(chunk, i, end, breakBefore) : i;
      if (last == i) {
        const std::int64_t x0 = xs[i];
        if (columnEnd <= i) columnEnd = columns_.endOfColumn(xs, i, end, beyondOf(x0));
        // Up to the next node, if that may be taken as a whole.
        const std::size_t next = (i / kNodeSamples + 1) * kNodeSamples;
        const bool mayBe = next < columnEnd && (!columns_.exact() || next + kNodeSamples <= columnEnd);
        const Summary summary = chunk.fold(i, mayBe ? next : columnEnd);
        add(x0, xs[i - 1], summary, chunk.kind().segment, breakBefore);
      }
      i = std::max(i, last);
      breakBefore = false;
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
    beyond_ = columns_.beyond(columns_.of(x1));
  }

  RangeResult take() {
    flush();
    return std::move(result_);
  }

 private:
  // Takes the half or the node that begins at sample i as a whole, if it may go into the column of its beginning: where
  // it ends, else i.
  std::size_t node(const Chunk& chunk, std::size_t i, std::size_t end, bool breakBefore) {
    const auto take = [&](const Node& n) {
      const std::size_t last = i + n.total;
      const bool pure = n.count == n.total || n.count == 0 || !columns_.exact();
      if (last > end || !pure) return i;
      const bool byTime = view_.axis == Axis::Time;
      const std::int64_t x0 = byTime ? n.t0 : chunk.tick(i), x1 = byTime ? n.t1 : chunk.tick(last - 1);
      if (!fits(x0, x1)) return i;
      add(x0, x1, n.summary(), chunk.kind().segment, breakBefore);
      return last;
    };
    const bool half = i % kHalfSamples == 0 && i / kHalfSamples < chunk.halves();
    const std::size_t last = half ? take(chunk.half(i / kHalfSamples)) : i;
    return last != i ? last : take(chunk.node(i / kNodeSamples));
  }

  // Whether [x0, x1] may go into the column of its beginning as a whole.
  bool fits(std::int64_t x0, std::int64_t x1) { return columns_.unseen(x0, x1) || columns_.offset(x1) < beyondOf(x0); }
  // Where the columns after that of `x` begin. It is asked in ascending order, and mostly for the same column again.
  std::uint64_t beyondOf(std::int64_t x) {
    const std::uint64_t offset = columns_.offset(x);
    if (offset < beyond_) return beyond_;
    if (offset >= ahead_) ahead_ = columns_.beyond(columns_.of(x));
    return ahead_;
  }

  void begin(std::int64_t x0) {
    bucket_ = Bucket{.x0 = x0};
    fold_ = {};
    open_ = any_ = true;
  }

  void add(std::int64_t x0, std::int64_t x1, const Summary& summary, std::uint32_t segment, bool breakBefore) {
    const bool same = open_ && segment == segment_ && columns_.offset(x0) < beyond_;
    if (!same || breakBefore || gap_ || summary.count == 0) return addApart(x0, x1, summary, segment, breakBefore);
    bucket_.x1 = x1;
    fold_.add(summary);
  }

  // In a column of its own, or after a gap.
  void addApart(std::int64_t x0, std::int64_t x1, const Summary& summary, std::uint32_t segment, bool breakBefore) {
    const bool other = columns_.offset(x0) >= beyond_;
    breakBefore = breakBefore || (segmentKnown_ && segment != segment_);
    segment_ = segment;
    segmentKnown_ = true;
    if (summary.count == 0) {  // a gap of its own, unless it ends within this column
      gap_ = gap_ || summary.total != 0 || breakBefore;
      hard_ = hard_ || breakBefore;
      return;
    }
    breakBefore = breakBefore || hard_ || (gap_ && other);
    if (open_ && (breakBefore || other)) flush();
    if (breakBefore && any_) result_.breaks.push_back(x0);
    if (!open_) {
      begin(x0);
      if (other) beyond_ = beyondOf(x0);
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
  std::uint64_t beyond_ = 0;  // where the columns after that of the last finite sample begin
  std::uint64_t ahead_ = 0;   // and after that of what was last asked about beyond it
  std::uint32_t segment_ = 0;
  bool open_ = false, any_ = false, gap_ = false, hard_ = false, segmentKnown_ = false;
};

}  // namespace qd::series
