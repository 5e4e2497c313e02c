// SPDX-License-Identifier: Apache-2.0
// A mergeable sketch of a distribution: how many values fell into each of buckets whose bounds grow geometrically, so
// that any percentile is known within kRelativeError of its value, whatever the distribution. It is a DDSketch (Masson,
// Rim, Lee, VLDB 2019) with the log-linear mapping: a bucket is the exponent and the upper six bits of the mantissa of
// a double, so finding it is one shift. Chosen over a t-digest because merging adds counts: it is associative and
// commutative, so chunks, groups, the wire and the file agree bit for bit in whatever order they are merged, and the
// bound on the error is a guarantee. Not finite values are left out; below 2^-1022 the error is absolute (2^-1028).
// Value type; one thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace qd {

class Sketch {
 public:
  static constexpr double kRelativeError = 1.0 / 129;              // 0.78 %
  static constexpr std::size_t kMostBytes = std::size_t{4} << 20;  // of an encoded one that is accepted

  void add(double value, std::uint64_t times = 1);
  void merge(const Sketch& other);
  // Merges what encode() made. False, and nothing is changed, where these are no such bytes.
  bool merge(std::string_view encoded);
  void mergeOwn(std::string_view encoded);  // the same for bytes that this process encoded itself: they are not checked
  void clear();

  std::uint64_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  // The value that at least `fraction` (0 to 1) of the values do not exceed (nearest rank), within kRelativeError;
  // NaN when empty. Clamp it to a known minimum and maximum where there are any.
  double quantile(double fraction) const;
  // Ascending fractions at once, one pass.
  void quantiles(std::span<const double> fractions, std::span<double> out) const;

  // each(low, high, count) for the buckets that hold something, ascending: for histograms.
  template <class Each>
  void forEachBin(Each each) const {
    for (std::size_t i = negative_.counts.size(); i-- > 0;) {
      const std::uint32_t m = negative_.first + static_cast<std::uint32_t>(i);
      if (negative_.counts[i] != 0) each(-boundOf(m + 1), -boundOf(m), negative_.counts[i]);
    }
    if (zeros_ != 0) each(-boundOf(1), boundOf(1), zeros_);
    for (std::size_t i = 0; i < positive_.counts.size(); ++i) {
      const std::uint32_t m = positive_.first + static_cast<std::uint32_t>(i);
      if (positive_.counts[i] != 0) each(boundOf(m), boundOf(m + 1), positive_.counts[i]);
    }
  }

  // varint buckets, then for each in ascending order: varint of the key's distance to the one before it (the first:
  // zigzag of the key), varint count. Usually 2 bytes a bucket. The key is the upper 17 bits of |value| below its sign,
  // negated for negative values.
  std::string encode() const;
  static Result<Sketch> decode(std::string_view bytes);  // errors: Corrupt
  static Sketch of(std::span<const double> values);

  std::size_t bytes() const;  // that it takes in memory

 private:
  // Counts of keys [first, first + counts.size()).
  struct Side {
    std::uint32_t first = 0;
    std::vector<std::uint64_t> counts;
    std::uint64_t& at(std::uint32_t magnitude);
    void cover(std::uint32_t low, std::uint32_t high);
    void add(const Side& other);
  };

  static double boundOf(std::uint32_t magnitude);  // the lower one of a bucket
  template <class Each>
  static bool parse(std::string_view bytes, Each each);

  std::uint64_t count_ = 0, zeros_ = 0;
  Side negative_, positive_;
};

// The encoded sketch of values that are kept elsewhere.
std::string encodedSketch(std::span<const double> values);
// The same of raw · 10^-scale (|scale| at most 127).
std::string encodedSketch(std::span<const std::int64_t> raw, int scale);

}  // namespace qd
