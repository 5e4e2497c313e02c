// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plot/sample_save.h"

#include <QSaveFile>
#include <algorithm>

#include "core/series/store.h"
#include "widgets/plot/plot_export.h"

namespace qd::widgets::plot {
namespace {

// About how many lines it will be.
double linesOf(const series::Store& store, const SampleSave::What& what) {
  constexpr int kCoarse = 16;
  double lines = 1;
  for (const PaneSeries& one : what.series) {
    const auto found = store.query(one.meta.id, series::Axis::Time, what.from, what.to, kCoarse);
    lines += static_cast<double>(found.samples.size());
    for (const auto& bucket : found.buckets) lines += static_cast<double>(bucket.count);
  }
  return lines;
}

}  // namespace

SampleSave::SampleSave(const series::Store& store, What what, QObject* parent) : QObject(parent) {
  thread_ =
      std::jthread([this, &store, what = std::move(what)](const std::stop_token& stop) { run(stop, store, what); });
}

SampleSave::~SampleSave() {
  thread_ = {};
}

void SampleSave::cancel() {
  thread_.request_stop();
}

void SampleSave::run(const std::stop_token& stop, const series::Store& store, const What& what) {
  QSaveFile file(what.path);
  const auto cannot = [&] {
    end(tr("%1 could not be written (%2): choose another place.").arg(what.path, file.errorString()), true);
  };
  if (!file.open(QIODevice::WriteOnly)) return cannot();
  const double lines = linesOf(store, what);
  qint64 written = 0;
  int told = -1;
  const auto put = [&](const QByteArray& piece) {
    if (stop.stop_requested()) return false;
    written += piece.count('\n');
    const int percent = static_cast<int>(std::min(99.0, 100.0 * static_cast<double>(written) / lines));
    if (percent != std::exchange(told, percent)) {
      QMetaObject::invokeMethod(
          this, [this, percent] { Q_EMIT progressed(percent); }, Qt::QueuedConnection);
    }
    return file.write(piece) == piece.size();
  };
  const auto done = writeSamples(store, what.series, what.from, what.to, ',', UINT64_MAX, put);
  if (stop.stop_requested()) {
    file.cancelWriting();
    return end(tr("Saving to %1 was cancelled; nothing was written.").arg(what.path), false);
  }
  if (!done) {
    file.cancelWriting();
    if (done.error().code == ErrorCode::Io) return cannot();
    return end(QString::fromStdString(done.error().message), true);
  }
  if (!file.commit()) return cannot();
  end(tr("%1 samples were saved to %2.").arg(*done).arg(what.path), false);
}

void SampleSave::end(const QString& sentence, bool problem) {
  QMetaObject::invokeMethod(
      this,
      [this, sentence, problem] {
        Q_EMIT finished(sentence, problem);
        deleteLater();
      },
      Qt::QueuedConnection);
}

}  // namespace qd::widgets::plot
