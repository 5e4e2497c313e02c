// SPDX-License-Identifier: GPL-3.0-or-later
// What is measured in the plot stack, and what leaves it: pictures and samples.
#include <QClipboard>
#include <QFileInfo>
#include <QGuiApplication>
#include <QMimeData>
#include <QProgressDialog>

#include "widgets/base/format.h"
#include "widgets/base/tick_of.h"
#include "widgets/base/view_clock.h"
#include "widgets/plot/axis_bar.h"
#include "widgets/plot/measure_view.h"
#include "widgets/plot/plot_export.h"
#include "widgets/plot/plot_stack.h"
#include "widgets/plot/sample_save.h"
#include "widgets/plot/stack_overlay.h"

namespace qd::widgets::plot {
namespace {
constexpr int kPatienceMs = 500;  // before a dialog shows how far it is
}

void PlotStack::setMeasures(Measures measures) {
  if (measures == measures_) return;
  const bool wasEmpty = measures_.empty();
  measures_ = std::move(measures);
  if (wasEmpty != measures_.empty()) dirty_ = true;  // the table takes room from the plots, or gives it back
  showMeasures();
  placeMeasures();
}

void PlotStack::pinCursor(TimeNs time) {
  if (measures_.cursors.size() >= kMostCursors) return;
  Measures measures = measures_;
  measures.cursors.push_back(time);
  setMeasures(std::move(measures));
}

void PlotStack::showMeasures() {
  std::vector<Measured> series;
  for (const PlotPane* pane : panes_)
    for (const PaneSeries& one : pane->shown()) series.push_back({one, pane->factor(), pane->unit()});
  measureView_->show(measures_, std::move(series), [this](TimeNs at) { return tickOf(context_.store, domain(), at); });
}

void PlotStack::placeMeasures() {
  std::vector<PlacedCursor> cursors;
  for (std::size_t i = 0; i < measures_.cursors.size(); ++i) {
    const TimeNs at = measures_.cursors[i];
    if (at >= view_.from && at <= view_.to) cursors.push_back({xOf(at), cursorName(i)});
  }
  overlay_->setCursors(std::move(cursors));
  if (!measures_.range) return overlay_->setRange(std::nullopt);
  overlay_->setRange(std::pair(xOf(measures_.range->first), xOf(measures_.range->second)));
}

std::pair<TimeNs, TimeNs> PlotStack::range() const {
  return measures_.range ? *measures_.range : std::pair(view_.from, view_.to);
}

std::vector<PaneSeries> PlotStack::shownSeries() const {
  std::vector<PaneSeries> all;
  for (const PlotPane* pane : panes_)
    for (const PaneSeries& one : pane->shown())
      if (std::none_of(all.begin(), all.end(), [&](const auto& s) { return s.bound == one.bound; })) all.push_back(one);
  return all;
}

QImage PlotStack::picture() {
  const QRect plots(0, 0, width(), measureView_->isVisible() ? measureView_->y() : height());
  return grab(plots).toImage();
}

void PlotStack::copyPicture() {
  QGuiApplication::clipboard()->setImage(picture());
  Q_EMIT said(tr("The plots are on the clipboard as a picture."), false);
}

void PlotStack::copyMeasures() {
  if (measures_.empty()) return;
  QGuiApplication::clipboard()->setText(measureView_->asTsv());
  Q_EMIT said(tr("The measurements are on the clipboard as a table."), false);
}

void PlotStack::copySamples() {
  const auto [from, to] = range();
  QByteArray text;
  const auto done = writeSamples(context_.store, shownSeries(), from, to, '\t', kMostCopied,
                                 [&](const QByteArray& piece) { return text.append(piece), true; });
  if (!done) {
    Q_EMIT said(QString::fromStdString(done.error().message), true);
    return;
  }
  QGuiApplication::clipboard()->setText(QString::fromUtf8(text));
  Q_EMIT said(tr("%1 samples are on the clipboard as a table.").arg(*done), false);
}

void PlotStack::savePicture(const QString& path) {
  if (picture().save(path, "PNG")) {
    Q_EMIT said(tr("The picture was saved to %1.").arg(path), false);
  } else {
    Q_EMIT said(tr("The picture could not be written to %1: check the folder.").arg(path), true);
  }
}

void PlotStack::saveCsv(const QString& path) {
  const auto [from, to] = range();
  auto* save = new SampleSave(context_.store, {shownSeries(), from, to, path}, this);
  auto* progress = new QProgressDialog(tr("Saving samples to %1").arg(path), tr("Cancel"), 0, 100, this);
  progress->setMinimumDuration(kPatienceMs);
  progress->setAutoReset(false);
  connect(save, &SampleSave::progressed, progress, &QProgressDialog::setValue);
  connect(progress, &QProgressDialog::canceled, save, &SampleSave::cancel);
  connect(save, &SampleSave::finished, progress, &QObject::deleteLater);
  connect(save, &SampleSave::finished, this, &PlotStack::said);
}

}  // namespace qd::widgets::plot
