// SPDX-License-Identifier: GPL-3.0-or-later
// The line above a plot: its name and unit, then each series with its colour and its value. Values have slots of fixed
// width, so that nothing jumps; what does not fit is counted. An entry can be dragged out; all else about the mouse is
// left to whoever holds the bar. UI thread only.
#pragma once

#include <QColor>
#include <QWidget>
#include <optional>
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
  // At the right end, in a place of its own: what is going on with the data. Empty: nothing.
  void setNote(const QString& note);
  const QString& note() const { return note_; }
  const std::vector<LegendEntry>& entries() const { return entries_; }
  // Which entry lies at `x`, empty: none.
  std::optional<std::size_t> entryAt(int x) const;
  int xOf(std::size_t entry) const;  // the middle of its label, −1: not shown

 Q_SIGNALS:
  void dragged(int entry);  // the mouse was pressed on it and moved away

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  bool event(QEvent* event) override;

 private:
  struct Place {
    int x = 0, width = 0;  // label to value; without the note
    bool note = false;
  };
  // Where what fits stands; fewer than entries: the rest is counted at `end`.
  struct Layout {
    std::vector<Place> places;
    int end = 0;
  };
  Layout arrange() const;
  void drawEntry(QPainter& painter, const LegendEntry& entry, const Place& place) const;

  QString title_, unit_, note_;
  std::vector<LegendEntry> entries_;
  std::optional<QPoint> pressed_;
};

}  // namespace qd::widgets::plot
