// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/effect.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace qd::analysis {
namespace {

constexpr std::int64_t kBlock = kNsPerSecond;
constexpr std::size_t kFewestSamples = 5;  // of a block
constexpr std::size_t kFewestBlocks = 5;   // of a side

struct Block {
  double p50 = 0, p99 = 0;
};
using Blocks = std::map<std::int64_t, Block>;  // by second relative to the push

double quantile(std::vector<double>& values, double q) {
  const auto at = static_cast<std::size_t>(std::ceil(q * static_cast<double>(values.size()))) - 1;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

std::int64_t floorDivide(std::int64_t a, std::int64_t b) {
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}

Blocks blocksOf(const std::vector<TimedValue>& values, TimeNs applied, const EffectOptions& options) {
  std::map<std::int64_t, std::vector<double>> bySecond;
  for (const TimedValue& v : values) {
    const std::int64_t since = v.time - applied;
    if (std::isnan(v.value) || since < -options.window.ns || since >= options.window.ns) continue;
    bySecond[floorDivide(since, kBlock)].push_back(v.value);
  }
  Blocks out;
  for (auto& [second, list] : bySecond) {
    if (list.size() < kFewestSamples) continue;
    out[second] = {quantile(list, 0.5), quantile(list, 0.99)};
  }
  return out;
}

double mean(const std::vector<double>& values) {
  return values.empty() ? 0 : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

struct Side {
  double mean = 0, variance = 0, effective = 0;
};

Side sideOf(const std::vector<double>& values) {
  Side out;
  const auto n = static_cast<double>(values.size());
  out.mean = mean(values);
  double square = 0, lagged = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    square += (values[i] - out.mean) * (values[i] - out.mean);
    if (i > 0) lagged += (values[i] - out.mean) * (values[i - 1] - out.mean);
  }
  out.variance = n > 1 ? square / (n - 1) : 0;
  const double rho = square > 0 ? std::clamp(lagged / square, 0.0, 0.95) : 0;
  out.effective = std::max(2.0, n * (1 - rho) / (1 + rho));
  return out;
}

Difference differenceOf(const std::vector<double>& before, const std::vector<double>& after, double confidence) {
  const Side a = sideOf(before), b = sideOf(after);
  Difference out;
  out.delta = b.mean - a.mean;
  const double ea = a.variance / a.effective, eb = b.variance / b.effective;
  const double error = std::sqrt(ea + eb);
  const double below = ea * ea / (a.effective - 1) + eb * eb / (b.effective - 1);
  const double degrees = below > 0 ? std::max(3.0, (ea + eb) * (ea + eb) / below) : 3.0;
  const double half = error * studentQuantile(0.5 + confidence / 2, degrees);
  out.low = out.delta - half;
  out.high = out.delta + half;
  return out;
}

// When the blocks' p50 comes within a tenth of the step (or two deviations of before) of its end, and stays.
std::optional<Duration> settledAt(const std::map<std::int64_t, double>& after, const Difference& p50, double spread) {
  if (!p50.real() || after.size() < kFewestBlocks) return std::nullopt;
  std::vector<double> end;
  for (const auto& [second, value] : after) {
    if (second >= after.rbegin()->first / 2) end.push_back(value);
  }
  const double target = mean(end), tolerance = std::max(std::abs(p50.delta) * 0.1, 2 * spread);
  std::optional<std::int64_t> since;
  for (const auto& [second, value] : after) {
    const bool there = std::abs(value - target) <= tolerance;
    if (!there) since.reset();
    if (there && !since) since = second;
  }
  if (!since) return std::nullopt;
  return Duration{*since * kBlock};
}

}  // namespace

double studentQuantile(double p, double degrees) {
  // Normal quantile (Acklam's tails are not needed here: Beasley-Springer-Moro), then Cornish-Fisher's expansion.
  const auto normal = [](double q) {
    const double t = std::sqrt(-2 * std::log(1 - q));
    return t -
           (2.515517 + 0.802853 * t + 0.010328 * t * t) / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t);
  };
  const double z = p >= 0.5 ? normal(p) : -normal(1 - p);
  const double z2 = z * z, v = degrees;
  const double g1 = (z2 + 1) * z / 4;
  const double g2 = ((5 * z2 + 16) * z2 + 3) * z / 96;
  const double g3 = (((3 * z2 + 19) * z2 + 17) * z2 - 15) * z / 384;
  const double g4 = ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) * z / 92160;
  return z + g1 / v + g2 / (v * v) + g3 / (v * v * v) + g4 / (v * v * v * v);
}

double Effect::strength() const {
  const auto of = [](const Difference& d) {
    const double half = (d.high - d.low) / 2;
    return half > 0 ? std::abs(d.delta) / half : 0;
  };
  return lacking.empty() ? std::max(of(p50), of(p99)) : 0;
}

Effect effectOf(const std::vector<Treated>& treated, const std::vector<std::vector<TimedValue>>& untouched,
                const EffectOptions& options) {
  Effect out;
  out.controls = untouched.size();
  std::vector<double> beforeP50, afterP50, beforeP99, afterP99, rawBefore50, rawAfter50, rawBefore99, rawAfter99;
  std::map<std::int64_t, std::vector<double>> course;
  for (const Treated& one : treated) {
    std::vector<Blocks> controls;
    for (const auto& values : untouched) controls.push_back(blocksOf(values, one.applied, options));
    for (const auto& [second, block] : blocksOf(one.values, one.applied, options)) {
      if (second >= 0 && second * kBlock < options.skip.ns) {
        course[second].push_back(block.p50);
        continue;
      }
      double off50 = 0, off99 = 0;
      std::size_t n = 0;
      for (const Blocks& control : controls) {
        const auto same = control.find(second);
        if (same == control.end()) continue;
        off50 += same->second.p50;
        off99 += same->second.p99;
        ++n;
      }
      if (!untouched.empty() && n == 0) continue;  // nothing to compare this second with
      if (n > 0) off50 /= static_cast<double>(n), off99 /= static_cast<double>(n);
      (second < 0 ? beforeP50 : afterP50).push_back(block.p50 - off50);
      (second < 0 ? beforeP99 : afterP99).push_back(block.p99 - off99);
      (second < 0 ? rawBefore50 : rawAfter50).push_back(block.p50);
      (second < 0 ? rawBefore99 : rawAfter99).push_back(block.p99);
      if (second >= 0) course[second].push_back(block.p50);
    }
  }
  out.blocksBefore = beforeP50.size();
  out.blocksAfter = afterP50.size();
  if (out.blocksBefore < kFewestBlocks || out.blocksAfter < kFewestBlocks) {
    out.lacking = fmt::format("{} s before and {} s after are known, {} of each are needed", out.blocksBefore,
                              out.blocksAfter, kFewestBlocks);
    return out;
  }
  out.p50 = differenceOf(beforeP50, afterP50, options.confidence);
  out.p99 = differenceOf(beforeP99, afterP99, options.confidence);
  out.p50.before = mean(rawBefore50);
  out.p50.after = mean(rawAfter50);
  out.p99.before = mean(rawBefore99);
  out.p99.after = mean(rawAfter99);
  std::map<std::int64_t, double> means;
  for (const auto& [second, values] : course) means[second] = mean(values);
  out.settled = settledAt(means, out.p50, std::sqrt(sideOf(rawBefore50).variance));
  return out;
}

}  // namespace qd::analysis
