// SPDX-License-Identifier: GPL-3.0-or-later
// One plot of the stack: a legend line with live values above it, the curves, and below them strips of states. Asks the
// store when told to, for as many points as it has pixels. The mouse belongs to the stack, but for entries of the
// legend, which can be dragged out. UI thread only.
#pragma once

#include <QWidget>
#include <memory>
#include <optional>
#include <vector>

#include "widgets/plot/pane_query.h"

class QCustomPlot;
class QLabel;
class QVBoxLayout;

namespace qd::widgets::plot {

class LegendBar;
struct LegendEntry;
class TraceLayer;
class StateStrip;

class PlotPane final : public QWidget {
  Q_OBJECT
 public:
  static constexpr int kLeft = 56, kRight = 12;  // the same for all, so that one moment is one vertical line

  PlotPane(PaneSpec spec, const series::Store& store, QWidget* parent = nullptr);
  ~PlotPane() override;

  const PaneSpec& spec() const { return spec_; }
  // Whoever changes it lets the series be found anew.
  PaneSpec& spec() { return spec_; }
  void setSeries(std::vector<PaneSeries> series);
  const std::vector<PaneSeries>& shown() const { return series_; }
  // For the strip of frames: shares in [0, 1].
  void setStripSeries(std::optional<series::SeriesId> extrapolated, std::optional<series::SeriesId> held);

  // Queries and draws. True: better data is on its way, ask again.
  bool draw(const PaneView& view);
  // How many samples lie in the view: while this stands, what is drawn of a view that stands is right.
  std::uint64_t samplesIn(TimeNs from, TimeNs to) const;
  // The 99th percentiles of [from, to], for the legend. Touches every sample there: about once a second.
  void measure(TimeNs from, TimeNs to);
  // Why there are no samples, where somebody knows; empty: nobody does.
  void setWhyEmpty(const QString& why);
  // Values in the legend: at `at`, "—" where there is none.
  void showValues(TimeNs at);
  // As the legend shows them: stored * factor, in this unit.
  double factor() const { return factor_; }
  const QString& unit() const { return unit_; }
  const AxisRange& range() const { return range_; }  // of the value axis, in stored units

  QRect plotArea() const;  // in this widget's coordinates
  LegendBar& legend() { return *legend_; }
  // The series whose legend entry lies there; null: none.
  const PaneSeries* seriesAt(QPoint at) const;

  // What was done so far, for tests: times that the curves were drawn, columns that were rasterised for it.
  std::uint64_t draws() const { return draws_; }
  std::uint64_t drawnColumns() const;

 Q_SIGNALS:
  void movedOut(const qd::widgets::SeriesRef& series);  // dropped into another plot

 protected:
  void changeEvent(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  void applyColors();
  void updateAxis(const ValueRange& data, const PaneView& view);
  void chooseAxis(const ValueRange& data, const double* budget);
  TraceView traceView(const PaneView& view);
  void drawStrips(const PaneView& view);
  void drawFrames(const PaneView& view);
  void arrangeStrips();
  void dragOut(int entry);
  LegendEntry entryOf(std::size_t series, TimeNs at) const;

  PaneSpec spec_;
  const series::Store& store_;
  std::vector<PaneSeries> series_;
  std::vector<TimeNs> intervals_;  // of the series, as last drawn; 0: not known
  std::vector<std::optional<double>> percentiles_;
  AxisRange range_;
  double factor_ = 1;
  QString unit_;
  PaneView drawn_;
  std::uint64_t draws_ = 0;
  std::optional<series::SeriesId> stripExtrapolated_, stripHeld_;
  QVBoxLayout* layout_;
  LegendBar* legend_;
  QCustomPlot* plot_;
  TraceLayer* layer_;
  StateStrip* frames_;
  std::vector<StateStrip*> strips_;  // one for each series that is shown as states
  QLabel* emptyText_;
  QString whyEmpty_;
};

}  // namespace qd::widgets::plot
