// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/console/frame_stats.h"

#include <fmt/format.h>

#include <QAbstractEventDispatcher>
#include <QEvent>
#include <QFile>
#include <QWidget>
#include <algorithm>

#include "widgets/base/frame_tick.h"

namespace qd::console {
namespace {

constexpr std::size_t kMostFrames = 1'000'000;

float at(std::vector<float>& values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

float ms(std::int64_t ns) {
  return static_cast<float>(static_cast<double>(ns) / 1e6);
}

}  // namespace

FrameStats::FrameStats(QWidget& window, widgets::FrameTick& ticker, const QString& path) : path_(path) {
  window.installEventFilter(this);
  auto* dispatcher = QAbstractEventDispatcher::instance();
  connect(&ticker, &widgets::FrameTick::tick, this, &FrameStats::begin);
  // The loop is about to wait: whatever the tick led to, painting included, is done.
  connect(dispatcher, &QAbstractEventDispatcher::aboutToBlock, this, &FrameStats::end);
}

FrameStats::~FrameStats() {
  QFile file(path_);
  if (!file.open(QIODevice::WriteOnly)) {
    fmt::print(stderr, "quarterdeck: {} cannot be written\n", path_.toStdString());
    return;
  }
  file.write(QByteArray::fromStdString(
      fmt::format("{{\"first_paint_ns\":{},\"frames\":{},\"p50_ms\":{:.3f},\"p99_ms\":{:.3f},\"max_ms\":{:.3f},"
                  "\"apart_p50_ms\":{:.3f},\"apart_p99_ms\":{:.3f}}}\n",
                  firstPaint_, frames_.size(), at(frames_, 0.5), at(frames_, 0.99), at(frames_, 1), at(apart_, 0.5),
                  at(apart_, 0.99))));
}

void FrameStats::begin() {
  end();  // ticks one after the other without a pause between them
  const std::int64_t now = monotonicNs();
  if (last_ != 0 && apart_.size() < kMostFrames) apart_.push_back(ms(now - last_));
  last_ = begun_ = now;
}

void FrameStats::end() {
  if (begun_ == 0) return;
  if (frames_.size() < kMostFrames) frames_.push_back(ms(monotonicNs() - begun_));
  begun_ = 0;
}

bool FrameStats::eventFilter(QObject* watched, QEvent* event) {
  if (firstPaint_ == 0 && event->type() == QEvent::Paint) {
    firstPaint_ = -1;
    // After the whole window was painted and handed to the display.
    QMetaObject::invokeMethod(
        this, [this] { firstPaint_ = monotonicNs(); }, Qt::QueuedConnection);
  }
  return QObject::eventFilter(watched, event);
}

}  // namespace qd::console
