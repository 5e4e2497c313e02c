// SPDX-License-Identifier: Apache-2.0
// Which column of the screen an x lies in, and whether samples may go into one as a whole. Pure; any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "core/series/view.h"

namespace qd::series {

class Columns {
 public:
  // `unseen`: samples that cover no more than this share of a column go into the one of their beginning as a whole.
  Columns(const View& view, int count, double unseen)
      : from_(static_cast<std::uint64_t>(view.from)),
        last_(count - 1),
        perX_(static_cast<double>(count) / (distance(view.to) + 1.0)),
        xPer_((distance(view.to) + 1.0) / static_cast<double>(count)),
        exact_(unseen == 0),
        unseenX_(static_cast<std::uint64_t>(unseen * xPer_)) {}

  std::int64_t of(std::int64_t x) const {
    return std::min<std::int64_t>(static_cast<std::int64_t>(distance(x) * perX_), last_);
  }
  bool one(std::int64_t x0, std::int64_t x1) const { return unseen(x0, x1) || of(x0) == of(x1); }
  // Whether it reaches beyond the next column.
  bool wide(std::int64_t x0, std::int64_t x1) const { return of(x1) > of(x0) + 1; }
  bool exact() const { return exact_; }
  // The x at which the columns after this one begin, as a distance from the view's own beginning.
  std::uint64_t beyond(std::int64_t column) const {
    if (column >= last_) return kNowhere;
    auto at = static_cast<std::uint64_t>(static_cast<double>(column + 1) * xPer_);
    const auto after = [&](std::uint64_t d) {
      return static_cast<double>(d) * perX_ >= static_cast<double>(column + 1);
    };
    while (!after(at)) ++at;  // rounding alone, so a step or two
    while (at > 0 && after(at - 1)) --at;
    return at;
  }
  // Always below where the last column would end, also for the last x that there is.
  std::uint64_t offset(std::int64_t x) const { return std::min(static_cast<std::uint64_t>(x) - from_, kNowhere - 1); }
  // Whether so much of the axis may go into the column of its beginning as a whole.
  bool unseen(std::int64_t x0, std::int64_t x1) const {
    return static_cast<std::uint64_t>(x1) - static_cast<std::uint64_t>(x0) <= unseenX_;
  }
  // The first sample of [begin, end) that does not lie in the column of sample `begin`, beyond which there is `beyond`.
  std::size_t endOfColumn(const Xs& xs, std::size_t begin, std::size_t end, std::uint64_t beyond) const {
    const std::uint64_t d0 = offset(xs[begin]), d1 = offset(xs[end - 1]);
    if (d1 < beyond) return end;
    // Samples mostly lie evenly, so the place is guessed, and what is right beside the guess is tried first.
    const double share = static_cast<double>(beyond - d0) / static_cast<double>(d1 - d0);
    std::size_t low = begin, high = end - 1;  // in the column, after it
    const std::size_t guess = begin + static_cast<std::size_t>(share * static_cast<double>(high - begin));
    for (const std::size_t at : {guess, guess + 1}) {
      if (at <= low || at >= high) continue;
      if (offset(xs[at]) < beyond) {
        low = at;
      } else {
        high = at;
      }
    }
    while (high - low > 1) {
      const std::size_t middle = low + (high - low) / 2;
      if (offset(xs[middle]) < beyond) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return high;
  }

 private:
  static constexpr std::uint64_t kNowhere = std::numeric_limits<std::uint64_t>::max();
  double distance(std::int64_t x) const { return static_cast<double>(static_cast<std::uint64_t>(x) - from_); }

  const std::uint64_t from_;
  const std::int64_t last_;
  const double perX_, xPer_;
  const bool exact_;
  const std::uint64_t unseenX_;
};

// The unseen share for so many samples a column: none where samples are few, so that the picture is that of every
// sample, pixel for pixel; a quarter where they are so many that a column's own nodes are coarser than that.
inline double unseenShare(std::uint64_t samples, int columns) {
  constexpr std::uint64_t kExactPerColumn = 512;
  return samples <= static_cast<std::uint64_t>(columns) * kExactPerColumn ? 0 : 0.25;
}

}  // namespace qd::series
