// SPDX-License-Identifier: GPL-3.0-or-later
// The plot stack's window onto time: the map from moments to pixels, and what lies over the plots.
#include <algorithm>

#include "core/ingest/directory.h"
#include "widgets/base/view_clock.h"
#include "widgets/plot/plot_stack.h"
#include "widgets/plot/stack_overlay.h"

namespace qd::widgets::plot {
namespace {

constexpr std::size_t kMostMarkers = 400;
constexpr int kKnots = 200;

}  // namespace

int PlotStack::plotWidth() const {
  return std::max(1, width() - PlotPane::kLeft - PlotPane::kRight);
}

AxisMap PlotStack::makeMap(TimeNs from, TimeNs to) const {
  const TimeNs origin = context_.clock.first();
  if (context_.clock.axis() == series::Axis::Time) return AxisMap::time(origin);
  const ProcessId server = domain();
  std::vector<std::pair<TimeNs, double>> knots;
  for (int i = 0; i <= kKnots; ++i) {
    const TimeNs at = from + (to - from) / kKnots * i;
    if (const auto tick = context_.store.tickAt(server, at)) knots.emplace_back(at, static_cast<double>(*tick));
  }
  if (knots.empty()) return AxisMap::time(origin);
  // Beyond what was seen: as many ticks as the server means to make.
  const auto info = context_.directory.process(server);
  const double perNs = (info && info->tickHz > 0 ? info->tickHz : 60.0) * 1e-9;
  if (knots.front().first > from)
    knots.insert(knots.begin(), {from, knots.front().second - static_cast<double>(knots.front().first - from) * perNs});
  if (knots.back().first < to)
    knots.emplace_back(to, knots.back().second + static_cast<double>(to - knots.back().first) * perNs);
  return AxisMap::ticks(std::move(knots), origin);
}

PaneView PlotStack::makeView(TimeNs from, TimeNs to) const {
  PaneView view{makeMap(from, to), from, to, context_.clock.now(), {}};
  const int most = std::max(1, plotWidth() / 96);
  view.ticks =
      view.map.isTicks() ? tickTicks(view.map.key(from), view.map.key(to), most) : timeTicks(view.map, from, to, most);
  return view;
}

double PlotStack::xOf(TimeNs time) const {
  const double low = view_.map.key(view_.from), high = view_.map.key(view_.to);
  return PlotPane::kLeft + (view_.map.key(time) - low) / std::max(high - low, 1e-12) * plotWidth();
}

TimeNs PlotStack::timeAt(double x) const {
  const double low = view_.map.key(view_.from), high = view_.map.key(view_.to);
  return view_.map.timeOf(low + (x - PlotPane::kLeft) / plotWidth() * (high - low));
}

// The log may hold hundreds of thousands of lines: asked four times a second at most, for more than is shown, not at
// every redraw.
void PlotStack::loadMoments() {
  const auto revision = context_.log.revision();
  const TimeNs now = monotonicNs();
  const bool inside = view_.from >= momentsFrom_ && view_.to <= momentsTo_;
  const bool stale = revision != momentsRevision_ && now - momentsLoaded_ > kNsPerSecond / 4;
  if (inside && !stale) {
    // A view that stands still is not drawn again by itself: come back for what was too soon to ask for.
    if (revision != momentsRevision_ && context_.clock.mode() != ViewClock::Mode::Live) overlayDirty_ = true;
    return;
  }
  momentsRevision_ = revision;
  momentsLoaded_ = now;
  momentsFrom_ = view_.from - context_.clock.span();
  momentsTo_ = view_.to + context_.clock.span();
  moments_ = context_.log.query(momentsFrom_, momentsTo_, markerFilter(), kMostMarkers);
  ingest::MomentFilter stops;
  stops.kinds = {ingest::MomentKind::Stop, ingest::MomentKind::Resume};
  stops_ = context_.log.query(0, momentsTo_, stops, kMostMarkers);
}

void PlotStack::placeOverlay() {
  overlay_->setGeometry(rect());
  std::vector<QRect> areas;
  for (const PlotPane* pane : panes_)
    if (pane->isVisible()) areas.push_back(pane->plotArea().translated(pane->mapTo(this, QPoint())));
  overlay_->setAreas(std::move(areas));
  loadMoments();
  auto markers = placeMarkers(moments_, view_.from, view_.to, PlotPane::kLeft, plotWidth());
  if (view_.map.isTicks())
    for (auto& marker : markers) marker.x = xOf(marker.time);
  overlay_->setMarkers(std::move(markers));
  std::vector<std::pair<double, double>> bands;
  for (const auto& [from, to] : stoppedIn(stops_, view_.from, view_.to)) bands.emplace_back(xOf(from), xOf(to));
  overlay_->setStopped(std::move(bands));
  const TimeNs now = context_.clock.now();
  const bool inside = context_.clock.mode() != ViewClock::Mode::Live && now >= view_.from && now < view_.to;
  overlay_->setPlayhead(inside ? std::optional(xOf(now)) : std::nullopt);
  placeMeasures();
}

}  // namespace qd::widgets::plot
