// SPDX-License-Identifier: GPL-3.0-or-later
// Ctrl+K: type a few letters, Enter runs the action. Lies over the window, closes at Esc or when it loses focus.
// UI thread.
#pragma once

#include <QFrame>
#include <QLineEdit>
#include <QListView>

#include "widgets/session/palette_model.h"

namespace qd::session {

class CommandPalette final : public QFrame {
  Q_OBJECT
 public:
  explicit CommandPalette(QWidget* window);
  void open(const QList<QAction*>& actions);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void place();
  void run(const QModelIndex& index);
  bool handleKey(int key);

  PaletteModel model_;
  QLineEdit* input_;
  QListView* list_;
};

}  // namespace qd::session
