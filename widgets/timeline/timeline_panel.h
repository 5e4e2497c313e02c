// SPDX-License-Identifier: GPL-3.0-or-later
// The 96 px at the bottom of the window: what mode the view is in and its moment in UTC and ticks, play, pause, steps
// and speed, and the strip of the last 15 minutes or the whole recording. Its slots are what the window's keys call.
// UI thread only.
#pragma once

#include <QPointer>
#include <QWidget>

#include "core/base/clock.h"
#include "widgets/base/session_context.h"

class QComboBox;
class QLabel;
class QToolButton;

namespace qd::widgets {

class Bookmarks;
namespace timeline {
class TimelineStrip;
}

class TimelinePanel final : public QWidget {
  Q_OBJECT
 public:
  explicit TimelinePanel(const SessionContext& context, QWidget* parent = nullptr);
  // Those of the recording; null: there are none (a live session has marks instead).
  void setBookmarks(Bookmarks* bookmarks);

 Q_SIGNALS:
  void bookmarkRequested();  // at the shown moment
  void keepAsked();          // of what is repeated, else of what the plots show
  void whyAsked(qd::TimeNs time, qd::TimeNs reach);

 public Q_SLOTS:
  void stepTicks(int ticks);      // ← and →
  void stepSeconds(int seconds);  // with Shift
  // With Ctrl: to the push, hit, mark, bookmark, stop or alert before (-1) or after (1).
  void stepEvents(int direction);
  void toggleLoop();            // repeats what the plots show, or what was dragged with Shift; or ends that
  void changeSpeed(int steps);  // along the list

 protected:
  void keyPressEvent(QKeyEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  void refresh(bool second);
  void showMode();
  void showPosition();
  void showLoop();
  void openBookmarks();
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
  QToolButton* eventBack_;
  QToolButton* eventForward_;
  QToolButton* loop_;
  QToolButton* marks_;
  QToolButton* live_;
  QComboBox* speed_;
  timeline::TimelineStrip* strip_;
  QPointer<Bookmarks> bookmarks_;
  bool isLost_ = false;  // no agent answers
  TimeNs shownAt_ = 0;
};

}  // namespace qd::widgets
