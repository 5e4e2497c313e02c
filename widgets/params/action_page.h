// SPDX-License-Identifier: GPL-3.0-or-later
// One action that a process offers: its arguments with fitting editors, Run, and what came of it. UI thread only.
#pragma once

#include <QPointer>
#include <QWidget>

#include "core/control/command_port.h"

class QFormLayout;
class QLabel;
class QPushButton;

namespace qd::widgets {

class ActionPage final : public QWidget {
  Q_OBJECT
 public:
  explicit ActionPage(QWidget* parent = nullptr);
  void show(const ProcessId& process, const ingest::ActionSpec& spec, control::CommandPort* commands,
            const QString& who);

 Q_SIGNALS:
  void left();

 private:
  void run();

  ProcessId process_;
  ingest::ActionSpec spec_;
  control::CommandPort* commands_ = nullptr;
  QString who_;
  std::vector<QWidget*> editors_;
  QWidget* formBox_ = nullptr;
  QLabel* title_;
  QLabel* outcome_;
  QPushButton* run_;
};

}  // namespace qd::widgets
