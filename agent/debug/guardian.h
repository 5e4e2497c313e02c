// SPDX-License-Identifier: Apache-2.0
// The process that owns one debugger of one game: it obeys its agent over a socket, and when the agent goes, whatever
// the way, it clears every breakpoint, lets the game run and lets go of it, before anything else ends. Blocking; the
// calling thread is its only one.
#pragma once

#include <cstdint>
#include <string>

#include "agent/debug/quirks.h"

namespace qd::debug {

struct GuardianOptions {
  DebuggerKind debugger = DebuggerKind::Delve;
  std::int64_t pid = 0;
  int control = 3;  // the socket to the agent
};

// The exit code.
int guard(const GuardianOptions& options);

}  // namespace qd::debug
