// SPDX-License-Identifier: Apache-2.0
// Which column of the screen an x lies in, and whether samples may go into one as a whole. Pure; any thread.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/series/view.h"

namespace qd::series {

class Columns {
 public:
  // `unseen`: samples that cover no more than this share of a column go into the one of their beginning as a whole.
  Columns(const View& view, int count, double unseen)
      : from_(static_cast<std::uint64_t>(view.from)),
        last_(count - 1),
        perX_(static_cast<double>(count) / (distance(view.to) + 1.0)),
        unseen_(unseen) {}

  std::int64_t of(std::int64_t x) const {
    return std::min<std::int64_t>(static_cast<std::int64_t>(distance(x) * perX_), last_);
  }
  bool one(std::int64_t x0, std::int64_t x1) const {
    const double length = static_cast<double>(static_cast<std::uint64_t>(x1) - static_cast<std::uint64_t>(x0));
    return length * perX_ <= unseen_ || (length * perX_ <= 1.0 && of(x0) == of(x1));
  }
  // Whether it reaches beyond the next column.
  bool wide(std::int64_t x0, std::int64_t x1) const { return of(x1) > of(x0) + 1; }
  bool exact() const { return unseen_ == 0; }
  // The first sample of [begin, end) of the chunk that does not lie in the column of sample `begin`.
  std::size_t endOfColumn(const View& view, const Chunk& chunk, std::size_t begin, std::size_t end) const {
    const std::int64_t x0 = view.x(chunk, begin), x1 = view.x(chunk, end - 1), column = of(x0);
    if (of(x1) == column) return end;
    std::size_t low = begin + 1, high = end - 1;
    // Samples mostly lie evenly, so the place is guessed, and what is right beside the guess is tried first.
    const double share = (static_cast<double>(column + 1) / perX_ - distance(x0)) / (distance(x1) - distance(x0));
    const std::size_t guess =
        begin + static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(end - 1 - begin));
    if (guess > low && guess < high) {
      const bool after = of(view.x(chunk, guess)) > column;
      if (after) {
        high = guess;
        if (of(view.x(chunk, guess - 1)) <= column) return guess;
        high = guess - 1;
      } else {
        low = guess + 1;
        if (of(view.x(chunk, low)) > column) return low;
        ++low;
      }
    }
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2;
      if (of(view.x(chunk, middle)) > column) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

 private:
  double distance(std::int64_t x) const { return static_cast<double>(static_cast<std::uint64_t>(x) - from_); }

  const std::uint64_t from_;
  const std::int64_t last_;
  const double perX_, unseen_;
};

// The unseen share for so many samples a column: none where samples are few, so that the picture is that of every
// sample, pixel for pixel; a quarter where they are so many that a column's own nodes are coarser than that.
inline double unseenShare(std::uint64_t samples, int columns) {
  constexpr std::uint64_t kExactPerColumn = 512;
  return samples <= static_cast<std::uint64_t>(columns) * kExactPerColumn ? 0 : 0.25;
}

}  // namespace qd::series
