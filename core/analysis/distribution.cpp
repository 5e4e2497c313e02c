// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/distribution.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace qd::analysis {
namespace {

using series::Axis;

// Every finite sample of the range, as long as they are few; empty: too many.
std::optional<series::RangeResult> fewSamples(const series::Store& store, series::SeriesId id, TimeNs from, TimeNs to) {
  const auto whole = store.query(id, Axis::Time, from, to, 1);
  std::uint64_t count = whole.samples.size();
  for (const auto& b : whole.buckets) count += b.count;
  if (count > static_cast<std::uint64_t>(kMostCounted)) return std::nullopt;
  auto data = store.query(id, Axis::Time, from, to, kMostCounted);
  return data.exact ? std::optional(std::move(data)) : std::nullopt;
}

struct Counted {
  double low = 0, high = 0;
  double count = 0;
};

Histogram binsOf(const std::vector<Counted>& counted, int bins) {
  Histogram out;
  if (counted.empty()) return out;
  out.low = counted.front().low;
  out.high = counted.front().high;
  for (const Counted& c : counted) {
    out.low = std::min(out.low, c.low);
    out.high = std::max(out.high, c.high);
  }
  if (!(out.high > out.low)) out.high = out.low + std::max(1e-9, std::abs(out.low) * 1e-3);
  out.counts.resize(static_cast<std::size_t>(std::max(1, bins)));
  for (const Counted& c : counted) out.add(c.low, c.high, c.count);
  return out;
}

// The merge of a moving window of columns with at most two merges for each: a queue made of two stacks, of which the
// front one holds the merges of everything behind.
class WindowMerge {
 public:
  void push(const Sketch& sketch) {
    back_.push_back(&sketch);
    backSum_.merge(sketch);
  }
  void pop() {
    if (front_.empty()) turn();
    front_.pop_back();
  }
  double quantile(double fraction) const {
    if (front_.empty()) return backSum_.quantile(fraction);
    Sketch both = front_.back();
    both.merge(backSum_);
    return both.quantile(fraction);
  }

 private:
  void turn() {
    Sketch sum;
    for (; !back_.empty(); back_.pop_back()) {
      sum.merge(*back_.back());
      front_.push_back(sum);
    }
    backSum_.clear();
  }
  std::vector<Sketch> front_;
  std::vector<const Sketch*> back_;
  Sketch backSum_;
};

}  // namespace

std::vector<PercentileColumn> percentileColumns(std::span<const SketchColumn> columns) {
  static constexpr std::array kFractions = {0.50, 0.95, 0.99};
  std::vector<PercentileColumn> out;
  out.reserve(columns.size());
  for (const SketchColumn& c : columns) {
    if (c.sketch.empty()) continue;
    std::array<double, 3> values{};
    c.sketch.quantiles(kFractions, values);
    // A sketch does not know its extremes; the store does.
    for (double& v : values) v = std::clamp(v, c.summary.min, c.summary.max);
    out.push_back({c.x0, c.x1, c.sketch.count(), values[0], values[1], values[2]});
  }
  return out;
}

std::vector<series::Bucket> slidingPercentile(std::span<const SketchColumn> columns, TimeNs window, double fraction) {
  std::vector<series::Bucket> out;
  WindowMerge inside;
  std::size_t oldest = 0;
  for (const SketchColumn& c : columns) {
    if (c.sketch.empty()) continue;
    inside.push(c.sketch);
    for (; columns[oldest].x1 <= c.x1 - window; ++oldest)
      if (!columns[oldest].sketch.empty()) inside.pop();
    const double value = inside.quantile(fraction);
    out.push_back({c.x0, c.x1, value, value, value, value, c.sketch.count()});
  }
  return out;
}

double Histogram::edge(std::size_t i) const {
  const double share = static_cast<double>(i) / static_cast<double>(counts.size());
  return log ? low * std::pow(high / low, share) : low + (high - low) * share;
}

int Histogram::binOf(double value) const {
  if (value < low) return -1;
  const auto bins = static_cast<int>(counts.size());
  if (value > high) return bins;
  const double share = log ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
  return std::min(static_cast<int>(share * bins), bins - 1);
}

void Histogram::add(double from, double to, double count) {
  const auto bins = static_cast<int>(counts.size());
  const int first = binOf(from), last = binOf(to);
  if (last < 0) {
    below += static_cast<std::uint64_t>(count);
  } else if (first >= bins) {
    above += static_cast<std::uint64_t>(count);
  } else if (std::max(first, 0) == std::min(last, bins - 1)) {
    counts[static_cast<std::size_t>(std::max(first, 0))] += count;
  } else {
    for (int i = std::max(first, 0); i <= std::min(last, bins - 1); ++i) {
      const double a = std::max(from, edge(static_cast<std::size_t>(i)));
      const double b = std::min(to, edge(static_cast<std::size_t>(i) + 1));
      counts[static_cast<std::size_t>(i)] += count * std::max(0.0, b - a) / (to - from);
    }
  }
}

Histogram histogram(const series::Store& store, const Bound& bound, TimeNs from, TimeNs to, int bins) {
  const bool plain = bound.expression.kind == Derivation::None;
  auto data = plain ? fewSamples(store, bound.a, from, to) : std::optional(evaluate(store, bound, from, to, 2000));
  std::vector<Counted> counted;
  if (data) {
    for (const auto& s : data->samples)
      if (std::isfinite(s.value) && s.time >= from && s.time <= to) counted.push_back({s.value, s.value, 1});
    for (const auto& b : data->buckets) counted.push_back({b.mean, b.mean, static_cast<double>(b.count)});
  } else {
    const auto known = store.statistics(bound.a, Axis::Time, from, to);
    store.sketch(bound.a, Axis::Time, from, to).forEachBin([&](double low, double high, std::uint64_t count) {
      counted.push_back(
          {std::clamp(low, known.min, known.max), std::clamp(high, known.min, known.max), static_cast<double>(count)});
    });
  }
  return binsOf(counted, bins);
}

}  // namespace qd::analysis
