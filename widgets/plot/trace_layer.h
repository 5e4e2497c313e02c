// SPDX-License-Identifier: GPL-3.0-or-later
// All series of one plot as a single plottable: rasterised into one image a replot, because QCustomPlot's own polylines
// are too slow for dense data. Draws the budget line as well. UI thread only.
#pragma once

#include <qcustomplot.h>

#include <optional>
#include <vector>

#include "core/series/store.h"
#include "widgets/plot/axis_map.h"

namespace qd::widgets::plot {

struct Trace {
  series::RangeResult data;  // values as the store has them
  QColor color;
};

class TraceLayer final : public QCPAbstractPlottable {
  Q_OBJECT
 public:
  TraceLayer(QCPAxis* keyAxis, QCPAxis* valueAxis);

  // `factor`: shown on the value axis = stored * factor.
  void setTraces(std::vector<Trace> traces, AxisMap map, double factor);
  void setBudget(std::optional<double> shown, const QString& label, const QColor& color);

  double selectTest(const QPointF& pos, bool onlySelectable, QVariant* details) const override;
  QCPRange getKeyRange(bool& found, QCP::SignDomain domain) const override;
  QCPRange getValueRange(bool& found, QCP::SignDomain domain, const QCPRange& keys) const override;

 protected:
  void draw(QCPPainter* painter) override;
  void drawLegendIcon(QCPPainter* painter, const QRectF& rect) const override;

 private:
  void drawBudget(QCPPainter* painter, const QRect& area) const;

  std::vector<Trace> traces_;
  AxisMap map_;
  double factor_ = 1;
  std::optional<double> budget_;
  QString budgetLabel_;
  QColor budgetColor_;
};

}  // namespace qd::widgets::plot
