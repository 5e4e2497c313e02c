// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/plot_pane.h"

#include <qcustomplot.h>

#include <QEvent>
#include <QLabel>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

#include "widgets/base/format.h"
#include "widgets/base/series_mime.h"
#include "widgets/base/theme.h"
#include "widgets/plot/given_ticker.h"
#include "widgets/plot/legend_bar.h"
#include "widgets/plot/state_strip.h"
#include "widgets/plot/trace_layer.h"

namespace qd::widgets::plot {
namespace {

constexpr std::uint64_t kFewest = 100;  // samples without which a 99th percentile says nothing
constexpr int kTop = 8, kBottom = 8;    // half a label: QCustomPlot leaves out labels that it would have to clip

// Mean distance of two samples, 0 where fewer than two are known.
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

// A share is told at the end of the stretch that it speaks of: it fills the empty columns before it, at most `reach` of
// them, and what follows the last one up to the edge, where the next is still to be told. Longer without a share: a
// hole.
void extendShares(std::vector<Column>& columns, int reach) {
  int before = -1;
  for (int i = 0; i < static_cast<int>(columns.size()); ++i) {
    const Column known = columns[static_cast<std::size_t>(i)];
    if (known.count == 0) continue;
    for (int j = std::max(before + 1, i - reach); j < i; ++j) columns[static_cast<std::size_t>(j)] = known;
    before = i;
  }
  const int total = static_cast<int>(columns.size());
  if (before < 0 || total - before > reach + 1) return;
  for (int j = before + 1; j < total; ++j)
    columns[static_cast<std::size_t>(j)] = columns[static_cast<std::size_t>(before)];
}

}  // namespace

PlotPane::PlotPane(PaneSpec spec, const series::Store& store, QWidget* parent)
    : QWidget(parent),
      spec_(std::move(spec)),
      store_(store),
      extra_(std::make_unique<std::vector<SeriesRef>>()),
      legend_(new LegendBar(this)),
      plot_(new QCustomPlot(this)),
      layer_(new TraceLayer(plot_->xAxis, plot_->yAxis)),
      strip_(new StateStrip(this)),
      emptyText_(new QLabel(plot_)) {
  setMouseTracking(true);
  setMinimumHeight(72);
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
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addWidget(legend_);
  layout->addWidget(plot_, 1);
  layout->addWidget(strip_);
  strip_->setVisible(spec_.strip);
  emptyText_->setAlignment(Qt::AlignCenter);
  emptyText_->setWordWrap(true);
  emptyText_->setFont(uiFont(kSmallPx));
  emptyText_->setForegroundRole(QPalette::PlaceholderText);
  emptyText_->hide();
  legend_->setTitle(spec_.title, QString());
  applyColors();
}

PlotPane::~PlotPane() = default;

void PlotPane::setSeries(std::vector<PaneSeries> series) {
  const bool same = std::equal(series.begin(), series.end(), series_.begin(), series_.end(),
                               [](const auto& a, const auto& b) { return a.meta.id == b.meta.id; });
  series_ = std::move(series);
  if (same) return;  // other colours perhaps; what was measured stands
  intervals_.assign(series_.size(), 0);
  percentiles_.assign(series_.size(), std::nullopt);
}

void PlotPane::setStripSeries(std::optional<series::SeriesId> extrapolated, std::optional<series::SeriesId> held) {
  stripExtrapolated_ = extrapolated;
  stripHeld_ = held;
}

bool PlotPane::draw(const PaneView& view) {
  const int width = plot_->axisRect()->width();
  const TimeNs margin = (view.to - view.from) / std::max(1, width) * 2;  // so that lines reach the edges
  std::vector<Trace> traces;
  ValueRange values;
  bool refining = false;
  for (std::size_t i = 0; i < series_.size(); ++i) {
    auto data = store_.query(series_[i].meta.id, series::Axis::Time, view.from - margin, view.to + margin, width);
    const ValueRange range = rangeOf(data);
    if (range.any) {
      values.include(range.min);
      values.include(range.max);
    }
    refining = refining || data.refining;
    intervals_[i] = intervalOf(data);
    traces.push_back({std::move(data), series_[i].color});
  }
  updateAxis(values, view);
  layer_->setTraces(std::move(traces), view.map, factor_);
  plot_->replot(QCustomPlot::rpQueuedRefresh);
  drawStrip(view);
  return refining;
}

void PlotPane::updateAxis(const ValueRange& data, const PaneView& view) {
  const std::string unit = series_.empty() ? std::string() : series_.front().meta.info.unit;
  std::optional<double> budget;
  for (const auto& s : series_)
    if (s.meta.info.budget) budget = s.meta.info.budget;
  range_ = chooseRange(data, range_, budget ? &*budget : nullptr);
  const UnitView shown = unitView(unit, std::max(std::abs(range_.low), std::abs(range_.high)));
  factor_ = shown.factor;
  unit_ = shown.unit;
  legend_->setTitle(spec_.title, unit_);
  plot_->xAxis->setRange(view.map.key(view.from), view.map.key(view.to));
  plot_->yAxis->setRange(range_.low * factor_, range_.high * factor_);
  static_cast<GivenTicker*>(plot_->xAxis->ticker().data())->setTicks(view.ticks);
  const int rows = std::max(2, plot_->axisRect()->height() / 16);
  static_cast<GivenTicker*>(plot_->yAxis->ticker().data())
      ->setTicks(series_.empty() ? std::vector<AxisTick>()
                                 : valueTicks(range_.low * factor_, range_.high * factor_, rows));
  layer_->setBudget(budget ? std::optional(*budget * factor_) : std::nullopt,
                    budget ? tr("budget %1").arg(formatIn(budget, shown)) : QString(), colorsOf(this).muted);
  emptyText_->setVisible(!data.any);
  emptyText_->setText(series_.empty() ? spec_.empty : tr("No samples in this window"));
}

void PlotPane::drawStrip(const PaneView& view) {
  if (!spec_.strip) return;
  const int cells = strip_->cells();
  const double low = view.map.key(view.from), high = view.map.key(view.to);
  const auto fold = [&](std::optional<series::SeriesId> id) -> std::vector<Column> {
    if (!id) return {};
    const auto data = store_.query(*id, series::Axis::Time, view.from, view.to, cells);
    auto columns = foldColumns(data, view.map, low, high, cells);
    const double reach = 1.5 * static_cast<double>(std::max(intervalOf(data), kNsPerSecond)) * cells;
    extendShares(columns,
                 static_cast<int>(std::ceil(reach / static_cast<double>(std::max<TimeNs>(1, view.to - view.from)))));
    return columns;
  };
  strip_->setShares(fold(stripExtrapolated_), fold(stripHeld_));
}

void PlotPane::measure(TimeNs from, TimeNs to) {
  for (std::size_t i = 0; i < series_.size(); ++i) {
    const auto statistics = store_.statistics(series_[i].meta.id, series::Axis::Time, from, to);
    percentiles_[i] = statistics.n >= kFewest ? std::optional(statistics.p99) : std::nullopt;
  }
}

void PlotPane::showValues(TimeNs at) {
  std::vector<LegendEntry> entries;
  for (std::size_t i = 0; i < series_.size(); ++i) {
    const auto sample = store_.at(series_[i].meta.id, at);
    const TimeNs patience = std::max(3 * intervals_[i], kNsPerSecond / 2);
    const bool stale = sample && at - sample->time > patience;
    const QString text = sample ? formatNumber(sample->value * factor_) : noData();
    QString note(QLatin1String(""));
    if (stale)
      note = tr("%1 old").arg(formatSpan(at - sample->time));
    else if (percentiles_[i])
      note = tr("p99 %1").arg(formatNumber(*percentiles_[i] * factor_));
    entries.push_back({series_[i].label, text, note, series_[i].color, stale || !sample, Qt::SolidPattern});
  }
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

QRect PlotPane::plotArea() const {
  return plot_->axisRect()->rect().translated(plot_->pos());
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
