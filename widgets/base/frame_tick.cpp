// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/frame_tick.h"

#include <algorithm>

namespace qd::widgets {

FrameTick::FrameTick(QObject* parent) : QObject(parent) {
  timer_.setTimerType(Qt::PreciseTimer);
  connect(&timer_, &QTimer::timeout, this, [this] {
    const TimeNs elapsed = clock_.nsecsElapsed();
    clock_.restart();
    sinceSecond_ += elapsed;
    const bool second = sinceSecond_ >= kNsPerSecond;
    if (second) sinceSecond_ %= kNsPerSecond;
    Q_EMIT tick(elapsed, second);
  });
  clock_.start();
  setInterval(16);
}

void FrameTick::setInterval(int ms) {
  timer_.start(std::max(16, ms));
}

}  // namespace qd::widgets
