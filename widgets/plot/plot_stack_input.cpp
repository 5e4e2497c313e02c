// SPDX-License-Identifier: GPL-3.0-or-later
// Mouse, keys and drops of the plot stack.
#include <QContextMenuEvent>
#include <QMenu>
#include <QMimeData>
#include <cmath>
#include <map>

#include "core/series/store.h"
#include "widgets/base/series_mime.h"
#include "widgets/base/view_clock.h"
#include "widgets/plot/plot_stack.h"
#include "widgets/plot/stack_overlay.h"

namespace qd::widgets::plot {
namespace {

constexpr int kDragThreshold = 4;
constexpr double kZoomStep = 0.8;

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

void PlotStack::mousePressEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton) return;
  pressed_ = event->pos();
  dragging_ = false;
}

void PlotStack::mouseMoveEvent(QMouseEvent* event) {
  setCrosshair(event->position().x());
  if (!pressed_ || !(event->buttons() & Qt::LeftButton)) return;
  const int moved = event->pos().x() - pressed_->x();
  if (!dragging_ && std::abs(moved) < kDragThreshold) return;
  dragging_ = true;
  pressed_ = event->pos();
  const double perPixel = static_cast<double>(context_.clock.span()) / plotWidth();
  context_.clock.panBy(static_cast<TimeNs>(-moved * perPixel));
}

void PlotStack::mouseReleaseEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton || !pressed_) return;
  const bool wasClick = !dragging_;
  pressed_.reset();
  dragging_ = false;
  const double x = event->position().x();
  if (!wasClick || x < PlotPane::kLeft || x > width() - PlotPane::kRight) return;
  const PlacedMarker* marker = overlay_->markerNear(x);
  context_.clock.goTo(marker != nullptr ? marker->time : timeAt(x));
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

void PlotStack::contextMenuEvent(QContextMenuEvent* event) {
  PlotPane* pane = paneAt(event->pos());
  auto* menu = new QMenu(this);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  const TimeNs moment = timeAt(event->pos().x());
  const TimeNs reach = 2 * context_.clock.span() / plotWidth();
  menu->addAction(tr("Why did it stutter here?"), this, [this, moment, reach] { Q_EMIT whyAsked(moment, reach); });
  menu->addSeparator();
  if (pane != nullptr) {
    menu->addAction(tr("Remove plot %1").arg(pane->spec().title), this, [this, pane] { removePane(pane); });
    if (!pane->extra().empty())
      menu->addAction(tr("Remove dropped series"), this, [this, pane] {
        pane->extra().clear();
        storeRevision_ = UINT64_MAX;
      });
  }
  fillSeriesMenu(*menu->addMenu(pane != nullptr ? tr("Add series here") : tr("Plot a series")), pane);
  menu->addAction(tr("Reset plots"), this, &PlotStack::resetPanes);
  menu->popup(event->globalPos());
}

// Grouped by the part of the name before its first dot; a name stands for that series of every process in sight.
void PlotStack::fillSeriesMenu(QMenu& menu, PlotPane* pane) {
  std::map<std::string, std::vector<SeriesRef>> names;
  for (const ProcessId& process : group())
    for (const auto& meta : context_.store.list(process))
      if (meta.info.dimensions.empty()) names[meta.info.name].push_back({process, meta.info.name, {}});
  std::map<std::string, QMenu*> groups;
  for (const auto& [name, series] : names) {
    const std::string prefix = name.substr(0, name.find('.'));
    QMenu*& submenu = groups[prefix];
    if (submenu == nullptr) submenu = menu.addMenu(QString::fromStdString(prefix));
    submenu->addAction(QString::fromStdString(name), this, [this, pane, refs = series] { addSeries(pane, refs); });
  }
  menu.setEnabled(!names.empty());
}

void PlotStack::dragEnterEvent(QDragEnterEvent* event) {
  if (!readSeriesMime(event->mimeData()).empty()) event->acceptProposedAction();
}

void PlotStack::dropEvent(QDropEvent* event) {
  const auto series = readSeriesMime(event->mimeData());
  if (series.empty()) return;
  // On the axis below the plots: a plot of its own.
  addSeries(paneAt(event->position().toPoint()), series);
  event->acceptProposedAction();
}

}  // namespace qd::widgets::plot
