// SPDX-License-Identifier: Apache-2.0
// Guards and waves as a person writes them, for the command line and the window:
//   "p99 tick.duration > 16 ms for 120 ticks", "together mean players.online < -5% vs before for 600 ticks"
//   "1:30s" (one process, soak 30 s), "10%:1m", "100%"
// Pure functions; any thread. Errors: InvalidArgument with a sentence that shows the form.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/ingest/changes.h"

namespace qd::control {

struct WrittenGuard {
  ingest::Guard guard;
  std::string unit;  // as written, to be compared with the series'; empty: none was
};
Result<WrittenGuard> parseGuard(std::string_view text);
Result<ingest::Wave> parseWave(std::string_view text);

// "linear:10s", "smooth:1m", "steps:5:1m".
Result<> parseRamp(std::string_view text, ingest::ChangePlan& into);

}  // namespace qd::control
