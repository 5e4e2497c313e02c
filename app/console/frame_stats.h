// SPDX-License-Identifier: GPL-3.0-or-later
// How the window does in time, for the bench: when it was painted first, and what each frame took from the frame tick
// to the end of everything that followed from it. Costs two clock reads a frame; made only when a file was asked for
// (--frame-stats), which is written when it is destroyed. UI thread.
#pragma once

#include <QObject>
#include <QString>
#include <vector>

#include "core/base/clock.h"

class QWidget;

namespace qd::widgets {
class FrameTick;
}

namespace qd::console {

class FrameStats final : public QObject {
  Q_OBJECT
 public:
  FrameStats(QWidget& window, widgets::FrameTick& ticker, const QString& path);
  ~FrameStats() override;

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void begin();
  void end();

  QString path_;
  std::int64_t firstPaint_ = 0;        // CLOCK_MONOTONIC
  std::int64_t begun_ = 0;             // of the frame that is under way; 0: none
  std::vector<float> frames_, apart_;  // ms: what frames took, how far their beginnings lie apart
  std::int64_t last_ = 0;
};

}  // namespace qd::console
