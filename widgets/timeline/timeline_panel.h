// SPDX-License-Identifier: GPL-3.0-or-later
// The 96 px at the bottom of the window: what mode the view is in and its moment in UTC and ticks, play, pause, steps
// and speed, and the strip of the last 15 minutes or the whole recording. Its slots are what the window's keys call.
// UI thread only.
#pragma once

#include <QWidget>

#include "core/base/clock.h"
#include "widgets/base/session_context.h"

class QComboBox;
class QLabel;
class QToolButton;

namespace qd::widgets {

namespace timeline {
class TimelineStrip;
}

class TimelinePanel final : public QWidget {
  Q_OBJECT
 public:
  explicit TimelinePanel(const SessionContext& context, QWidget* parent = nullptr);

 Q_SIGNALS:
  void whyAsked(qd::TimeNs time, qd::TimeNs reach);

 public Q_SLOTS:
  void stepTicks(int ticks);      // ← and →
  void stepSeconds(int seconds);  // with Shift

 protected:
  void keyPressEvent(QKeyEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  void refresh(bool second);
  void showMode();
  void showPosition();
  QToolButton* addButton(const QString& tip);

  SessionContext context_;
  QLabel* mode_;
  QLabel* utc_;
  QLabel* tick_;
  QToolButton* secondBack_;
  QToolButton* tickBack_;
  QToolButton* play_;
  QToolButton* tickForward_;
  QToolButton* secondForward_;
  QToolButton* live_;
  QComboBox* speed_;
  timeline::TimelineStrip* strip_;
  TimeNs shownAt_ = 0;
};

}  // namespace qd::widgets
