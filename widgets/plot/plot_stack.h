// SPDX-License-Identifier: GPL-3.0-or-later
// Plots of one process and its peers, stacked on one time or tick axis that follows the view clock: wheel zooms, drag
// pans, click goes there, Esc is live again; a crosshair through all of them puts values into the legends. Draws only
// when the window moved by a pixel or data changed, and only while visible. UI thread only.
#pragma once

#include <QWidget>
#include <optional>
#include <vector>

#include "core/base/ids.h"
#include "core/ingest/event_log.h"
#include "widgets/base/session_context.h"
#include "widgets/plot/plot_pane.h"

class QMenu;
class QSplitter;

namespace qd::widgets::plot {

class AxisBar;
class StackOverlay;

// The stack that is shown when nobody asked for another one.
std::vector<PaneSpec> defaultPanes();

class PlotStack final : public QWidget {
  Q_OBJECT
 public:
  PlotStack(const SessionContext& context, std::vector<PaneSpec> panes, QWidget* parent = nullptr);

  // Whose series are shown: a server with its editors, an editor with its server; empty: every server and editor.
  void setProcess(const ProcessId& process);
  void refresh(bool second);  // once a frame
  bool hasSeries() const;
  const std::vector<PlotPane*>& panes() const { return panes_; }
  // Shows `series` in `pane`, or in a new pane below the others where that is null.
  void addSeries(PlotPane* pane, const std::vector<SeriesRef>& series);
  void removePane(PlotPane* pane);
  void resetPanes();
  // The crosshair by hand; empty: none.
  void setCrosshair(std::optional<double> x);

 Q_SIGNALS:
  // One line about the moment under the crosshair, or about the window.
  void readOut(const QString& text);
  // From the menu of a moment; `reach`: how exactly a pixel tells it.
  void whyAsked(qd::TimeNs time, qd::TimeNs reach);

 protected:
  void resizeEvent(QResizeEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  // What the last drawing depended on.
  struct Drawn {
    TimeNs from = 0, to = 0, now = 0;
    series::Axis axis = series::Axis::Time;
    std::uint64_t points = 0, log = 0;
    QSize size;
    bool operator==(const Drawn&) const = default;
  };

  PlotPane* addPane(PaneSpec spec);
  PlotPane* paneAt(QPoint at) const;
  void fillSeriesMenu(QMenu& menu, PlotPane* pane);
  void assignSeries();
  std::vector<PaneSeries> seriesOf(const PlotPane& pane, const std::vector<ProcessId>& group) const;
  std::vector<ProcessId> group() const;
  ProcessId domain() const;
  PaneView makeView(TimeNs from, TimeNs to) const;
  AxisMap makeMap(TimeNs from, TimeNs to) const;
  void drawPanes(const Drawn& wanted);
  void loadMoments();
  void placeOverlay();
  void showValues();
  void announce();
  int plotWidth() const;
  double xOf(TimeNs time) const;
  TimeNs timeAt(double x) const;

  SessionContext context_;
  std::vector<PaneSpec> defaults_;
  ProcessId process_;
  std::vector<PlotPane*> panes_;
  QSplitter* splitter_;
  AxisBar* axis_;
  StackOverlay* overlay_;
  PaneView view_;
  Drawn drawn_;
  bool dirty_ = true, refining_ = false;
  std::uint64_t storeRevision_ = UINT64_MAX, directoryRevision_ = UINT64_MAX;
  TimeNs sinceValues_ = 0;
  std::vector<ingest::Moment> moments_, stops_;  // of [momentsFrom_, momentsTo_]
  TimeNs momentsFrom_ = 0, momentsTo_ = 0, momentsLoaded_ = 0;
  std::uint64_t momentsRevision_ = UINT64_MAX;
  std::optional<double> crosshair_;
  std::optional<QPoint> pressed_;
  bool dragging_ = false;
};

}  // namespace qd::widgets::plot
