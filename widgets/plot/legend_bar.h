// SPDX-License-Identifier: GPL-3.0-or-later
// The line above a plot: its name and unit, then each series with its colour and its value. Values have slots of fixed
// width, so that nothing jumps; what does not fit is counted. UI thread only.
#pragma once

#include <QColor>
#include <QWidget>
#include <vector>

namespace qd::widgets::plot {

struct LegendEntry {
  QString label, value;
  QString note;  // beside the value, quieter: a percentile, an age
  QColor color;
  bool stale = false;
  Qt::BrushStyle pattern = Qt::SolidPattern;
  bool operator==(const LegendEntry&) const = default;
};

class LegendBar final : public QWidget {
  Q_OBJECT
 public:
  explicit LegendBar(QWidget* parent = nullptr);
  void setTitle(const QString& title, const QString& unit);
  void setEntries(std::vector<LegendEntry> entries);

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  int drawEntry(QPainter& painter, const LegendEntry& entry, int x) const;

  QString title_, unit_;
  std::vector<LegendEntry> entries_;
};

}  // namespace qd::widgets::plot
