// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/pane_query.h"

#include <algorithm>

#include "widgets/plot/heat_raster.h"
#include "widgets/plot/span_raster.h"

namespace qd::widgets::plot {
namespace {

constexpr int kMargin = 2;     // columns at either side, so that lines reach the edges
constexpr int kBandWidth = 6;  // px a stretch: narrower, and a 99th percentile would be of too few samples

void include(ValueRange& all, const ValueRange& one) {
  if (!one.any) return;
  all.include(one.min);
  all.include(one.max);
  if (one.leastPositive > 0) all.include(one.leastPositive);
}

TimeNs askLine(const series::Store& store, const PaneSeries& series, const PaneView& view, int width, Asked& out) {
  // As many columns as the view and its margins have, so that the store cuts its buckets where our columns end.
  const TimeNs margin = (view.to - view.from) / std::max(1, width) * kMargin;
  auto data = analysis::evaluate(store, series.bound, view.from - margin, view.to + margin, width + 2 * kMargin);
  include(out.values, rangeOf(data));
  out.refining = out.refining || data.refining;
  out.coarse = out.coarse || data.coarse;
  const TimeNs interval = intervalOf(data);
  Trace trace{{}, {}, Spikes::Opaque, series.color};
  if (isSparse(data, width)) {
    trace.samples = std::move(data);
  } else {
    trace.columns = foldColumns(data, view.map, view.map.key(view.from), view.map.key(view.to), width);
  }
  out.traces.push_back(std::move(trace));
  return interval;
}

std::vector<series::SketchColumn> sketches(const series::Store& store, const PaneSeries& series, const PaneView& view,
                                           int width, int px, Asked& out) {
  const Stretches parts = stretchesOf(view, width, px);
  const auto known = store.query(series.bound.a, series::Axis::Time, parts.from, parts.to, 64);
  out.refining = out.refining || known.refining;
  out.coarse = out.coarse || known.coarse;
  return store.sketches(series.bound.a, series::Axis::Time, parts.from, parts.to, parts.count);
}

TimeNs spacing(const std::vector<series::SketchColumn>& columns) {
  std::uint64_t count = 0;
  for (const auto& c : columns) count += c.sketch.count();
  return count < 2 ? 0 : (columns.back().x1 - columns.front().x0) / static_cast<TimeNs>(count - 1);
}

// The band from p50 to p99 with the p50 as its line, then p95 and p99 as lines.
TimeNs askBand(const series::Store& store, const PaneSeries& series, const PaneView& view, int width, Asked& out) {
  const auto columns = sketches(store, series, view, width, kBandWidth, out);
  const double low = view.map.key(view.from), high = view.map.key(view.to);
  series::RangeResult band, p95, p99;
  for (const auto& c : analysis::percentileColumns(columns)) {
    band.buckets.push_back({c.x0, c.x1, c.p50, c.p99, c.p50, c.p50, std::max<std::uint64_t>(c.count, 2)});
    p95.buckets.push_back({c.x0, c.x1, c.p95, c.p95, c.p95, c.p95, 1});
    p99.buckets.push_back({c.x0, c.x1, c.p99, c.p99, c.p99, c.p99, 1});
  }
  include(out.values, rangeOf(band));
  const QColor upper = derivedColor(series.color, analysis::Derivation::Percentile, series.scheme);
  for (const auto& [data, color] : {std::pair(&band, series.color), {&p95, upper}, {&p99, upper}})
    out.traces.push_back({{}, foldColumns(*data, view.map, low, high, width), Spikes::Faint, color});
  return spacing(columns);
}

TimeNs askHeat(const series::Store& store, const PaneSeries& series, const PaneView& view, int width, Asked& out) {
  auto columns = sketches(store, series, view, width, kHeatCell, out);
  for (const auto& c : columns) {
    if (c.summary.count == 0) continue;
    out.values.include(c.summary.min);
    out.values.include(c.summary.max);
  }
  const TimeNs interval = spacing(columns);
  std::move(columns.begin(), columns.end(), std::back_inserter(out.heat));
  return interval;
}

}  // namespace

TimeNs intervalOf(const series::RangeResult& data) {
  if (data.exact) {
    if (data.samples.size() < 2) return 0;
    return (data.samples.back().time - data.samples.front().time) / static_cast<TimeNs>(data.samples.size() - 1);
  }
  std::uint64_t count = 0;
  for (const auto& b : data.buckets) count += b.count;
  if (count < 2) return 0;
  return (data.buckets.back().x1 - data.buckets.front().x0) / static_cast<TimeNs>(count - 1);
}

Stretches stretchesOf(const PaneView& view, int width, int px) {
  const TimeNs length = std::max<TimeNs>(1, (view.to - view.from) / std::max(1, width) * px);
  const TimeNs from = view.from / length * length;
  const TimeNs count = (view.to - from) / length + 1;
  return {from, from + count * length - 1, static_cast<int>(count)};
}

TimeNs ask(const series::Store& store, const PaneSeries& series, const PaneView& view, int width, Asked& out) {
  if (series.style == Style::Line || series.isDerived()) return askLine(store, series, view, width, out);
  if (series.style == Style::Percentiles) return askBand(store, series, view, width, out);
  if (series.style == Style::Heat) return askHeat(store, series, view, width, out);
  return 0;  // states are drawn in a strip
}

}  // namespace qd::widgets::plot
