// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/console/navigation.h"

#include <fmt/format.h>

#include "core/series/store.h"
#include "widgets/base/selection.h"
#include "widgets/base/view_clock.h"
#include "widgets/session/go_to.h"

namespace qd::console {

Result<> goTo(const widgets::SessionContext& context, const QString& typed) {
  const auto where = session::parseDestination(typed.toStdString(), context.clock.now(), context.clock.last());
  if (!where) return std::unexpected(where.error());
  if (const auto* moment = std::get_if<session::GoToTime>(&*where)) {
    context.clock.goTo(moment->time);
    return {};
  }
  const Tick tick = std::get<session::GoToTick>(*where).tick;
  const ProcessId process = context.selection.process();
  const auto time = context.store.timeAt(process, tick);
  if (!time) {
    return fail(ErrorCode::NotFound, fmt::format("Tick {} of {} is not in this session.", tick,
                                                 process.value.empty() ? "the selected server" : process.value));
  }
  context.clock.goTo(*time);
  return {};
}

}  // namespace qd::console
