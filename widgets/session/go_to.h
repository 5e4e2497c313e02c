// SPDX-License-Identifier: GPL-3.0-or-later
// Reads what an operator types after "Go to": a tick of the domain in focus ("#123456" or "123456"), a UTC time of day
// of the shown session ("14:02:11.250"), or a step from the shown moment ("-30s", "+500ms"). Pure; any thread.
#pragma once

#include <string_view>
#include <variant>

#include "core/base/clock.h"
#include "core/base/error.h"

namespace qd::session {

struct GoToTick {
  Tick tick = 0;
};
struct GoToTime {
  TimeNs time = 0;
};
using Destination = std::variant<GoToTick, GoToTime>;

// `now`: the shown moment. A time of day means the last such moment at or before `last`, the session's end.
Result<Destination> parseDestination(std::string_view text, TimeNs now, TimeNs last);

}  // namespace qd::session
