// SPDX-License-Identifier: Apache-2.0
// A process whose debugger has ended without clearing up, or does not answer: what the debugger has put into its code
// comes out before the process comes to it, whoever of ours still traces it goes, and it runs on. Blocking, for some
// 300 ms at most where a tracer has to be ended, else for 1 ms or so. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace qd::debug {

// `process`: a pidfd of it. How many breakpoints were left in it. One that somebody else's debugger traces is left
// alone.
std::size_t rescue(std::int64_t pid, int process);

}  // namespace qd::debug
