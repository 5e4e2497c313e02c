// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/quantiles.h"

#include <algorithm>
#include <cmath>

namespace qd::analysis {
namespace {

// Each bucket reaches from gamma^(i-1) to gamma^i: its middle is within 0.5 % of everything in it.
constexpr double kAccuracy = 0.005;
const double kLogGamma = std::log((1 + kAccuracy) / (1 - kAccuracy));
constexpr std::int32_t kInfinite = INT32_MAX;

std::int32_t indexOf(double magnitude) {
  return std::isinf(magnitude) ? kInfinite : static_cast<std::int32_t>(std::ceil(std::log(magnitude) / kLogGamma));
}

double middleOf(std::int32_t index) {
  if (index == kInfinite) return HUGE_VAL;
  const double gamma = std::exp(kLogGamma);
  return 2 * std::exp(index * kLogGamma) / (gamma + 1);
}

}  // namespace

void Quantiles::add(double value) {
  ++n_;
  if (std::isnan(value)) return;
  min_ = numbers_ == 0 ? value : std::min(min_, value);
  max_ = numbers_ == 0 ? value : std::max(max_, value);
  ++numbers_;
  sum_ += value;
  if (bucketed_) return bucket(value);
  exact_.push_back(value);
  if (exact_.size() > most_) toBuckets();
}

void Quantiles::toBuckets() {
  bucketed_ = true;
  for (const double value : exact_) bucket(value);
  exact_ = {};
}

void Quantiles::bucket(double value) {
  if (value == 0) {
    ++zeros_;
  } else {
    ++(value < 0 ? negative_ : positive_)[indexOf(std::abs(value))];
  }
}

double Quantiles::exactAt(double q) const {
  const double rank = q * static_cast<double>(exact_.size() - 1);
  const auto low = static_cast<std::size_t>(rank);
  const std::size_t high = std::min(low + 1, exact_.size() - 1);
  const double share = rank - static_cast<double>(low);
  if (share == 0 || exact_[low] == exact_[high]) return exact_[low];
  return exact_[low] + (exact_[high] - exact_[low]) * share;
}

double Quantiles::bucketAt(double q) const {
  const auto rank = static_cast<std::uint64_t>(std::llround(q * static_cast<double>(numbers_ - 1)));
  std::uint64_t seen = 0;
  const auto inside = [&](double v) { return std::clamp(v, min_, max_); };
  for (auto at = negative_.rbegin(); at != negative_.rend(); ++at) {
    seen += at->second;
    if (seen > rank) return inside(-middleOf(at->first));
  }
  seen += zeros_;
  if (seen > rank) return 0;
  for (const auto& [index, count] : positive_) {
    seen += count;
    if (seen > rank) return inside(middleOf(index));
  }
  return max_;
}

Summary Quantiles::summary() {
  Summary out;
  out.n = n_;
  if (numbers_ == 0) return out;
  out.min = min_;
  out.max = max_;
  out.mean = static_cast<double>(sum_ / static_cast<long double>(numbers_));
  std::sort(exact_.begin(), exact_.end());
  const auto at = [this](double q) { return bucketed_ ? bucketAt(q) : exactAt(q); };
  out.p50 = at(0.50);
  out.p95 = at(0.95);
  out.p99 = at(0.99);
  return out;
}

}  // namespace qd::analysis
