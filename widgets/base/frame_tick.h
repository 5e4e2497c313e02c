// SPDX-License-Identifier: GPL-3.0-or-later
// The one heartbeat of the window, at most 60 Hz: panels pull what they show when it ticks, and only while visible.
// UI thread only.
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QTimer>

#include "core/base/clock.h"

namespace qd::widgets {

class FrameTick final : public QObject {
  Q_OBJECT
 public:
  explicit FrameTick(QObject* parent = nullptr);
  void setInterval(int ms);  // 16 at least

 Q_SIGNALS:
  // `elapsed` ns since the last tick; `second` is true about once a second, for what need not be redrawn more often.
  void tick(qd::TimeNs elapsed, bool second);

 private:
  QTimer timer_;
  QElapsedTimer clock_;
  TimeNs sinceSecond_ = 0;
};

}  // namespace qd::widgets
