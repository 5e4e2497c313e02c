// SPDX-License-Identifier: Apache-2.0
// A process has one tracer: before a debugger attaches, whoever traces the process must have let go. Blocking, 10 s at
// most. Any thread.
#pragma once

#include <array>
#include <cstdint>

#include "core/base/error.h"

namespace qd::debug {

// `process`: a pidfd of it; `givesUp`: who wants it debugged (a socket; gone when it hangs up), and what ends the
// waiting (readable). Errors: NotFound (the process has ended), Unavailable (given up, or traced still, by whom).
Result<> awaitUntraced(std::int64_t pid, int process, std::array<int, 2> givesUp);

}  // namespace qd::debug
