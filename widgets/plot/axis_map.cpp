// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/axis_map.h"

#include <QDateTime>
#include <algorithm>
#include <array>
#include <cmath>

#include "widgets/base/format.h"

namespace qd::widgets::plot {
namespace {

constexpr TimeNs kMs = kNsPerMs, kS = kNsPerSecond;
constexpr std::array<TimeNs, 31> kTimeSteps = {
    kMs / 10,  kMs / 5,   kMs / 2,    kMs,        2 * kMs,    5 * kMs,    10 * kMs,   20 * kMs,
    50 * kMs,  100 * kMs, 200 * kMs,  500 * kMs,  kS,         2 * kS,     5 * kS,     10 * kS,
    15 * kS,   30 * kS,   60 * kS,    120 * kS,   300 * kS,   600 * kS,   900 * kS,   1800 * kS,
    3600 * kS, 7200 * kS, 10800 * kS, 21600 * kS, 43200 * kS, 86400 * kS, 172800 * kS};

QString timeLabel(TimeNs time, TimeNs step) {
  const QDateTime at = QDateTime::fromMSecsSinceEpoch(time / kMs, Qt::UTC);
  if (step < kMs) return at.toString(QStringLiteral("ss.zzz")) + QString::number((time / (kMs / 10)) % 10);
  if (step < kS) return at.toString(QStringLiteral("mm:ss.zzz"));
  return at.toString(step < 60 * kS ? QStringLiteral("HH:mm:ss") : QStringLiteral("HH:mm"));
}

}  // namespace

AxisMap AxisMap::time(TimeNs origin) {
  AxisMap map;
  map.origin_ = origin;
  return map;
}

AxisMap AxisMap::ticks(std::vector<std::pair<TimeNs, double>> knots, TimeNs origin) {
  AxisMap map = time(origin);
  if (knots.size() >= 2) map.knots_ = std::move(knots);
  return map;
}

double AxisMap::key(TimeNs time) const {
  if (knots_.empty()) return static_cast<double>(time - origin_) * 1e-9;
  auto after =
      std::upper_bound(knots_.begin(), knots_.end(), time, [](TimeNs t, const auto& k) { return t < k.first; });
  after = std::clamp(after, knots_.begin() + 1, knots_.end() - 1);
  const auto& [t0, k0] = *(after - 1);
  const auto& [t1, k1] = *after;
  if (t1 == t0) return k0;
  return k0 + (k1 - k0) * (static_cast<double>(time - t0) / static_cast<double>(t1 - t0));
}

TimeNs AxisMap::timeOf(double key) const {
  if (knots_.empty()) return origin_ + static_cast<TimeNs>(std::llround(key * 1e9));
  auto after =
      std::upper_bound(knots_.begin(), knots_.end(), key, [](double v, const auto& k) { return v < k.second; });
  after = std::clamp(after, knots_.begin() + 1, knots_.end() - 1);
  const auto& [t0, k0] = *(after - 1);
  const auto& [t1, k1] = *after;
  if (k1 == k0) return t0;
  return t0 + static_cast<TimeNs>(std::llround(static_cast<double>(t1 - t0) * ((key - k0) / (k1 - k0))));
}

std::vector<AxisTick> timeTicks(const AxisMap& map, TimeNs from, TimeNs to, int most) {
  std::vector<AxisTick> ticks;
  if (to <= from || most < 1) return ticks;
  const TimeNs wanted = (to - from) / most;
  const auto found = std::lower_bound(kTimeSteps.begin(), kTimeSteps.end(), wanted);
  const TimeNs step = found != kTimeSteps.end() ? *found : kTimeSteps.back();
  for (TimeNs at = (from + step - 1) / step * step; at <= to; at += step)
    ticks.push_back({map.key(at), timeLabel(at, step)});
  return ticks;
}

double niceStep(double atLeast) {
  if (!(atLeast > 0) || !std::isfinite(atLeast)) return 1;
  const double power = std::pow(10.0, std::floor(std::log10(atLeast)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= atLeast * (1 - 1e-9)) return factor * power;
  return 10 * power;
}

std::vector<AxisTick> tickTicks(double low, double high, int most) {
  std::vector<AxisTick> ticks;
  if (high <= low || most < 1) return ticks;
  const double step = std::max(1.0, niceStep((high - low) / most));
  for (double at = std::ceil(low / step) * step; at <= high; at += step)
    ticks.push_back({at, formatTick(static_cast<Tick>(std::llround(at)))});
  return ticks;
}

std::vector<AxisTick> valueTicks(double low, double high, int most) {
  std::vector<AxisTick> ticks;
  if (!(high > low) || most < 1) return ticks;
  const double step = niceStep((high - low) / most);
  const int decimals = std::clamp(static_cast<int>(-std::floor(std::log10(step) + 1e-9)), 0, 6);
  for (double n = std::ceil(low / step - 1e-9); n * step <= high * (1 + 1e-12); ++n)
    ticks.push_back({n * step, QString::number(n * step, 'f', decimals)});
  return ticks;
}

std::vector<AxisTick> logTicks(double low, double high, int most) {
  std::vector<AxisTick> ticks;
  if (!(low > 0) || !(high > low) || most < 1) return ticks;
  const double decades = std::log10(high / low);
  const int step = std::max(1, static_cast<int>(std::ceil(decades / most)));
  const bool fine = decades * 3 <= most;
  for (int exponent = static_cast<int>(std::floor(std::log10(low) + 1e-9)); std::pow(10, exponent) <= high * 1.0001;
       exponent += step) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double value = factor * std::pow(10, exponent);
      if ((factor != 1 && !fine) || value < low * 0.9999 || value > high * 1.0001) continue;
      ticks.push_back({std::log(value / low) / std::log(high / low), QString::number(value, 'g', 3)});
    }
  }
  return ticks;
}

}  // namespace qd::widgets::plot
