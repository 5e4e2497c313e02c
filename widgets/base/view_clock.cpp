// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/view_clock.h"

#include <algorithm>

namespace qd::widgets {

ViewClock::ViewClock(QObject* parent) : QObject(parent) {}

TimeNs ViewClock::now() const {
  return mode_ == Mode::Live ? last_ : position_;
}

void ViewClock::setExtent(TimeNs first, TimeNs last) {
  first_ = first;
  last_ = std::max(first, last);
  if (!placed_) position_ = last_;  // nobody chose a moment yet: a recording opens at what was read of it
}

void ViewClock::advance(TimeNs elapsed) {
  if (mode_ != Mode::Playing || elapsed <= 0) return;
  position_ += static_cast<TimeNs>(static_cast<double>(elapsed) * speed_);
  if (position_ < last_) return;
  position_ = last_;
  setMode(recording_ ? Mode::Frozen : Mode::Live);
}

void ViewClock::setRecording(bool recording) {
  if (recording_ == recording) return;
  recording_ = recording;
  placed_ = false;
  position_ = last_;
  setMode(recording ? Mode::Frozen : Mode::Live);
  Q_EMIT jumped();
}

void ViewClock::goTo(TimeNs time) {
  position_ = std::clamp(time, first_, last_);
  placed_ = true;
  setMode(Mode::Frozen);
  Q_EMIT jumped();
}

void ViewClock::goLive() {
  position_ = last_;
  placed_ = !recording_;
  setMode(recording_ ? Mode::Frozen : Mode::Live);
  Q_EMIT jumped();
}

void ViewClock::toggleFreeze() {
  if (mode_ != Mode::Frozen) {
    position_ = now();
    placed_ = true;
    setMode(Mode::Frozen);
  } else if (recording_) {
    play();
  } else {
    goLive();
  }
}

void ViewClock::play() {
  if (mode_ == Mode::Live) return;  // already moving, at the edge
  placed_ = true;
  const bool again = recording_ && position_ >= last_;  // at the end: from the start
  if (again) position_ = first_;
  setMode(Mode::Playing);
  if (again) Q_EMIT jumped();
}

void ViewClock::setSpeed(double factor) {
  const double wanted = std::clamp(factor, 0.05, 100.0);
  if (wanted == speed_) return;
  speed_ = wanted;
  Q_EMIT modeChanged();
}

void ViewClock::setSpan(TimeNs span) {
  const TimeNs wanted = std::clamp(span, kNsPerSecond, 24 * 3600 * kNsPerSecond);
  if (wanted == span_) return;
  span_ = wanted;
  Q_EMIT spanChanged();
}

void ViewClock::setAxis(series::Axis axis) {
  if (axis == axis_) return;
  axis_ = axis;
  Q_EMIT axisChanged();
}

void ViewClock::setMode(Mode mode) {
  if (mode == mode_) return;
  mode_ = mode;
  Q_EMIT modeChanged();
}

}  // namespace qd::widgets
