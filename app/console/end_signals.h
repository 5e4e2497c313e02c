// SPDX-License-Identifier: GPL-3.0-or-later
// SIGTERM, SIGINT and SIGHUP (a logout, a service that is stopped, Ctrl-C) as a signal of Qt, so that the program ends
// by its event loop and the recording is closed as one complete file. The second one ends the program at once. One of
// them in a program, made after QApplication. UI thread; children started later have the usual handling.
#pragma once

#include <QObject>

namespace qd::console {

class EndSignals final : public QObject {
  Q_OBJECT
 public:
  explicit EndSignals(QObject* parent = nullptr);
  ~EndSignals() override;

 Q_SIGNALS:
  void asked();

 private:
  int pipe_[2] = {-1, -1};
};

}  // namespace qd::console
