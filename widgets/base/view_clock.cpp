// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/view_clock.h"

#include <algorithm>

namespace qd::widgets {
namespace {

constexpr TimeNs kShortest = 10 * kNsPerMs;
constexpr TimeNs kLongest = 24 * 3600 * kNsPerSecond;

TimeNs scaled(TimeNs time, double factor) {
  return static_cast<TimeNs>(static_cast<double>(time) * factor);
}

}  // namespace

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
  if (lead_ < 0 || lead_ > span_) lead_ = span_ / 4;  // the playhead left the window: follow it again
  if (loop_ && position_ >= std::min(loop_->to, last_)) {
    goTo(loop_->from);
    setMode(Mode::Playing);
    return;
  }
  if (position_ < last_) return;
  position_ = last_;
  if (!recording_) lead_ = 0;
  setMode(recording_ ? Mode::Frozen : Mode::Live);
}

void ViewClock::setRecording(bool recording) {
  if (recording_ == recording) return;
  recording_ = recording;
  placed_ = false;
  position_ = last_;
  lead_ = 0;
  setMode(recording ? Mode::Frozen : Mode::Live);
  Q_EMIT jumped();
}

void ViewClock::goTo(TimeNs time) {
  const TimeNs from = viewFrom(), to = viewTo();
  position_ = std::clamp(time, first_, last_);
  lead_ = position_ >= from && position_ <= to ? to - position_ : span_ / 4;
  placed_ = true;
  setMode(Mode::Frozen);
  Q_EMIT jumped();
}

void ViewClock::goLive() {
  position_ = last_;
  lead_ = 0;
  placed_ = false;
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
  if (loop_ && (position_ < loop_->from || position_ >= loop_->to)) goTo(loop_->from);
  const bool again = recording_ && position_ >= last_;  // at the end: from the start
  if (again) {
    position_ = first_;
    lead_ = span_ / 4;
  }
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
  const TimeNs wanted = std::clamp(span, kShortest, kLongest);
  if (wanted == span_) return;
  if (lead_ != 0) lead_ = scaled(lead_, static_cast<double>(wanted) / static_cast<double>(span_));
  span_ = wanted;
  Q_EMIT spanChanged();
}

void ViewClock::panBy(TimeNs delta) {
  const TimeNs to = std::clamp(now() + delta, first_, last_);
  if (to == now()) return;
  position_ = to;
  placed_ = true;
  setMode(Mode::Frozen);
  Q_EMIT jumped();
}

void ViewClock::zoomAt(TimeNs anchor, double factor) {
  const TimeNs wanted = std::clamp(scaled(span_, factor), kShortest, kLongest);
  if (wanted == span_) return;
  const double real = static_cast<double>(wanted) / static_cast<double>(span_);
  if (mode_ != Mode::Live) lead_ = anchor + scaled(viewTo() - anchor, real) - now();
  span_ = wanted;
  Q_EMIT spanChanged();
}

void ViewClock::setAxis(series::Axis axis) {
  if (axis == axis_) return;
  axis_ = axis;
  Q_EMIT axisChanged();
}

void ViewClock::setLoop(TimeNs from, TimeNs to) {
  const Loop wanted{std::max(std::min(from, to), first_), std::min(std::max(from, to), last_)};
  if (wanted.to - wanted.from < kShortest) return clearLoop();
  if (loop_ == wanted) return;
  loop_ = wanted;
  Q_EMIT loopChanged();
}

void ViewClock::clearLoop() {
  if (!loop_) return;
  loop_.reset();
  Q_EMIT loopChanged();
}

void ViewClock::setMode(Mode mode) {
  if (mode == mode_) return;
  mode_ = mode;
  Q_EMIT modeChanged();
}

}  // namespace qd::widgets
