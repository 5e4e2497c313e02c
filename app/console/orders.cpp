// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/console/orders.h"

#include <QCoreApplication>
#include <QPointer>

#include "core/breakpoints/registry_view.h"
#include "core/control/command_port.h"

namespace qd::console {
Orders::Orders(const widgets::SessionContext& context, QObject* parent) : QObject(parent), context_(context) {}

bool Orders::refuseWithoutCommands() {
  if (context_.commands != nullptr) return false;
  Q_EMIT said(
      context_.replay ? tr("This is a recording: nothing in it can be changed.") : tr("This session is read-only."),
      true);
  return true;
}

// An answer may come after this object is gone: it is handed to the application, which outlives every network thread,
// and the guard is asked on the UI thread alone.
control::DebugDone Orders::answer(const QString& success) {
  return [guard = QPointer<Orders>(this), success](const Result<std::string>& result) {
    const QString sentence = result ? success : QString::fromStdString(result.error().message);
    QMetaObject::invokeMethod(
        QCoreApplication::instance(),
        [guard, sentence, problem = !result] {
          if (guard != nullptr) Q_EMIT guard->said(sentence, problem);
        },
        Qt::QueuedConnection);
  };
}

void Orders::resumeAll() {
  if (refuseWithoutCommands()) return;
  if (!context_.breakpoints.stopped()) {
    Q_EMIT said(tr("Nothing is stopped."), false);
    return;
  }
  context_.commands->resume(std::string(), answer(tr("Continued.")));
}

void Orders::stepOneTick() {
  if (refuseWithoutCommands()) return;
  const auto group = context_.breakpoints.stopped();
  if (!group) {
    Q_EMIT said(tr("Nothing is stopped: a step needs a stopped group."), false);
    return;
  }
  context_.commands->step(group->id, 1, answer(tr("Stepped one tick.")));
}

void Orders::haltRollouts() {
  if (refuseWithoutCommands()) return;
  Q_EMIT said(tr("No rollout is running."), false);
}

}  // namespace qd::console
