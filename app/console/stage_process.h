// SPDX-License-Identifier: GPL-3.0-or-later
// The reference game as a child process: quarterdeck-stage from the folder of this program. It prints one JSON line
// when it is ready; it is ended with us, also when we are killed. UI thread; nothing blocks except the destructor,
// which waits for the end, two seconds for a clean one.
#pragma once

#include <QObject>
#include <QProcess>
#include <QStringList>

#include "core/base/error.h"

namespace qd::console {

// The agents' endpoints out of the ready line. Error: a sentence for a person.
Result<QStringList> readyAgents(const QByteArray& line);

class StageProcess final : public QObject {
  Q_OBJECT
 public:
  explicit StageProcess(QObject* parent = nullptr);
  ~StageProcess() override;
  void start();
  void end();  // without waiting; deletes itself when the child is gone

 Q_SIGNALS:
  void ready(const QStringList& agents);
  void failed(const QString& sentence);  // it could not start, or ended by itself

 private:
  void readLines();
  void readErrors();
  void ended(int code, QProcess::ExitStatus status);

  QProcess process_;
  QByteArray buffer_, lastError_;
  bool isReady_ = false, closing_ = false;
};

}  // namespace qd::console
