// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/derived.h"

#include <algorithm>
#include <cmath>

#include "core/analysis/distribution.h"

namespace qd::analysis {
namespace {

using series::Bucket;
using series::RangeResult;

constexpr int kBucketsPerPixel = 2;
constexpr TimeNs kLookBack = 60 * kNsPerSecond;  // for a rate at one moment: farther back there is no sample beside it

// Every sample where they are few, else buckets. One bucket tells first how many there are: that costs next to nothing.
RangeResult ask(const series::Store& store, series::SeriesId id, TimeNs from, TimeNs to, int pixels) {
  const auto whole = store.query(id, series::Axis::Time, from, to, 1);
  std::uint64_t count = whole.samples.size();
  for (const Bucket& b : whole.buckets) count += b.count;
  const bool few = count <= static_cast<std::uint64_t>(kMostExact);
  return store.query(id, series::Axis::Time, from, to, few ? kMostExact : pixels * kBucketsPerPixel);
}

// The part of an answer that lies in [from, to]; one sample before it stays, so that a line reaches the edge.
void cut(RangeResult& data, TimeNs from) {
  const auto sample = std::lower_bound(data.samples.begin(), data.samples.end(), from,
                                       [](const auto& s, TimeNs t) { return s.time < t; });
  if (sample != data.samples.begin()) data.samples.erase(data.samples.begin(), sample - 1);
  const auto bucket = std::lower_bound(data.buckets.begin(), data.buckets.end(), from,
                                       [](const auto& b, TimeNs t) { return b.x1 < t; });
  data.buckets.erase(data.buckets.begin(), bucket);
}

bool isBroken(const Breaks& breaks, std::int64_t after, std::int64_t until) {
  const auto next = std::upper_bound(breaks.begin(), breaks.end(), after);
  return next != breaks.end() && *next <= until;
}

// The slope between the ends of two buckets is exact; between them it is not known.
std::vector<Bucket> bucketRates(const std::vector<Bucket>& buckets, const Breaks& breaks) {
  std::vector<Bucket> out;
  for (std::size_t i = 1; i < buckets.size(); ++i) {
    const Bucket &before = buckets[i - 1], &b = buckets[i];
    if (b.x1 <= before.x1 || isBroken(breaks, before.x1, b.x0)) continue;
    const double slope = (b.last - before.last) * 1e9 / static_cast<double>(b.x1 - before.x1);
    out.push_back({b.x0, b.x1, slope, slope, slope, slope, b.count});
  }
  return out;
}

std::vector<Bucket> bucketAverages(const std::vector<Bucket>& buckets, const Breaks& breaks, TimeNs window) {
  std::vector<Bucket> out;
  long double sum = 0, count = 0;
  std::size_t oldest = 0;
  const auto weight = [](const Bucket& b) { return static_cast<long double>(b.count); };
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    const Bucket& b = buckets[i];
    sum += b.mean * weight(b);
    count += weight(b);
    for (; oldest < i && (buckets[oldest].x1 <= b.x1 - window || isBroken(breaks, buckets[oldest].x1, b.x0));
         ++oldest) {
      sum -= buckets[oldest].mean * weight(buckets[oldest]);
      count -= weight(buckets[oldest]);
    }
    const auto mean = static_cast<double>(sum / count);
    out.push_back({b.x0, b.x1, mean, mean, mean, mean, b.count});
  }
  return out;
}

// a - b over buckets: the means differ exactly, the extremes are bounds.
std::vector<Bucket> bucketDifferences(const std::vector<Bucket>& a, const std::vector<Bucket>& b) {
  std::vector<Bucket> out;
  std::size_t next = 0;
  for (const Bucket& one : a) {
    while (next < b.size() && b[next].x0 <= one.x1) ++next;
    if (next == 0) continue;
    const Bucket& other = b[next - 1];
    out.push_back({one.x0, one.x1, one.min - other.max, one.max - other.min, one.mean - other.mean,
                   one.last - other.last, one.count});
  }
  return out;
}

// Samples as buckets of one, for the one of two operands that has few.
std::vector<Bucket> bucketsOf(const RangeResult& data) {
  if (!data.exact) return data.buckets;
  std::vector<Bucket> out;
  for (const auto& s : data.samples)
    if (std::isfinite(s.value)) out.push_back({s.time, s.time, s.value, s.value, s.value, s.value, 1});
  return out;
}

RangeResult difference(const series::Store& store, const Bound& bound, TimeNs from, TimeNs to, int pixels) {
  RangeResult a = ask(store, bound.a, from, to, pixels);
  const auto before = store.at(bound.b, from);  // what the other was when the view begins
  RangeResult b = ask(store, bound.b, before ? std::min(from, before->time) : from, to, pixels);
  a.refining = a.refining || b.refining;
  if (a.exact && b.exact) {
    a.samples = differenceOf(a.samples, b.samples);
  } else {
    a.buckets = bucketDifferences(bucketsOf(a), bucketsOf(b));
    a.samples.clear();
    a.exact = false;
  }
  a.breaks.insert(a.breaks.end(), b.breaks.begin(), b.breaks.end());
  std::sort(a.breaks.begin(), a.breaks.end());
  return a;
}

}  // namespace

std::optional<Bound> bindTo(const series::Store& store, const ProcessId& process, const Expression& expression) {
  const auto find = [&](const Operand& operand) {
    return store.find(operand.process.value.empty() ? process : operand.process, operand.name, operand.dimensions);
  };
  Bound bound{expression, {}, {}};
  const auto a = find(expression.a);
  if (!a) return std::nullopt;
  bound.a = *a;
  if (expression.kind != Derivation::Difference) return bound;
  const auto b = find(expression.b);
  if (!b) return std::nullopt;
  bound.b = *b;
  return bound;
}

RangeResult evaluate(const series::Store& store, const Bound& bound, TimeNs from, TimeNs to, int pixels) {
  const Expression& e = bound.expression;
  if (e.kind == Derivation::None) return store.query(bound.a, series::Axis::Time, from, to, pixels);
  if (e.kind == Derivation::Difference) return difference(store, bound, from, to, pixels);
  TimeNs begin = from - e.window;
  if (e.kind == Derivation::Rate) {
    if (const auto before = store.at(bound.a, from - 1)) begin = before->time;
  }
  RangeResult data = ask(store, bound.a, begin, to, pixels);
  if (e.kind == Derivation::Rate) {
    data.samples = rateOf(data.samples, data.breaks);
    data.buckets = bucketRates(data.buckets, data.breaks);
  } else if (e.kind == Derivation::Average) {
    data.samples = averageOf(data.samples, data.breaks, e.window);
    data.buckets = bucketAverages(data.buckets, data.breaks, e.window);
  } else if (data.exact) {
    data.samples = percentileOf(data.samples, data.breaks, e.window, e.fraction);
  } else {
    const auto columns = store.sketches(bound.a, series::Axis::Time, begin, to, pixels);
    data.buckets = slidingPercentile(columns, e.window, e.fraction);
  }
  cut(data, from);
  return data;
}

std::optional<series::Sample> valueAt(const series::Store& store, const Bound& bound, TimeNs time) {
  const Expression& e = bound.expression;
  if (e.kind == Derivation::None) return store.at(bound.a, time);
  const auto newest = store.at(bound.a, time);
  if (!newest || newest->time < time - kLookBack) return std::nullopt;
  const RangeResult data = evaluate(store, bound, newest->time, time, 1);
  if (!data.samples.empty()) return data.samples.back();
  if (data.buckets.empty()) return std::nullopt;
  return series::Sample{newest->tick, newest->time, data.buckets.back().last};
}

}  // namespace qd::analysis
