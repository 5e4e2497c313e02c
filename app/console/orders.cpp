// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/console/orders.h"

#include <QCoreApplication>
#include <QPointer>
#include <algorithm>

#include "core/breakpoints/registry_view.h"
#include "core/control/command_port.h"
#include "core/params/param_book.h"
#include "core/params/push_rules.h"
#include "widgets/base/format.h"

namespace qd::console {
namespace {

QString qt(const std::string& text) {
  return QString::fromStdString(text);
}

QString pushSentence(const std::vector<ingest::PushResult>& results) {
  using Status = ingest::PushStatus;
  const auto count = [&](Status status) {
    return static_cast<int>(std::ranges::count(results, status, &ingest::PushResult::status));
  };
  if (count(Status::Applied) == static_cast<int>(results.size()) && !results.empty()) {
    return Orders::tr("Reverted on %1 at tick %2.")
        .arg(qt(results.front().process.id.value), widgets::formatTick(results.front().tick));
  }
  return Orders::tr("Reverted on %1 of %2 processes: see the ledger for the others.")
      .arg(count(Status::Applied))
      .arg(results.size());
}

}  // namespace

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
template <class T>
std::function<void(T)> Orders::later(std::function<void(T)> handle) {
  return [guard = QPointer<Orders>(this), handle = std::move(handle)](T result) {
    QMetaObject::invokeMethod(
        QCoreApplication::instance(),
        [guard, handle, result = std::move(result)]() mutable {
          if (guard != nullptr) handle(std::move(result));
        },
        Qt::QueuedConnection);
  };
}

control::DebugDone Orders::answer(const QString& success) {
  return later<Result<std::string>>([this, success](Result<std::string> result) {
    Q_EMIT said(result ? success : qt(result.error().message), !result);
  });
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

void Orders::revertLast() {
  if (refuseWithoutCommands()) return;
  const auto orders = context_.params.revertLast(context_.who.toStdString());
  if (orders.empty()) Q_EMIT said(tr("There is no push to revert."), false);
  for (const auto& order : orders) {
    context_.params.markPending(order);
    using Answer = Result<std::vector<ingest::PushResult>>;
    params::pushAndSettle(*context_.commands, context_.params, order, later<Answer>([this](Answer result) {
      Q_EMIT said(result ? pushSentence(*result) : qt(result.error().message), !result);
    }));
  }
}

void Orders::haltRollouts() {
  if (refuseWithoutCommands()) return;
  using Answer = Result<std::vector<ingest::ChangeState>>;
  const control::ChangeVerb halt{"", control::ChangeWord::Pause, context_.who.toStdString(), "", "halt"};
  context_.commands->orderChange(
      halt, later<Answer>([this](Answer changed) {
        if (!changed) return Q_EMIT said(qt(changed.error().message), true);
        const int count = static_cast<int>(changed->size());
        if (count == 0) return Q_EMIT said(tr("No rollout is running."), false);
        Q_EMIT said(
            count == 1
                ? tr("Halted 1 change: no further wave, the guards go on. Revert it in Rollouts.")
                : tr("Halted %1 changes: no further wave, the guards go on. Revert them in Rollouts.").arg(count),
            false);
      }));
}

}  // namespace qd::console
