// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/plot_pane.h"

#include <qcustomplot.h>

#include <QDrag>
#include <QEvent>
#include <QLabel>
#include <QMimeData>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

#include "core/analysis/state_names.h"
#include "widgets/base/format.h"
#include "widgets/plot/given_ticker.h"
#include "widgets/plot/legend_bar.h"
#include "widgets/plot/state_strip.h"
#include "widgets/plot/trace_layer.h"

namespace qd::widgets::plot {
namespace {

constexpr std::uint64_t kFewest = 100;  // samples without which a 99th percentile says nothing
constexpr int kTop = 8, kBottom = 8;    // half a label: QCustomPlot leaves out labels that it would have to clip

}  // namespace

PlotPane::PlotPane(PaneSpec spec, const series::Store& store, QWidget* parent)
    : QWidget(parent),
      spec_(std::move(spec)),
      store_(store),
      layout_(new QVBoxLayout(this)),
      legend_(new LegendBar(this)),
      plot_(new QCustomPlot(this)),
      layer_(new TraceLayer(plot_->xAxis, plot_->yAxis)),
      frames_(new StateStrip(this)),
      emptyText_(new QLabel(plot_)) {
  setMouseTracking(true);
  setMinimumHeight(52);  // five of them fit a window of 800 lines with the banner of a stop
  plot_->setAttribute(Qt::WA_TransparentForMouseEvents);
  plot_->setInteractions({});
  plot_->axisRect()->setAutoMargins(QCP::msNone);
  plot_->axisRect()->setMargins(QMargins(kLeft, kTop, kRight, kBottom));
  plot_->xAxis->setTickLabels(false);
  plot_->xAxis->setTicker(QSharedPointer<GivenTicker>::create());
  plot_->yAxis->setTicker(QSharedPointer<GivenTicker>::create());
  for (QCPAxis* axis : {plot_->xAxis, plot_->yAxis}) {
    axis->setTickLength(0);
    axis->setSubTicks(false);
    axis->grid()->setZeroLinePen(Qt::NoPen);
  }
  layout_->setContentsMargins(0, 0, 0, 0);
  layout_->setSpacing(0);
  layout_->addWidget(legend_);
  layout_->addWidget(plot_, 1);
  layout_->addWidget(frames_);
  frames_->setLabel(tr("frames"));
  frames_->setVisible(spec_.strip);
  emptyText_->setAlignment(Qt::AlignCenter);
  emptyText_->setWordWrap(true);
  emptyText_->setFont(uiFont(kSmallPx));
  emptyText_->setForegroundRole(QPalette::PlaceholderText);
  emptyText_->hide();
  legend_->setTitle(spec_.title, QString());
  connect(legend_, &LegendBar::dragged, this, &PlotPane::dragOut);
  applyColors();
}

PlotPane::~PlotPane() = default;

void PlotPane::setSeries(std::vector<PaneSeries> series) {
  const bool same = std::equal(series.begin(), series.end(), series_.begin(), series_.end(),
                               [](const auto& a, const auto& b) { return a.sameSource(b); });
  series_ = std::move(series);
  arrangeStrips();
  if (same) return;  // other colours perhaps; what was measured stands
  intervals_.assign(series_.size(), 0);
  percentiles_.assign(series_.size(), std::nullopt);
}

void PlotPane::setStripSeries(std::optional<series::SeriesId> extrapolated, std::optional<series::SeriesId> held) {
  stripExtrapolated_ = extrapolated;
  stripHeld_ = held;
}

bool PlotPane::draw(const PaneView& view) {
  ++draws_;
  Asked asked;
  const int width = layer_->columns();
  for (std::size_t i = 0; i < series_.size(); ++i) intervals_[i] = ask(store_, series_[i], view, width, asked);
  updateAxis(asked.values, view);
  layer_->setTraces(std::move(asked.traces), traceView(view));
  layer_->setHeat(std::move(asked.heat));
  plot_->replot(QCustomPlot::rpQueuedRefresh);
  drawn_ = view;
  drawStrips(view);
  legend_->setNote(asked.refining ? tr("refining…") : asked.coarse ? tr("coarse: no longer in memory") : QString());
  return asked.refining;
}

// By how many columns the view moved since the last drawing: whole ones only, on the time axis, of the same length.
TraceView PlotPane::traceView(const PaneView& view) {
  TraceView out{view.map,
                view.map.key(view.from),
                view.map.key(view.to),
                range_.low,
                range_.high,
                spec_.axis.mode == ValueAxis::Mode::Log};
  const TimeNs span = view.to - view.from;
  if (view.map.isTicks() || span <= 0 || span != drawn_.to - drawn_.from) return out;
  const double moved = static_cast<double>(view.from - drawn_.from) * layer_->columns() / static_cast<double>(span);
  if (std::abs(moved - std::round(moved)) < 1e-3 && std::abs(moved) < 1e5)
    out.shift = static_cast<int>(std::lround(moved));
  return out;
}

std::uint64_t PlotPane::samplesIn(TimeNs from, TimeNs to) const {
  std::uint64_t count = 0;
  for (const auto& s : series_) {
    for (const auto id : {s.bound.a, s.bound.b}) {
      const auto whole = store_.query(id, series::Axis::Time, from, to, 1);
      count += whole.samples.size();
      for (const auto& b : whole.buckets) count += b.count;
      if (s.bound.expression.kind != analysis::Derivation::Difference) break;
    }
  }
  return count;
}

void PlotPane::chooseAxis(const ValueRange& data, const double* budget) {
  switch (spec_.axis.mode) {
    case ValueAxis::Mode::Fixed:
      range_ = {spec_.axis.low, spec_.axis.high};
      break;
    case ValueAxis::Mode::Log:
      range_ = chooseLogRange(data, range_);
      break;
    case ValueAxis::Mode::Auto:
      range_ = chooseRange(data, range_, budget);
  }
}

void PlotPane::updateAxis(const ValueRange& data, const PaneView& view) {
  std::optional<double> budget;
  for (const auto& s : series_)
    if (s.meta.info.budget && !s.isDerived()) budget = s.meta.info.budget;
  ValueRange wanted = data;
  if (!data.any) {  // nothing to plot: the axis and its unit fit the figures of the legend
    for (const auto& s : series_)
      if (const auto last = analysis::valueAt(store_, s.bound, view.to)) wanted.include(last->value);
  }
  chooseAxis(wanted, budget ? &*budget : nullptr);
  const std::string unit = series_.empty() ? std::string() : series_.front().unit;
  const UnitView shown = unitView(unit, std::max(std::abs(range_.low), std::abs(range_.high)));
  const bool log = spec_.axis.mode == ValueAxis::Mode::Log;
  factor_ = shown.factor;
  unit_ = shown.unit;
  legend_->setTitle(spec_.title, log ? tr("%1 log").arg(unit_).trimmed() : unit_);
  plot_->xAxis->setRange(view.map.key(view.from), view.map.key(view.to));
  const double low = range_.low * factor_, high = range_.high * factor_;
  plot_->yAxis->setRange(log ? 0 : low, log ? 1 : high);
  static_cast<GivenTicker*>(plot_->xAxis->ticker().data())->setTicks(view.ticks);
  const int rows = std::max(2, plot_->axisRect()->height() / 16);
  std::vector<AxisTick> ticks;
  if (!series_.empty()) ticks = log ? logTicks(low, high, rows) : valueTicks(low, high, rows);
  static_cast<GivenTicker*>(plot_->yAxis->ticker().data())->setTicks(std::move(ticks));
  layer_->setBudget(budget, budget ? tr("budget %1").arg(formatIn(budget, shown)) : QString(), colorsOf(this).muted);
  const bool onlyStates = !series_.empty() && std::all_of(series_.begin(), series_.end(),
                                                          [](const auto& s) { return s.style == Style::States; });
  emptyText_->setVisible(!data.any);
  emptyText_->setText(series_.empty()       ? spec_.empty
                      : onlyStates          ? tr("Shown as states, below")
                      : whyEmpty_.isEmpty() ? tr("No samples in this window")
                                            : whyEmpty_);
}

void PlotPane::setWhyEmpty(const QString& why) {
  if (why == whyEmpty_) return;
  whyEmpty_ = why;
  const bool said = !series_.empty() && emptyText_->isVisible();
  if (said) emptyText_->setText(why.isEmpty() ? tr("No samples in this window") : why);
}

void PlotPane::measure(TimeNs from, TimeNs to) {
  for (std::size_t i = 0; i < series_.size(); ++i) {
    if (series_[i].isDerived()) continue;
    const auto statistics = store_.statistics(series_[i].meta.id, series::Axis::Time, from, to);
    percentiles_[i] = statistics.n >= kFewest ? std::optional(statistics.p99) : std::nullopt;
  }
}

LegendEntry PlotPane::entryOf(std::size_t i, TimeNs at) const {
  const PaneSeries& s = series_[i];
  const auto sample = analysis::valueAt(store_, s.bound, at);
  const TimeNs patience = std::max(3 * intervals_[i], kNsPerSecond / 2);
  const bool stale = sample && at - sample->time > patience;
  QString note(QLatin1String(""));
  if (stale) {
    note = tr("%1 old").arg(formatSpan(at - sample->time));
  } else if (percentiles_[i] && s.style != Style::States) {
    note = tr("p99 %1").arg(formatNumber(*percentiles_[i] * factor_));
  }
  if (s.style == Style::States && sample) {
    const StripState state = stateOf(std::llround(sample->value), analysis::stateNames(s.meta.info));
    return {s.label, state.name, note, state.color, stale, state.pattern};
  }
  return {s.label,         sample ? formatNumber(sample->value * factor_) : noData(), note, s.color, stale || !sample,
          Qt::SolidPattern};
}

void PlotPane::showValues(TimeNs at) {
  std::vector<LegendEntry> entries;
  for (std::size_t i = 0; i < series_.size(); ++i) entries.push_back(entryOf(i, at));
  const Colors& c = colorsOf(this);
  const auto addShare = [&](std::optional<series::SeriesId> id, const QString& label, const QColor& color,
                            Qt::BrushStyle pattern) {
    if (!id) return;
    const auto sample = store_.at(*id, at);
    const QString text = sample ? formatIn(sample->value, {100, QStringLiteral("%")}) : noData();
    entries.push_back({label, text, {}, color, !sample, pattern});
  };
  addShare(stripExtrapolated_, tr("extrapolated"), c.extrapolated, Qt::BDiagPattern);
  addShare(stripHeld_, tr("held"), c.held, Qt::DiagCrossPattern);
  legend_->setEntries(std::move(entries));
}

const PaneSeries* PlotPane::seriesAt(QPoint at) const {
  if (!legend_->geometry().contains(at)) return nullptr;
  const auto entry = legend_->entryAt(at.x() - legend_->x());
  return entry && *entry < series_.size() ? &series_[*entry] : nullptr;
}

void PlotPane::dragOut(int entry) {
  if (entry < 0 || static_cast<std::size_t>(entry) >= series_.size()) return;
  const SeriesRef ref = series_[static_cast<std::size_t>(entry)].ref;
  auto* drag = new QDrag(this);
  drag->setMimeData(makeSeriesMime({ref}));
  // A move takes it out of here; with Ctrl it is copied, and other panels only copy.
  if (drag->exec(Qt::MoveAction | Qt::CopyAction, Qt::MoveAction) == Qt::MoveAction) Q_EMIT movedOut(ref);
}

QRect PlotPane::plotArea() const {
  return plot_->axisRect()->rect().translated(plot_->pos());
}

std::uint64_t PlotPane::drawnColumns() const {
  return layer_->drawnColumns();
}

void PlotPane::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) applyColors();
}

void PlotPane::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  layout()->activate();
  emptyText_->setGeometry(plot_->rect().adjusted(kLeft + kPad, 0, -kRight - kPad, 0));
}

void PlotPane::applyColors() {
  const Colors& c = colorsOf(this);
  plot_->setBackground(QBrush(c.panel));
  for (QCPAxis* axis : {plot_->xAxis, plot_->yAxis}) {
    axis->setBasePen(QPen(c.border));
    axis->setTickPen(Qt::NoPen);
    axis->grid()->setPen(QPen(c.grid));
    axis->setTickLabelColor(c.muted);
    axis->setTickLabelFont(numberFont());
  }
  plot_->replot(QCustomPlot::rpQueuedReplot);
}

}  // namespace qd::widgets::plot
