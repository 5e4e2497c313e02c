// SPDX-License-Identifier: GPL-3.0-or-later
// What a panel shows while it has nothing to show: one line on what would fill it, one on why it is empty, and a button
// with the action that fills it. UI thread only.
#pragma once

#include <QWidget>

class QLabel;
class QPushButton;

namespace qd::widgets {

class EmptyState final : public QWidget {
  Q_OBJECT
 public:
  // `action` empty: no button, because nothing that the operator could do would help.
  EmptyState(const QString& headline, const QString& detail, const QString& action = {}, QWidget* parent = nullptr);
  void setText(const QString& headline, const QString& detail, const QString& action = {});

 Q_SIGNALS:
  void activated();

 private:
  QLabel* headline_;
  QLabel* detail_;
  QPushButton* action_;
};

}  // namespace qd::widgets
