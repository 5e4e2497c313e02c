// SPDX-License-Identifier: GPL-3.0-or-later
// One action that a process offers: its arguments with fitting editors, Run, and what came of it. UI thread only.
#pragma once

#include <QPointer>
#include <QWidget>
#include <optional>

#include "core/control/command_port.h"

class QFormLayout;
class QLabel;
class QLineEdit;
class QPushButton;

namespace qd::widgets {

class ActionPage final : public QWidget {
  Q_OBJECT
 public:
  explicit ActionPage(QWidget* parent = nullptr);
  // `players`: on the process, if known.
  void show(const ProcessId& process, const ingest::ActionSpec& spec, control::CommandPort* commands,
            const QString& who, std::optional<std::int64_t> players = {});

 Q_SIGNALS:
  void left();

 private:
  void run();
  void update();

  ProcessId process_;
  ingest::ActionSpec spec_;
  control::CommandPort* commands_ = nullptr;
  QString who_;
  std::vector<QWidget*> editors_;
  QWidget* formBox_ = nullptr;
  QLabel* title_;
  QLabel* outcome_;
  QLineEdit* comment_;
  QLineEdit* typed_;
  QString wanted_;  // what must be typed for a dangerous one
  QPushButton* run_;
};

}  // namespace qd::widgets
