// SPDX-License-Identifier: Apache-2.0
// All values of one measure, and what is reported of them: never a mean alone. Quantiles by nearest rank. Not
// thread-safe.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace qd::stage {

class Distribution {
 public:
  void add(double value) {
    values_.push_back(value);
    sorted_ = false;
  }
  std::size_t count() const { return values_.size(); }
  double mean() const {
    double sum = 0;
    for (const double v : values_) sum += v;
    return values_.empty() ? std::nan("") : sum / static_cast<double>(values_.size());
  }
  // NaN when there is nothing.
  double quantile(double share) {
    if (values_.empty()) return std::nan("");
    if (!sorted_) std::sort(values_.begin(), values_.end());
    sorted_ = true;
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values_.size())));
    return values_[std::clamp<std::size_t>(rank, 1, values_.size()) - 1];
  }
  double max() { return quantile(1); }

 private:
  std::vector<double> values_;
  bool sorted_ = false;
};

}  // namespace qd::stage
