// SPDX-License-Identifier: GPL-3.0-or-later
// Arming from the debug view: on a live process its name must be typed first, under what it would mean for the players.
#include <QInputDialog>
#include <algorithm>

#include "core/breakpoints/registry_view.h"
#include "core/control/live_guard.h"
#include "core/ingest/directory.h"
#include "core/series/store.h"
#include "widgets/debug/debug_view.h"

namespace qd::widgets {

void DebugView::arm(control::BreakpointOrder order) {
  // The others of its group would stand too.
  std::vector<ProcessId> affected = order.members;
  for (const auto& group : context().breakpoints.groups()) {
    const bool its = std::ranges::any_of(group.members, [&](const auto& m) { return m.process == affected.front(); });
    if (!its) continue;
    for (const auto& m : group.members) affected.push_back(m.process);
  }
  std::string what;
  std::optional<ProcessId> first;
  std::ranges::sort(affected);
  affected.erase(std::unique(affected.begin(), affected.end()), affected.end());
  for (const ProcessId& id : affected) {
    const auto info = context().directory.process(id);
    auto live = info ? control::liveProcess(id, info->labels) : std::nullopt;
    if (!live) continue;
    const auto series = context().store.find(id, "players.online");
    if (const auto last = series ? context().store.last(*series) : std::nullopt) {
      live->players = static_cast<std::int64_t>(last->value);
    }
    what += control::sentenceOf(*live) + "\n";
    if (!first) first = id;
  }
  if (!first) return context().commands->setBreakpoint(std::move(order), told());
  order.confirmed = first->value;  // what must be typed
  askAndArm(order, what);
}

void DebugView::askAndArm(const control::BreakpointOrder& order, const std::string& what) {
  auto* dialog = new QInputDialog(this);
  dialog->setObjectName(QStringLiteral("liveConfirmation"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setWindowTitle(tr("Arm on a live process"));
  dialog->setLabelText(tr("%1\nA debugger stops all of it, network included.\nType %2 to arm it all the same:")
                           .arg(QString::fromStdString(what), QString::fromStdString(order.confirmed)));
  connect(dialog, &QInputDialog::textValueSelected, this, [this, order](const QString& typed) {
    control::BreakpointOrder sent = order;
    sent.confirmed = typed.trimmed().toStdString();
    if (context().commands != nullptr) context().commands->setBreakpoint(std::move(sent), told());
  });
  dialog->open();
}

}  // namespace qd::widgets
