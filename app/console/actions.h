// SPDX-License-Identifier: GPL-3.0-or-later
// Every action of the window with its text and key, in one list: menus, buttons, shortcuts and the command palette all
// take them from here. Which are enabled follows from what is open. UI thread.
#pragma once

#include <QAction>
#include <QList>
#include <QObject>

namespace qd::console {

struct Actions {
  explicit Actions(QWidget* window);

  // What there is to act on.
  struct State {
    bool session = false;
    bool commands = false;   // live and not read-only
    bool recording = false;  // a recording: its moments can be bookmarked
  };
  void apply(const State& state);
  QList<QAction*> all() const { return all_; }

  // Session
  QAction *stage, *attach, *open, *close, *keepRecording, *keepStretch, *quit;
  // Time
  QAction *freeze, *live, *mark, *goTo, *why, *tickBack, *tickForward, *secondBack, *secondForward, *axis;
  QAction *eventBack, *eventForward, *loop, *slower, *faster, *configuration;
  // Changing the game
  QAction *review, *revert, *halt;
  // Stopping it
  QAction *resume, *breakpoint, *step;
  // Window
  QAction *palette, *theme, *resetLayout;

 private:
  QAction* add(const QString& text, const QKeySequence& key, const QString& tip, int needs);
  void makeTimeActions();
  void makeChangeActions();

  QWidget* window_;
  QList<QAction*> all_;
};

}  // namespace qd::console
