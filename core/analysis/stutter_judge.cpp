// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/stutter_judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace qd::analysis {
namespace {

constexpr double kSigmas = 6;
constexpr std::size_t kEnough = 30;  // samples, before the usual says anything
constexpr double kAfterPark = 8;     // ticks that a process takes to be itself again

}  // namespace

LayerFinding found(Layer layer, const std::vector<std::pair<Evidence, double>>& judged) {
  LayerFinding out;
  out.layer = layer;
  for (const auto& [evidence, lateMs] : judged) {
    out.verdict = out.verdict == Verdict::NoData ? Verdict::Ok : out.verdict;
    if (evidence.wrong) {
      if (out.verdict != Verdict::Wrong || lateMs > out.lateMs) {
        out.lateMs = lateMs;
        out.time = evidence.time;
      }
      out.verdict = Verdict::Wrong;
      out.tick = std::min(out.tick.value_or(evidence.firstTick), evidence.firstTick);
    }
    out.evidence.push_back(evidence);
  }
  std::ranges::stable_sort(out.evidence, [](const Evidence& a, const Evidence& b) { return a.wrong && !b.wrong; });
  return out;
}

void addContext(LayerFinding& finding, std::optional<Evidence> context) {
  if (context) finding.evidence.push_back(std::move(*context));
}

std::string usually(const Evidence& e) {
  return e.usual ? fmt::format("usually {} {}", number(*e.usual), e.unit) : std::string("nothing to compare with");
}

std::string number(double value) {
  if (!std::isfinite(value)) return "—";
  const double m = std::abs(value);
  if (m == 0) return "0";
  if (m >= 100) return fmt::format("{:.0f}", value);
  return fmt::format("{:.3g}", value);
}

std::string tickText(double tick) {
  return fmt::format("{}", std::llround(tick));
}

bool Judge::parked(const ProcessId& process, double tick) const {
  return std::ranges::any_of(input_.parked, [&](const ParkedSpan& span) {
    return span.process == process && tick >= span.from - 1 && tick <= span.to + kAfterPark;
  });
}

Baseline Judge::usual(const TickTrack& track) const {
  std::vector<double> values;
  for (const TickPoint& point : track.points)
    if (point.tick < input_.from && !parked(track.process, point.tick)) values.push_back(point.value);
  return baselineOf(std::move(values));
}

bool Judge::has(const TickTrack& track, bool lasts) const {
  return !track.coarse && std::ranges::any_of(track.points, [&](const TickPoint& p) { return inWindow(p, lasts); });
}

Evidence Judge::blank(const TickTrack& track) const {
  Evidence out;
  out.process = track.process;
  out.series = track.series;
  out.unit = track.unit;
  const double before = input_.from - (input_.to - input_.from);
  for (const TickPoint& point : track.points)
    if (point.tick >= before && point.tick <= input_.to) out.strip.push_back(point);
  return out;
}

Judge::Excess Judge::above(const TickTrack& track, double fixed, bool lasts) const {
  Excess result{blank(track)};
  Evidence& out = result.evidence;
  const Baseline usually = usual(track);
  out.limit = fixed;
  if (usually.n >= kEnough) {
    out.usual = usually.median;
    out.limit = std::max(fixed, usually.median + kSigmas * usually.sigma);
  }
  bool any = false;
  for (const TickPoint& point : track.points) {
    if (!inWindow(point, lasts) || !std::isfinite(point.value) || parked(track.process, point.tick)) continue;
    if (point.value > *out.limit) {
      if (!out.wrong) out.firstTick = point.tick;
      out.wrong = true;
      result.total += point.value - out.usual.value_or(0);
    }
    if (any && point.value <= out.value) continue;
    any = true;
    out.value = point.value;
    out.tick = point.tick;
    out.time = point.time;
  }
  if (!out.wrong) out.firstTick = out.tick;
  return result;
}

std::optional<Evidence> Judge::context(const TickTrack& track, std::optional<double> limit) const {
  const auto after = std::ranges::find_if(track.points, [this](const TickPoint& p) { return p.tick > input_.to; });
  // A figure of once a second about the second before it: the first one after the window counts too.
  const std::size_t upTo = static_cast<std::size_t>(after - track.points.begin()) + (after != track.points.end());
  std::optional<Evidence> out;
  for (std::size_t i = 0; i < upTo; ++i) {
    const TickPoint& point = track.points[i];
    if (point.tick < input_.from - input_.tickHz || !std::isfinite(point.value)) continue;
    if (out && point.value <= out->value) continue;
    if (!out) out = blank(track);
    out->value = point.value;
    out->tick = out->firstTick = point.tick;
    out->time = point.time;
  }
  if (!out) return out;
  out->isContext = true;
  out->limit = limit;
  out->wrong = limit && out->value >= *limit;
  if (const Baseline usually = usual(track); usually.n > 0) out->usual = usually.median;
  return out;
}

}  // namespace qd::analysis
