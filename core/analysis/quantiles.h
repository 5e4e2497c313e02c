// SPDX-License-Identifier: Apache-2.0
// Count, mean and percentiles of a stream of numbers: exact up to 10^7 values (linear between the two nearest ranks),
// from then on within 1 % by logarithmic buckets. NaN counts in n and nowhere else. Memory: at most 80 MB exact, then
// some hundred KB. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace qd::analysis {

struct Summary {
  std::uint64_t n = 0;
  double min = 0, mean = 0, p50 = 0, p95 = 0, p99 = 0, max = 0;  // 0 where there is no value
};

class Quantiles {
 public:
  static constexpr std::size_t kExact = 10'000'000;

  explicit Quantiles(std::size_t exact = kExact) : most_(exact) {}
  void add(double value);
  Summary summary();

 private:
  void toBuckets();
  void bucket(double value);
  double exactAt(double q) const;
  double bucketAt(double q) const;

  std::size_t most_;
  std::uint64_t n_ = 0, numbers_ = 0;
  double min_ = 0, max_ = 0;
  long double sum_ = 0;
  std::vector<double> exact_;
  bool bucketed_ = false;
  std::map<std::int32_t, std::uint64_t> negative_, positive_;
  std::uint64_t zeros_ = 0;
};

}  // namespace qd::analysis
