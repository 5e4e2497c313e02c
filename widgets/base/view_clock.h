// SPDX-License-Identifier: GPL-3.0-or-later
// Which moment the panels show: the live edge, a frozen one, or a playhead that moves by itself; and how much of the
// past the plots show beside it. Ingestion does not know of it. Live or recorded makes no difference here: a recording
// is a session whose edge does not move. UI thread only.
#pragma once

#include <QObject>
#include <optional>

#include "core/series/store.h"

namespace qd::widgets {

class ViewClock final : public QObject {
  Q_OBJECT
 public:
  enum class Mode { Live, Frozen, Playing };

  explicit ViewClock(QObject* parent = nullptr);

  Mode mode() const { return mode_; }
  bool isRecording() const { return recording_; }  // the session is a recording: there is no live edge to follow
  TimeNs now() const;                              // the moment that panels show
  TimeNs first() const { return first_; }          // the session's extent so far
  TimeNs last() const { return last_; }
  TimeNs span() const { return span_; }  // visible stretch of the plots, ns; 60 s at first
  // What the plots show. now() lies at its right edge while live; a moment that was gone to stays where it is on the
  // screen when it was visible, else it stands at three quarters, so that what followed it can be seen.
  TimeNs viewFrom() const { return viewTo() - span_; }
  TimeNs viewTo() const { return now() + lead_; }
  double speed() const { return speed_; }
  series::Axis axis() const { return axis_; }
  // The stretch that playing repeats; empty: none.
  struct Loop {
    TimeNs from = 0, to = 0;
    bool operator==(const Loop&) const = default;
  };
  const std::optional<Loop>& loop() const { return loop_; }

  // Called once a frame by the composition: the extent, and the time that passed.
  void setExtent(TimeNs first, TimeNs last);
  void advance(TimeNs elapsed);

 public Q_SLOTS:
  void setRecording(bool recording);
  void goTo(qd::TimeNs time);  // freezes there
  void goLive();               // in a recording: to its end
  void toggleFreeze();         // Live <-> Frozen; in a recording play <-> pause
  void play();
  void setSpeed(double factor);   // 0.05 to 100; tells of it by modeChanged()
  void setSpan(qd::TimeNs span);  // 10 ms to 24 h
  void panBy(qd::TimeNs delta);   // moves window and moment together, frozen; stops at the session's ends
  // Makes the window `factor` times as long around `anchor`; while live around its right edge.
  void zoomAt(qd::TimeNs anchor, double factor);
  void setAxis(qd::series::Axis axis);
  void setLoop(qd::TimeNs from, qd::TimeNs to);  // in either order; shorter than 10 ms: no loop
  void clearLoop();

 Q_SIGNALS:
  void modeChanged();
  void jumped();  // now() changed other than by the passing of time
  void spanChanged();
  void axisChanged();
  void loopChanged();

 private:
  void setMode(Mode mode);

  Mode mode_ = Mode::Live;
  bool recording_ = false;
  bool placed_ = false;  // somebody chose the position
  TimeNs position_ = 0, first_ = 0, last_ = 0;
  TimeNs span_ = 60 * kNsPerSecond;
  TimeNs lead_ = 0;  // of the window's right edge before now()
  double speed_ = 1;
  series::Axis axis_ = series::Axis::Time;
  std::optional<Loop> loop_;
};

}  // namespace qd::widgets
