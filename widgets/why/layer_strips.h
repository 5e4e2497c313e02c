// SPDX-License-Identifier: GPL-3.0-or-later
// The five layers of a stutter under each other, each with its verdict, its main figure over the ticks around the
// moment, and what is usual. All strips have one axis, in ticks of the server; under the cursor every row tells its
// value of that tick. UI thread only.
#pragma once

#include <QWidget>
#include <optional>

#include "core/analysis/stutter.h"

namespace qd::widgets::why {

class LayerStrips final : public QWidget {
  Q_OBJECT
 public:
  explicit LayerStrips(QWidget* parent = nullptr);
  void setReport(analysis::StutterReport report);
  const analysis::StutterReport& report() const { return report_; }
  QSize minimumSizeHint() const override;
  // Where a tick lies, and a row's strip; for the panel's tests.
  double xOf(double tick) const;
  QRectF strip(std::size_t row) const;

 Q_SIGNALS:
  void chosen(qd::TimeNs time);  // the sample that was clicked

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void leaveEvent(QEvent* event) override;
  bool event(QEvent* event) override;

 private:
  double rowHeight() const;
  double tickAt(double x) const;
  double firstTick() const { return report_.from - (report_.to - report_.from); }
  std::optional<std::size_t> rowAt(QPointF at) const;
  const analysis::Evidence* mainOf(const analysis::LayerFinding& layer) const;
  const analysis::TickPoint* pointAt(const analysis::Evidence& evidence, double tick) const;
  void drawRow(QPainter& painter, std::size_t row) const;
  void drawVerdict(QPainter& painter, const analysis::LayerFinding& layer, const QRectF& rect) const;
  void drawStrip(QPainter& painter, const analysis::LayerFinding& layer, const QRectF& rect) const;
  QString figure(const analysis::LayerFinding& layer) const;
  void drawAxis(QPainter& painter) const;

  analysis::StutterReport report_;
  std::optional<QPointF> cursor_;
};

}  // namespace qd::widgets::why
