// SPDX-License-Identifier: GPL-3.0-or-later
// The drawn part of the timeline: worst ticks, event markers, bookmarks, the brush of what the plots show, the stretch
// that is repeated, the playhead. Drag the brush to move it, its edges to zoom, click elsewhere to go there; drag with
// Shift to repeat a stretch. UI thread only.
#pragma once

#include <QPointer>
#include <QWidget>
#include <vector>

#include "widgets/base/marker.h"
#include "widgets/base/session_context.h"
#include "widgets/timeline/timeline_model.h"

namespace qd::widgets {
class Bookmarks;
}

namespace qd::widgets::timeline {

class TimelineStrip final : public QWidget {
  Q_OBJECT
 public:
  explicit TimelineStrip(const SessionContext& context, QWidget* parent = nullptr);
  void refresh(bool second);  // once a frame
  void setBookmarks(const Bookmarks* bookmarks);

 Q_SIGNALS:
  // From the menu of a moment; `reach`: how exactly a pixel tells it.
  void whyAsked(qd::TimeNs time, qd::TimeNs reach);
  void keepAsked();

 protected:
  void contextMenuEvent(QContextMenuEvent* event) override;
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void changeEvent(QEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  bool event(QEvent* event) override;  // tooltips of markers

 private:
  enum class Grip { None, Outside, Body, Left, Right, Loop };
  struct Marker {
    double x;
    MarkerKind kind;
    TimeNs time;  // of the event
    TimeNs show;  // where a click goes
    QString text;
  };

  QRectF chart() const;
  QRectF brush() const;
  Grip gripAt(QPointF at) const;
  const Marker* markerAt(QPointF at) const;
  void reload();
  void drawAround(QPainter& painter, double most, double top, double bottom) const;
  void drawWorst(QPainter& painter, bool alarms) const;  // what is over budget, or the rest
  void drawAxis(QPainter& painter) const;
  void drawBrush(QPainter& painter) const;
  void drawLoop(QPainter& painter) const;
  void addMarkers();

  SessionContext context_;
  Extent extent_;
  WorstTicks worst_;
  std::vector<Marker> markers_;
  QPointer<const Bookmarks> bookmarks_;
  bool dirty_ = true;
  TimeNs drawnFrom_ = 0, drawnTo_ = 0, drawnNow_ = 0;
  Grip grip_ = Grip::None;
  double pressX_ = 0, lastX_ = 0;
  bool moved_ = false;
};

}  // namespace qd::widgets::timeline
