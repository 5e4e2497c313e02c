// SPDX-License-Identifier: GPL-3.0-or-later
// Plots of one process and its peers, stacked on one time or tick axis that follows the view clock: wheel zooms, drag
// pans, click goes there, Esc is live again, Shift + drag selects a range, C pins a cursor; a crosshair through all of
// them puts values into the legends. What is shown is the operator's and is kept as a layout. Draws only when the
// window moved by a pixel or data in it changed, and only while visible. UI thread only.
#pragma once

#include <QWidget>
#include <optional>
#include <vector>

#include "core/base/ids.h"
#include "core/ingest/event_log.h"
#include "widgets/base/session_context.h"
#include "widgets/plot/measures.h"
#include "widgets/plot/plot_pane.h"

class QMenu;
class QSplitter;

namespace qd::widgets::plot {

class AxisBar;
class MeasureView;
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

  // --- what is shown (plot_stack_edit.cpp) ---
  // Shows `series` in `pane`, or in a new pane below the others where that is null.
  void addSeries(PlotPane* pane, const std::vector<SeriesRef>& series);
  void removeSeries(PlotPane& pane, const SeriesRef& series);
  // Beside `source`, or below in a plot of its own where its unit is another one. Of every process that is followed
  // where the source is.
  void addDerived(PlotPane& pane, const PaneSeries& source, const analysis::Expression& expression);
  void setStyle(PlotPane& pane, const SeriesRef& series, Style style);
  void setAxis(PlotPane& pane, const ValueAxis& axis);
  void removePane(PlotPane* pane);
  void resetPanes();
  // As JSON; restoring refuses what is none and leaves everything as it is.
  QByteArray saveLayout() const;
  bool restoreLayout(const QByteArray& json);

  // --- what is measured (plot_stack_measure.cpp) ---
  const Measures& measures() const { return measures_; }
  void setMeasures(Measures measures);
  void pinCursor(TimeNs time);
  const MeasureView& measureView() const { return *measureView_; }
  // What is exported: the selected range, else what is in view.
  std::pair<TimeNs, TimeNs> range() const;
  std::vector<PaneSeries> shownSeries() const;
  QImage picture();  // of the plots, with their legends and the axis
  void copyPicture();
  void copySamples();  // every sample of range(), as tab-separated text
  void copyMeasures();
  void savePicture(const QString& path);
  void saveCsv(const QString& path);

  // The crosshair by hand; empty: none.
  void setCrosshair(std::optional<double> x);
  double xOf(TimeNs time) const;
  TimeNs timeAt(double x) const;

 Q_SIGNALS:
  // One line about the moment under the crosshair, or about the window.
  void readOut(const QString& text);
  // From the menu of a moment; `reach`: how exactly a pixel tells it.
  void whyAsked(qd::TimeNs time, qd::TimeNs reach);
  // One sentence on what was copied or saved, or why it was not.
  void said(const QString& sentence, bool problem);
  void layoutChanged();

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
    TimeNs from = 0, to = 0;
    series::Axis axis = series::Axis::Time;
    std::uint64_t samples = 0;
    QSize size;
    bool operator==(const Drawn&) const = default;
  };
  enum class Drag { None, Pan, Select, Cursor };

  PlotPane* addPane(PaneSpec spec);
  PlotPane* paneAt(QPoint at) const;
  void changed();  // what is shown is another than before
  void fillPaneMenu(QMenu& menu, PlotPane& pane);
  void fillSeriesMenu(QMenu& menu, PlotPane& pane, const PaneSeries& series);
  void fillDerivedMenu(QMenu& menu, PlotPane& pane, const PaneSeries& series);
  void fillAddMenu(QMenu& menu, PlotPane* pane);
  void fillMeasureMenu(QMenu& menu, TimeNs at);
  void fillCopyMenu(QMenu& menu);
  void askFixedAxis(PlotPane* pane);
  void assignSeries();
  std::vector<ProcessId> group() const;
  ProcessId domain() const;
  PaneView makeView(TimeNs from, TimeNs to) const;
  AxisMap makeMap(TimeNs from, TimeNs to) const;
  std::uint64_t samplesInView() const;
  void drawPanes(const Drawn& wanted);
  void loadMoments();
  void refreshOverlay(bool anew, bool second);
  void placeOverlay();
  void placeMeasures();
  void showMeasures();
  void showValues();
  void sayWhyEmpty();
  void announce();
  int plotWidth() const;
  std::optional<std::size_t> cursorNear(double x) const;

  SessionContext context_;
  std::vector<PaneSpec> defaults_;
  ProcessId process_;
  std::vector<PlotPane*> panes_;
  QSplitter* splitter_;
  AxisBar* axis_;
  MeasureView* measureView_;
  StackOverlay* overlay_;
  PaneView view_;
  Drawn drawn_, measured_;
  bool dirty_ = true, refining_ = false, overlayDirty_ = true;
  std::uint64_t loads_ = 0;  // of the store, when it was drawn
  TimeNs overlayNow_ = 0, shownAt_ = 0;
  std::size_t toMeasure_ = 0;  // plots whose percentiles are still to be measured
  std::uint64_t storeRevision_ = UINT64_MAX, directoryRevision_ = UINT64_MAX;
  TimeNs sinceValues_ = 0;
  std::vector<ingest::Moment> moments_, stops_;  // of [momentsFrom_, momentsTo_]
  TimeNs momentsFrom_ = 0, momentsTo_ = 0, momentsLoaded_ = 0;
  std::uint64_t momentsRevision_ = UINT64_MAX;
  Measures measures_;
  std::optional<double> crosshair_;
  std::optional<QPoint> pressed_;
  Drag drag_ = Drag::None;
  bool dragging_ = false;
  std::size_t cursor_ = 0;  // that is dragged
};

}  // namespace qd::widgets::plot
