// SPDX-License-Identifier: GPL-3.0-or-later
// What the window's keys order a live cluster to do, and the sentence that comes back. The answers arrive on network
// threads and are said on the UI thread; an answer that comes after the session is gone is dropped. UI thread.
#pragma once

#include <QObject>
#include <functional>

#include "core/control/command_port.h"
#include "widgets/base/session_context.h"

namespace qd::console {

class Orders final : public QObject {
  Q_OBJECT
 public:
  explicit Orders(const widgets::SessionContext& context, QObject* parent = nullptr);

 public Q_SLOTS:
  void resumeAll();
  void stepOneTick();
  void revertLast();
  void haltRollouts();

 Q_SIGNALS:
  void said(const QString& sentence, bool problem);

 private:
  bool refuseWithoutCommands();
  // Brings an answer of the command port to the UI thread.
  template <class T>
  std::function<void(T)> later(std::function<void(T)> handle);
  // Says `success`, or what went wrong.
  control::DebugDone answer(const QString& success);

  widgets::SessionContext context_;
};

}  // namespace qd::console
