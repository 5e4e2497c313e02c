// SPDX-License-Identifier: GPL-3.0-or-later
// One plot of the stack: a legend line with live values above it, the curves, and where wanted the strip that says how
// much of each moment was interpolated, extrapolated or held. Asks the store when told to, for as many points as it has
// pixels. The mouse belongs to the stack. UI thread only.
#pragma once

#include <QWidget>
#include <memory>
#include <optional>
#include <vector>

#include "core/series/store.h"
#include "widgets/plot/columns.h"

class QCustomPlot;
class QLabel;

namespace qd::widgets {
struct SeriesRef;
}

namespace qd::widgets::plot {

class GivenTicker;
class LegendBar;
class StateStrip;
class TraceLayer;

// What a pane shows by itself: series of these names, of the processes that the stack follows.
struct PaneSpec {
  QString title;
  std::vector<std::string> names;
  QString empty;  // what would fill it, one sentence
  bool strip = false;
};

struct PaneSeries {
  series::SeriesMeta meta;
  QString label;
  QColor color;
};

struct PaneView {
  AxisMap map;
  TimeNs from = 0, to = 0;
  TimeNs now = 0;  // the moment that values are shown of, unless the crosshair stands somewhere
  std::vector<AxisTick> ticks;
};

class PlotPane final : public QWidget {
  Q_OBJECT
 public:
  static constexpr int kLeft = 56, kRight = 12;  // the same for all, so that one moment is one vertical line

  PlotPane(PaneSpec spec, const series::Store& store, QWidget* parent = nullptr);
  ~PlotPane() override;

  const PaneSpec& spec() const { return spec_; }
  void setSeries(std::vector<PaneSeries> series);
  const std::vector<PaneSeries>& shown() const { return series_; }
  // For the strip: shares of frames, in [0, 1].
  void setStripSeries(std::optional<series::SeriesId> extrapolated, std::optional<series::SeriesId> held);
  // Series that the operator dropped here; they stay when the selection changes.
  std::vector<SeriesRef>& extra() { return *extra_; }
  const std::vector<SeriesRef>& extra() const { return *extra_; }

  // Queries and draws. True: better data is on its way, ask again.
  bool draw(const PaneView& view);
  // The 99th percentiles of [from, to], for the legend. Touches every sample there: about once a second.
  void measure(TimeNs from, TimeNs to);
  // Values in the legend: at `at`, "—" where there is none.
  void showValues(TimeNs at);
  QRect plotArea() const;  // in this widget's coordinates

 protected:
  void changeEvent(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  void applyColors();
  void updateAxis(const ValueRange& data, const PaneView& view);
  void drawStrip(const PaneView& view);

  PaneSpec spec_;
  const series::Store& store_;
  std::vector<PaneSeries> series_;
  std::unique_ptr<std::vector<SeriesRef>> extra_;
  std::vector<TimeNs> intervals_;  // of the series, as last drawn; 0: not known
  std::vector<std::optional<double>> percentiles_;
  AxisRange range_;
  double factor_ = 1;
  QString unit_;
  std::optional<series::SeriesId> stripExtrapolated_, stripHeld_;
  LegendBar* legend_;
  QCustomPlot* plot_;
  TraceLayer* layer_;
  StateStrip* strip_;
  QLabel* emptyText_;
};

}  // namespace qd::widgets::plot
