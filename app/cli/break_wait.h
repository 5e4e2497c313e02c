// SPDX-License-Identifier: Apache-2.0
// `break wait`: answers when a group is stopped (at once when one is), then keeps its lease.
#pragma once

#include <optional>

#include "app/cli/cli.h"

namespace qd::cli {

// `longest` empty: until Ctrl-C.
Result<int> waitForStop(const Globals& globals, std::optional<Duration> longest, Duration hold);

}  // namespace qd::cli
