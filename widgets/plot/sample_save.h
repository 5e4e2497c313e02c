// SPDX-License-Identifier: GPL-3.0-or-later
// Saves the samples of plotted series as CSV on a thread of its own, so that the window goes on whatever their number:
// to a file beside the named one first, so that whoever sees the name sees all of it. Cancelled or destroyed it leaves
// nothing. Made and used on the UI thread; the store must outlive it.
#pragma once

#include <QObject>
#include <QString>
#include <thread>
#include <vector>

#include "widgets/plot/plot_series.h"

namespace qd::widgets::plot {

class SampleSave final : public QObject {
  Q_OBJECT
 public:
  struct What {
    std::vector<PaneSeries> series;
    TimeNs from = 0, to = 0;
    QString path;
  };
  SampleSave(const series::Store& store, What what, QObject* parent);
  ~SampleSave() override;  // stops and waits

 public Q_SLOTS:
  void cancel();

 Q_SIGNALS:
  void progressed(int percent);
  void finished(const QString& sentence, bool problem);  // once; then it deletes itself

 private:
  void run(const std::stop_token& stop, const series::Store& store, const What& what);
  void end(const QString& sentence, bool problem);

  std::jthread thread_;
};

}  // namespace qd::widgets::plot
