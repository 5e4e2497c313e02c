// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/plot_stack.h"

#include <QSplitter>
#include <QVBoxLayout>
#include <algorithm>

#include "core/ingest/directory.h"
#include "core/ingest/rollup_book.h"
#include "widgets/base/format.h"
#include "widgets/base/selection.h"
#include "widgets/base/theme.h"
#include "widgets/base/tick_of.h"
#include "widgets/base/view_clock.h"
#include "widgets/plot/axis_bar.h"
#include "widgets/plot/measure_view.h"
#include "widgets/plot/stack_overlay.h"

namespace qd::widgets::plot {
namespace {

constexpr std::size_t kMostSeries = 8;                   // a plot; more could not be told apart
constexpr TimeNs kLongestMeasured = 300 * kNsPerSecond;  // beyond it, percentiles every second cost too much

}  // namespace

std::vector<PaneSpec> defaultPanes() {
  return {{PlotStack::tr("tick.duration"),
           {"tick.duration"},
           PlotStack::tr("Filled by a game server: the work of each tick, against its budget."),
           false},
          {PlotStack::tr("net.rtt, net.jitter"),
           {"net.rtt", "net.jitter"},
           PlotStack::tr("Filled by a process with a connection: round trip and jitter of its packets."),
           false},
          {PlotStack::tr("interp.error"),
           {"interp.error"},
           PlotStack::tr("Filled when an editor draws a server's entities: how far off they were drawn."),
           true},
          {PlotStack::tr("net.bandwidth"),
           {"net.bandwidth"},
           PlotStack::tr("Filled by a game server: bytes a second and client."),
           false},
          {PlotStack::tr("npc.count"), {"npc.count"}, PlotStack::tr("Filled by a game server with NPCs."), false}};
}

PlotStack::PlotStack(const SessionContext& context, std::vector<PaneSpec> panes, QWidget* parent)
    : QWidget(parent),
      context_(context),
      defaults_(std::move(panes)),
      splitter_(new QSplitter(Qt::Vertical, this)),
      axis_(new AxisBar(this)),
      measureView_(new MeasureView(context.store, this)),
      overlay_(new StackOverlay(this)) {
  setMouseTracking(true);
  setAcceptDrops(true);
  setFocusPolicy(Qt::StrongFocus);
  splitter_->setMouseTracking(true);
  splitter_->setChildrenCollapsible(false);
  splitter_->setHandleWidth(4);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addWidget(splitter_, 1);
  layout->addWidget(axis_);
  layout->addWidget(measureView_);
  for (const PaneSpec& spec : defaults_) addPane(spec);
  connect(measureView_, &MeasureView::cleared, this, [this] { setMeasures({}); });
  connect(measureView_, &MeasureView::copied, this, &PlotStack::copyMeasures);
  connect(&context_.selection, &Selection::playerChanged, this, [this] { storeRevision_ = UINT64_MAX; });
  connect(splitter_, &QSplitter::splitterMoved, this, [this] { dirty_ = true; });
}

void PlotStack::setProcess(const ProcessId& process) {
  if (process == process_) return;
  process_ = process;
  storeRevision_ = UINT64_MAX;
}

bool PlotStack::hasSeries() const {
  return std::any_of(panes_.begin(), panes_.end(), [](const PlotPane* pane) { return !pane->shown().empty(); });
}

std::vector<ProcessId> PlotStack::group() const {
  const auto shown = context_.directory.process(process_);
  std::vector<ProcessId> group;
  if (!shown) {
    for (const auto& info : context_.directory.processes()) group.push_back(info->id);
    return group;
  }
  group.push_back(shown->id);
  if (shown->kind == ingest::ProcessKind::Editor && !shown->domain.empty()) group.push_back(ProcessId(shown->domain));
  if (shown->kind == ingest::ProcessKind::Server)
    for (const auto& editor : context_.directory.editorsOf(shown->id)) group.push_back(editor);
  return group;
}

ProcessId PlotStack::domain() const {
  if (const auto shown = context_.directory.process(process_))
    return shown->domain.empty() ? shown->id : ProcessId(shown->domain);
  for (const auto& info : context_.directory.processes())
    if (info->kind == ingest::ProcessKind::Server) return info->id;
  return process_;
}

void PlotStack::assignSeries() {
  const auto store = context_.store.revision(), directory = context_.directory.revision();
  if (store == storeRevision_ && directory == directoryRevision_) return;
  storeRevision_ = store;
  directoryRevision_ = directory;
  const auto processes = group();
  const SeriesFinder finder{context_.store, context_.directory, colorsOf(this).scheme};
  for (PlotPane* pane : panes_) {
    pane->setSeries(finder.of(pane->spec(), processes, context_.selection.player(), kMostSeries));
    if (!pane->spec().strip) continue;
    std::optional<series::SeriesId> extrapolated, held;
    for (const auto& process : processes) {
      if (!extrapolated) extrapolated = context_.store.find(process, "interp.extrapolated");
      if (!held) held = context_.store.find(process, "interp.held");
    }
    pane->setStripSeries(extrapolated, held);
  }
  dirty_ = true;
}

void PlotStack::refresh(bool second) {
  assignSeries();
  const ViewClock& clock = context_.clock;
  // Moving by whole pixels: columns keep their samples, so that peaks do not flicker, and a minute-long window is drawn
  // a dozen times a second instead of sixty.
  const TimeNs pixel = std::max<TimeNs>(1, clock.span() / plotWidth());
  const bool live = clock.mode() == ViewClock::Mode::Live;
  TimeNs to = clock.viewTo();
  if (live || clock.mode() == ViewClock::Mode::Playing) to = (to + pixel - 1) / pixel * pixel;
  Drawn wanted{to - clock.span(), to, clock.axis(), drawn_.samples, size()};
  if (second) wanted.samples = samplesInView();  // a window that stands still is drawn again where samples came into it
  // What is refining is better once something was loaded, or worth another try after a second.
  const bool better = refining_ && (second || context_.store.loads() != loads_);
  const bool anew = dirty_ || better || wanted != drawn_;
  if (anew) drawPanes(wanted);
  if (second && clock.span() <= kLongestMeasured && measured_ != drawn_) {
    measured_ = drawn_;
    toMeasure_ = panes_.size();
  }
  // One plot a frame: all at once would be a frame of its own length.
  if (toMeasure_ > 0) {
    --toMeasure_;
    if (toMeasure_ < panes_.size()) panes_[toMeasure_]->measure(view_.from, view_.to);
  }
  if (second) sayWhyEmpty();
  refreshOverlay(anew, second);
  const TimeNs now = monotonicNs();
  if (now - sinceValues_ < kNsPerSecond / 5) return;
  sinceValues_ = now;
  const TimeNs at = crosshair_ ? timeAt(*crosshair_) : clock.now();
  if (anew || second || at != shownAt_) showValues();
  if (second && !measures_.empty() && (live || refining_)) showMeasures();
}

// A series of which only roll-ups come is not silent: the fleet shows it, and the status line the cap.
void PlotStack::sayWhyEmpty() {
  constexpr TimeNs kSilent = 3 * kNsPerSecond;
  if (context_.rollups == nullptr) return;
  for (PlotPane* pane : panes_) {
    std::vector<ingest::Selector> silent;
    bool any = false;
    for (const PaneSeries& one : pane->shown()) {
      const auto last = context_.store.last(one.meta.id);
      any = any || (last && context_.clock.last() - last->time < kSilent);
      silent.push_back({{one.meta.process.value}, {one.meta.info.name}, one.meta.info.dimensions});
    }
    const bool rolledUp =
        !any && !silent.empty() && context_.rollups->pointsPerSecond(silent, context_.clock.last()) > 0;
    pane->setWhyEmpty(rolledUp ? tr("Only one row a second comes of this: over the cap of the context (see below)")
                               : QString());
  }
}

// Moments, the playhead, cursors: above the plots, which need not be drawn again for them.
void PlotStack::refreshOverlay(bool anew, bool second) {
  const TimeNs now = context_.clock.mode() == ViewClock::Mode::Live ? 0 : context_.clock.now();
  if (!anew && !overlayDirty_ && now == overlayNow_ && !(second && context_.log.revision() != momentsRevision_)) return;
  overlayDirty_ = false;
  overlayNow_ = now;
  placeOverlay();
}

std::uint64_t PlotStack::samplesInView() const {
  std::uint64_t count = 0;
  for (const PlotPane* pane : panes_) count += pane->samplesIn(view_.from, view_.to);
  return count;
}

void PlotStack::drawPanes(const Drawn& wanted) {
  dirty_ = false;
  refining_ = false;
  loads_ = context_.store.loads();
  view_ = makeView(wanted.from, wanted.to);
  drawn_ = wanted;
  drawn_.samples = samplesInView();
  for (PlotPane* pane : panes_)
    if (pane->isVisible() && pane->draw(view_)) refining_ = true;
  axis_->setTicks(view_.ticks, view_.map.key(view_.from), view_.map.key(view_.to),
                  view_.map.isTicks() ? tr("tick") : tr("UTC"));
}

void PlotStack::showValues() {
  shownAt_ = crosshair_ ? timeAt(*crosshair_) : context_.clock.now();
  for (PlotPane* pane : panes_) pane->showValues(shownAt_);
  announce();
}

void PlotStack::announce() {
  if (!crosshair_) {
    auto name = process_.value.empty() ? tr("all processes") : QString::fromStdString(process_.value);
    if (const auto player = context_.selection.playerOn(domain())) name += tr(" · player %1").arg(*player);
    Q_EMIT readOut(tr("%1 · %2").arg(name, formatSpan(context_.clock.span())));
    return;
  }
  const TimeNs at = timeAt(*crosshair_);
  QString text =
      tr("%1 · tick %2").arg(formatUtc(at, Precision::Milliseconds), formatTick(tickOf(context_.store, domain(), at)));
  if (const PlacedMarker* marker = overlay_->markerNear(*crosshair_))
    text += QStringLiteral(" · ") + markerName(marker->kind) + QStringLiteral(": ") + marker->text;
  Q_EMIT readOut(text);
}

}  // namespace qd::widgets::plot
