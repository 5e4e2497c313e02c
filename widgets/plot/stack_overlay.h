// SPDX-License-Identifier: GPL-3.0-or-later
// What lies over all plots of a stack: event markers with their lines, the playhead and the crosshair. A widget of its
// own, so that moving the mouse repaints lines and replots nothing. UI thread only.
#pragma once

#include <QWidget>
#include <optional>
#include <utility>
#include <vector>

#include "widgets/base/marker.h"

namespace qd::widgets::plot {

struct PlacedMarker {
  double x = 0;
  MarkerKind kind = MarkerKind::Push;
  TimeNs time = 0;
  QString text;
  bool operator==(const PlacedMarker&) const = default;
};

// A pinned cursor at `x`, with its letter.
struct PlacedCursor {
  double x = 0;
  QString name;
  bool operator==(const PlacedCursor&) const = default;
};

// Where the markers of `moments` stand: those in [from, to] that have one, `x` from `left` over `width` px.
std::vector<PlacedMarker> placeMarkers(const std::vector<ingest::Moment>& moments, TimeNs from, TimeNs to, double left,
                                       double width);

// When something was stopped within [from, to], from stop and resume moments in order of time: no ticks come then, and
// a line across is not a measurement.
std::vector<std::pair<TimeNs, TimeNs>> stoppedIn(const std::vector<ingest::Moment>& moments, TimeNs from, TimeNs to);

class StackOverlay final : public QWidget {
  Q_OBJECT
 public:
  explicit StackOverlay(QWidget* parent = nullptr);
  void setMarkers(std::vector<PlacedMarker> markers);
  void setStopped(std::vector<std::pair<double, double>> bands);  // x from, x to
  void setPlayhead(std::optional<double> x);
  void setCrosshair(std::optional<double> x);
  void setCursors(std::vector<PlacedCursor> cursors);
  void setRange(std::optional<std::pair<double, double>> range);  // selected, x from, x to
  // Vertical extents of the plots: lines are drawn there, not across legends.
  void setAreas(std::vector<QRect> areas);
  // The marker nearest to `x`, within `reach` px; null: none.
  const PlacedMarker* markerNear(double x, double reach = 6) const;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  void drawStopped(QPainter& painter) const;
  void drawRange(QPainter& painter) const;
  void drawCursors(QPainter& painter) const;
  void drawLine(QPainter& painter, double x) const;
  void updateLine(std::optional<double> x);

  std::vector<PlacedMarker> markers_;
  std::vector<QRect> areas_;
  std::vector<std::pair<double, double>> stopped_;
  std::vector<PlacedCursor> cursors_;
  std::optional<std::pair<double, double>> range_;
  std::optional<double> playhead_, crosshair_;
};

}  // namespace qd::widgets::plot
