// SPDX-License-Identifier: Apache-2.0
#include "core/control/guard_meter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace qd::control {

using ingest::GuardBasis;
using ingest::GuardState;
using ingest::GuardStatistic;

void GuardMeter::add(Tick tick, double value) {
  if (std::isnan(value)) return;
  if (tick < newest_) {  // a new segment: nothing of the old one counts
    points_.clear();
    since_.reset();
  }
  newest_ = tick;
  if (!since_) since_ = tick;
  points_.push_back({tick, value});
  const Tick oldest = tick - static_cast<Tick>(guard_.ticks);
  while (!points_.empty() && (points_.front().tick <= oldest || points_.size() > kMostSamples)) points_.pop_front();
}

void GuardMeter::broken(Tick tick) {
  points_.clear();
  since_ = tick;
  brokenAt_ = tick;
  newest_ = std::max(newest_, tick);
}

bool GuardMeter::hasReference() const {
  if (reference_) return true;
  return since_ && newest_ - *since_ + 1 >= static_cast<Tick>(guard_.ticks) && points_.size() >= evidence();
}

void GuardMeter::applied(Tick tick) {
  if (!applied_ && hasReference() && !points_.empty()) reference_ = statistic(newest_ - guard_.ticks + 1);
  applied_ = true;
  since_ = tick;
  brokenAt_.reset();
  std::erase_if(points_, [tick](const Point& point) { return point.tick < tick; });
}

std::size_t GuardMeter::evidence() const {
  std::size_t wanted = 1;
  if (guard_.statistic == GuardStatistic::P99) wanted = 50;
  if (guard_.statistic == GuardStatistic::P50) wanted = 10;
  if (guard_.statistic == GuardStatistic::Mean) wanted = 5;
  return std::min<std::size_t>(wanted, std::max<std::uint32_t>(guard_.ticks, 1));
}

std::size_t GuardMeter::countSince(Tick from) const {
  const auto first = std::find_if(points_.begin(), points_.end(), [from](const Point& p) { return p.tick >= from; });
  return static_cast<std::size_t>(points_.end() - first);
}

double GuardMeter::statistic(Tick from) const {
  std::vector<double> values;
  for (const Point& point : points_) {
    if (point.tick >= from) values.push_back(point.value);
  }
  if (values.empty()) return 0;
  const auto nth = [&](double q) {
    const auto at = static_cast<std::size_t>(std::ceil(q * static_cast<double>(values.size()))) - 1;
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
    return values[at];
  };
  switch (guard_.statistic) {
    case GuardStatistic::P50:
      return nth(0.5);
    case GuardStatistic::P99:
      return nth(0.99);
    case GuardStatistic::Min:
      return *std::min_element(values.begin(), values.end());
    case GuardStatistic::Max:
      return *std::max_element(values.begin(), values.end());
    case GuardStatistic::Last:
      return values.back();
    case GuardStatistic::Mean:
      break;
  }
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

bool GuardMeter::breaches(const ingest::Guard& guard, double value, double reference) {
  double compared = value;
  if (guard.basis != GuardBasis::Absolute) {
    const double difference = value - reference;
    compared = reference != 0    ? difference / std::abs(reference) * 100
               : difference == 0 ? 0
                                 : std::copysign(std::numeric_limits<double>::infinity(), difference);
  }
  return guard.above ? compared > guard.threshold : compared < guard.threshold;
}

ingest::GuardReading GuardMeter::judge() const {
  ingest::GuardReading out;
  const auto ticks = static_cast<Tick>(guard_.ticks);
  const Tick from = std::max(newest_ - ticks + 1, since_.value_or(newest_ + 1));
  out.samples = countSince(from);
  if (out.samples > 0) out.value = statistic(from);
  out.reference = reference_.value_or(0);
  const Tick seen = since_ ? newest_ - *since_ + 1 : 0;
  if (parked_) {
    out.state = GuardState::Paused;
    out.reason = "it is stopped";
  } else if (seen < ticks && brokenAt_) {
    out.state = GuardState::Paused;
    out.reason = fmt::format("samples were lost before tick {}", *brokenAt_);
  } else if (seen < ticks) {
    out.reason = fmt::format("{} of {} ticks seen", seen, ticks);
  } else if (out.samples < evidence()) {
    out.reason = fmt::format("{} samples in {} ticks, {} are needed", out.samples, ticks, evidence());
  } else if (applied_ && guard_.basis == GuardBasis::Before && !reference_) {
    out.reason = "too little was seen before the push";
  } else {
    const bool bad = applied_ && guard_.basis != GuardBasis::Untouched && breaches(guard_, out.value, out.reference);
    out.state = bad ? GuardState::Breached : GuardState::Passing;
  }
  return out;
}

}  // namespace qd::control
