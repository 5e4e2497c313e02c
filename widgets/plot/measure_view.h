// SPDX-License-Identifier: GPL-3.0-or-later
// The table of what is measured, and beside it the histogram of the selected range of the series that is chosen in it.
// Hidden while nothing is measured. UI thread only.
#pragma once

#include <QWidget>

#include "widgets/plot/measures.h"

class QLabel;
class QTableWidget;
class QToolButton;

namespace qd::widgets::plot {

// Bars of how many samples had which value.
class HistogramView final : public QWidget {
  Q_OBJECT
 public:
  explicit HistogramView(QWidget* parent = nullptr);
  // `factor`, `unit`: as the plot shows values; a histogram without a count says why it is empty.
  void show(const QString& title, analysis::Histogram histogram, double factor, const QString& unit,
            const QColor& color);
  const analysis::Histogram& histogram() const { return histogram_; }

 protected:
  void paintEvent(QPaintEvent* event) override;
  bool event(QEvent* event) override;  // the tooltip of a bar

 private:
  QRect area() const;
  QString title_, unit_;
  analysis::Histogram histogram_;
  double factor_ = 1;
  QColor color_;
};

class MeasureView final : public QWidget {
  Q_OBJECT
 public:
  explicit MeasureView(const series::Store& store, QWidget* parent = nullptr);
  void show(const Measures& measures, std::vector<Measured> series, const TickAt& tickOf);
  const MeasureTable& table() const { return table_; }
  QString asTsv() const;  // with the header; below it the range that the statistics are of
  HistogramView& histogram() { return *histogram_; }
  QSize sizeHint() const override;

 Q_SIGNALS:
  void cleared();  // the operator wants none of it any more
  void copied();   // … wants the table on the clipboard

 private:
  void fill();
  void showHistogram();

  const series::Store& store_;
  Measures measures_;
  std::vector<Measured> series_;
  MeasureTable table_;
  QLabel* range_;
  QTableWidget* view_;
  HistogramView* histogram_;
};

}  // namespace qd::widgets::plot
