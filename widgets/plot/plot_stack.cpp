// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/plot_stack.h"

#include <QSplitter>
#include <QVBoxLayout>
#include <algorithm>

#include "core/ingest/directory.h"
#include "widgets/base/format.h"
#include "widgets/base/series_mime.h"
#include "widgets/base/theme.h"
#include "widgets/base/tick_of.h"
#include "widgets/base/view_clock.h"
#include "widgets/plot/axis_bar.h"
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
  resetPanes();
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

PlotPane* PlotStack::addPane(PaneSpec spec) {
  auto* pane = new PlotPane(std::move(spec), context_.store);
  pane->installEventFilter(this);  // its size changes with the splitter
  splitter_->addWidget(pane);
  panes_.push_back(pane);
  overlay_->raise();
  storeRevision_ = UINT64_MAX;
  return pane;
}

void PlotStack::addSeries(PlotPane* pane, const std::vector<SeriesRef>& series) {
  if (series.empty()) return;
  if (pane == nullptr) {
    const auto& name = series.front().series;
    pane = addPane({QString::fromStdString(name), {}, tr("Filled by the series that were dropped here."), false});
  }
  for (const SeriesRef& ref : series)
    if (std::find(pane->extra().begin(), pane->extra().end(), ref) == pane->extra().end()) pane->extra().push_back(ref);
  storeRevision_ = UINT64_MAX;
}

void PlotStack::removePane(PlotPane* pane) {
  std::erase(panes_, pane);
  pane->hide();
  pane->deleteLater();
  dirty_ = true;
}

void PlotStack::resetPanes() {
  while (!panes_.empty()) removePane(panes_.back());
  for (const PaneSpec& spec : defaults_) addPane(spec);
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

std::vector<PaneSeries> PlotStack::seriesOf(const PlotPane& pane, const std::vector<ProcessId>& group) const {
  const Scheme scheme = colorsOf(this).scheme;
  std::vector<PaneSeries> result;
  const auto add = [&](const series::SeriesMeta& meta, bool named) {
    const bool known = std::any_of(result.begin(), result.end(), [&](const auto& s) { return s.meta.id == meta.id; });
    if (known || result.size() >= kMostSeries) return;
    const auto info = context_.directory.process(meta.process);
    const auto kind = info ? info->kind : ingest::ProcessKind::Other;
    QString label = QString::fromStdString(meta.process.value);
    if (named) label += QLatin1Char(' ') + QString::fromStdString(meta.label()).section(QLatin1Char('.'), -1);
    result.push_back({meta, label, seriesColor(scheme, kind, meta.process, meta.info.name)});
  };
  for (const auto& process : group)
    for (const auto& name : pane.spec().names)
      if (const auto plain = context_.store.find(process, name))
        if (const auto meta = context_.store.meta(*plain)) add(*meta, pane.spec().names.size() > 1);
  for (const SeriesRef& ref : pane.extra()) {
    const auto names = ref.series.empty() ? pane.spec().names : std::vector<std::string>{ref.series};
    for (const auto& name : names)
      if (const auto id = context_.store.find(ref.process, name, ref.dimensions))
        if (const auto meta = context_.store.meta(*id)) add(*meta, true);
  }
  return result;
}

void PlotStack::assignSeries() {
  const auto store = context_.store.revision(), directory = context_.directory.revision();
  if (store == storeRevision_ && directory == directoryRevision_) return;
  storeRevision_ = store;
  directoryRevision_ = directory;
  const auto processes = group();
  for (PlotPane* pane : panes_) {
    pane->setSeries(seriesOf(*pane, processes));
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
  Drawn wanted{to - clock.span(), to, live ? 0 : clock.now(), clock.axis(), drawn_.points, drawn_.log, size()};
  if (second) {
    wanted.points = context_.store.totals().points;
    wanted.log = context_.log.revision();
  }
  if (dirty_ || refining_ || wanted != drawn_) drawPanes(wanted);
  if (second && clock.span() <= kLongestMeasured)
    for (PlotPane* pane : panes_) pane->measure(view_.from, view_.to);
  const TimeNs now = monotonicNs();
  if (now - sinceValues_ < kNsPerSecond / 5) return;
  sinceValues_ = now;
  showValues();
}

void PlotStack::drawPanes(const Drawn& wanted) {
  drawn_ = wanted;
  dirty_ = false;
  refining_ = false;
  view_ = makeView(wanted.from, wanted.to);
  for (PlotPane* pane : panes_)
    if (pane->isVisible() && pane->draw(view_)) refining_ = true;
  axis_->setTicks(view_.ticks, view_.map.key(view_.from), view_.map.key(view_.to),
                  view_.map.isTicks() ? tr("tick") : tr("UTC"));
  placeOverlay();
}

void PlotStack::showValues() {
  const TimeNs at = crosshair_ ? timeAt(*crosshair_) : context_.clock.now();
  for (PlotPane* pane : panes_) pane->showValues(at);
  announce();
}

void PlotStack::announce() {
  if (!crosshair_) {
    const auto name = process_.value.empty() ? tr("all processes") : QString::fromStdString(process_.value);
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
