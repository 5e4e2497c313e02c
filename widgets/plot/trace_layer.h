// SPDX-License-Identifier: GPL-3.0-or-later
// All series of one plot as a single plottable, because QCustomPlot's own polylines are too slow for dense data: a heat
// map below, dense series rasterised into one kept image (column_raster.h), the few-sample ones as exact lines, the
// budget line. UI thread only.
#pragma once

#include <qcustomplot.h>

#include <optional>
#include <vector>

#include "widgets/plot/trace.h"

namespace qd::widgets::plot {

class TraceLayer final : public QCPAbstractPlottable {
  Q_OBJECT
 public:
  TraceLayer(QCPAxis* keyAxis, QCPAxis* valueAxis);

  void setTraces(std::vector<Trace> traces, TraceView view);
  // Distributions over time, merged where columns of several series lie over each other; empty: none.
  void setHeat(std::vector<series::SketchColumn> columns);
  // `value` in stored units.
  void setBudget(std::optional<double> value, const QString& label, const QColor& color);
  int columns() const;  // of the raster: pixels of the screen
  std::uint64_t drawnColumns() const { return raster_.drawnColumns(); }

  double selectTest(const QPointF& pos, bool onlySelectable, QVariant* details) const override;
  QCPRange getKeyRange(bool& found, QCP::SignDomain domain) const override;
  QCPRange getValueRange(bool& found, QCP::SignDomain domain, const QCPRange& keys) const override;

 protected:
  void draw(QCPPainter* painter) override;
  void drawLegendIcon(QCPPainter* painter, const QRectF& rect) const override;

 private:
  void drawDense(QCPPainter* painter, const QRect& area, double ratio);
  void drawSparse(QCPPainter* painter, const QRect& area);
  void drawBudget(QCPPainter* painter, const QRect& area) const;

  std::vector<Trace> traces_;
  std::vector<series::SketchColumn> heat_;
  TraceView view_;
  ColumnRaster raster_;
  std::optional<double> budget_;
  QString budgetLabel_;
  QColor budgetColor_;
};

}  // namespace qd::widgets::plot
