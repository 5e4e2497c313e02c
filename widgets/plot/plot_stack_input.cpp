// SPDX-License-Identifier: GPL-3.0-or-later
// Mouse, keys and drops of the plot stack.
#include <QDropEvent>
#include <QMimeData>
#include <QMouseEvent>
#include <algorithm>
#include <cmath>
#include <utility>

#include "widgets/base/moment_to_show.h"
#include "widgets/base/series_mime.h"
#include "widgets/base/view_clock.h"
#include "widgets/plot/plot_stack.h"
#include "widgets/plot/stack_overlay.h"

namespace qd::widgets::plot {
namespace {

constexpr int kDragThreshold = 4;
constexpr double kZoomStep = 0.8;
constexpr double kReach = 4;  // px around a pinned cursor

// Of a hit where all of its group stood, so that the banner and both sides are there.
TimeNs whereToGo(const SessionContext& context, const PlacedMarker& marker) {
  for (const auto& moment : context.log.query(marker.time, marker.time, markerFilter(), SIZE_MAX)) {
    if (markerOf(moment) == marker.kind && QString::fromStdString(moment.text) == marker.text) {
      return momentToShow(context.breakpoints, moment);
    }
  }
  return marker.time;
}

}  // namespace

void PlotStack::setCrosshair(std::optional<double> x) {
  if (x && (*x < PlotPane::kLeft || *x > width() - PlotPane::kRight)) x.reset();
  if (x == crosshair_) return;
  crosshair_ = x;
  overlay_->setCrosshair(x);
  showValues();
}

void PlotStack::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  overlay_->setGeometry(rect());
  dirty_ = true;
}

bool PlotStack::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::Resize || event->type() == QEvent::Show || event->type() == QEvent::PaletteChange) {
    dirty_ = true;
    if (event->type() == QEvent::PaletteChange) storeRevision_ = UINT64_MAX;  // series have other colours now
  }
  return QWidget::eventFilter(watched, event);
}

std::optional<std::size_t> PlotStack::cursorNear(double x) const {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < measures_.cursors.size(); ++i) {
    const double distance = std::abs(xOf(measures_.cursors[i]) - x);
    if (distance <= kReach && (!best || distance < std::abs(xOf(measures_.cursors[*best]) - x))) best = i;
  }
  return best;
}

// Shift selects, a pinned cursor is taken along, anything else pans.
void PlotStack::mousePressEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton) return;
  pressed_ = event->pos();
  dragging_ = false;
  const auto cursor = cursorNear(event->position().x());
  drag_ = event->modifiers() & Qt::ShiftModifier ? Drag::Select : cursor ? Drag::Cursor : Drag::Pan;
  cursor_ = cursor.value_or(0);
}

void PlotStack::mouseMoveEvent(QMouseEvent* event) {
  setCrosshair(event->position().x());
  if (!pressed_ || !(event->buttons() & Qt::LeftButton)) {
    setCursor(cursorNear(event->position().x()) ? Qt::SplitHCursor : Qt::ArrowCursor);
    return;
  }
  const int moved = event->pos().x() - pressed_->x();
  if (!dragging_ && std::abs(moved) < kDragThreshold) return;
  dragging_ = true;
  if (drag_ == Drag::Select) {
    Measures measures = measures_;
    const TimeNs a = timeAt(pressed_->x()), b = timeAt(event->position().x());
    measures.range = {std::min(a, b), std::max(a, b)};
    setMeasures(std::move(measures));
  } else if (drag_ == Drag::Cursor && cursor_ < measures_.cursors.size()) {
    Measures measures = measures_;
    measures.cursors[cursor_] = timeAt(event->position().x());
    setMeasures(std::move(measures));
  } else {
    pressed_ = event->pos();
    const double perPixel = static_cast<double>(context_.clock.span()) / plotWidth();
    context_.clock.panBy(static_cast<TimeNs>(-moved * perPixel));
  }
}

void PlotStack::mouseReleaseEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton || !pressed_) return;
  const bool wasClick = !dragging_;
  const Drag drag = std::exchange(drag_, Drag::None);
  pressed_.reset();
  dragging_ = false;
  const double x = event->position().x();
  if (!wasClick || x < PlotPane::kLeft || x > width() - PlotPane::kRight) return;
  if (drag == Drag::Select) {  // a click with Shift: nothing is selected
    Measures measures = measures_;
    measures.range.reset();
    setMeasures(std::move(measures));
    return;
  }
  const PlacedMarker* marker = overlay_->markerNear(x);
  context_.clock.goTo(marker != nullptr ? whereToGo(context_, *marker) : timeAt(x));
}

void PlotStack::wheelEvent(QWheelEvent* event) {
  const QPoint angle = event->angleDelta();
  if (std::abs(angle.x()) > std::abs(angle.y())) {
    context_.clock.panBy(static_cast<TimeNs>(-static_cast<double>(context_.clock.span()) * angle.x() / 1200.0));
  } else {
    context_.clock.zoomAt(timeAt(event->position().x()), std::pow(kZoomStep, angle.y() / 120.0));
  }
  event->accept();
}

void PlotStack::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Escape) {
    context_.clock.goLive();
    return;
  }
  if (event->key() == Qt::Key_C && event->modifiers() == Qt::NoModifier) {
    pinCursor(crosshair_ ? timeAt(*crosshair_) : context_.clock.now());
    return;
  }
  if (event->matches(QKeySequence::Copy)) {
    copyPicture();
    return;
  }
  QWidget::keyPressEvent(event);
}

void PlotStack::leaveEvent(QEvent* event) {
  QWidget::leaveEvent(event);
  setCrosshair(std::nullopt);
}

PlotPane* PlotStack::paneAt(QPoint at) const {
  for (PlotPane* pane : panes_)
    if (QRect(pane->mapTo(this, QPoint()), pane->size()).contains(at)) return pane;
  return nullptr;
}

void PlotStack::dragEnterEvent(QDragEnterEvent* event) {
  if (!readSeriesMime(event->mimeData()).empty()) event->acceptProposedAction();
}

void PlotStack::dropEvent(QDropEvent* event) {
  const auto series = readSeriesMime(event->mimeData());
  if (series.empty()) return;
  PlotPane* target = paneAt(event->position().toPoint());  // on the axis below the plots: a plot of its own
  addSeries(target, series);
  // Out of one of these plots it is moved; whatever comes from elsewhere stays there.
  const auto* source = qobject_cast<PlotPane*>(event->source());
  const bool own = source != nullptr && std::find(panes_.begin(), panes_.end(), source) != panes_.end();
  event->setDropAction(own && source != target && !(event->modifiers() & Qt::ControlModifier) ? Qt::MoveAction
                                                                                              : Qt::CopyAction);
  event->accept();
}

}  // namespace qd::widgets::plot
