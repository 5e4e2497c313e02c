// SPDX-License-Identifier: GPL-3.0-or-later
// The 40-pixel bar: environment band with its menu, ● LIVE / REPLAY / FROZEN and the shown UTC time, visible span,
// time or tick axis, Freeze, Mark, HALT ROLLOUTS and the command palette. It shows what the clock says and hands on
// what is clicked. UI thread.
#pragma once

#include <QPointer>
#include <QWidget>

#include "widgets/base/theme.h"

class QAction;
class QComboBox;
class QLabel;
class QMenu;
class QToolButton;

namespace qd::widgets {
class ViewClock;
}

namespace qd::session {

class TopBar final : public QWidget {
  Q_OBJECT
 public:
  struct Actions {
    QAction *freeze, *mark, *halt, *palette;
  };
  explicit TopBar(const Actions& actions, QWidget* parent = nullptr);

  QMenu* contextMenu() const { return menu_; }
  // `colour` empty: the environment's. `tip`: agents, file.
  void setBand(const QString& text, widgets::Environment environment, const QString& colour, const QString& tip);
  void setClock(widgets::ViewClock* clock);                      // null: no session, everything about time is hidden
  void setReachable(bool reachable) { reachable_ = reachable; }  // whether any agent answers; nothing is live without
  void refresh();                                                // once a frame

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  void makeSpan();
  void makeAxis();
  void showAxis();
  void showSpan();

  QToolButton* band_;
  QMenu* menu_;
  QLabel* mode_;
  QLabel* time_;
  QComboBox* span_;
  QToolButton* timeAxis_;
  QToolButton* tickAxis_;
  QWidget* clockGroup_;
  QPointer<widgets::ViewClock> clock_;
  bool reachable_ = true;
  QColor colour_;
};

}  // namespace qd::session
