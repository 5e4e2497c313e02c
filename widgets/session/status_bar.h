// SPDX-License-Identifier: GPL-3.0-or-later
// The 24-pixel line at the bottom: status pieces at fixed widths that only grow, so nothing jumps, and a passing
// message at the right that answers the last key press. UI thread.
#pragma once

#include <QHash>
#include <QLabel>
#include <QTimer>
#include <QWidget>

#include "widgets/session/status_line.h"

class QHBoxLayout;

namespace qd::session {

class StatusBar final : public QWidget {
  Q_OBJECT
 public:
  explicit StatusBar(QWidget* parent = nullptr);
  void show(const QVector<StatusPiece>& pieces);
  void clear();
  using QWidget::show;

 public Q_SLOTS:
  void say(const QString& message, bool problem = false);  // stands for some seconds

 private:
  QLabel* labelOf(const QString& key);

  QHBoxLayout* pieces_;
  QHash<QString, QLabel*> labels_;
  QLabel* message_;
  QTimer fade_;
};

}  // namespace qd::session
