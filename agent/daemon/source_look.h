// SPDX-License-Identifier: Apache-2.0
// Which debugger a process may have and where its sources lie, by configuration; and text of those sources. A file has
// two names: here, as people and breakpoints name it, and there, as the program was built with it. Any thread.
#pragma once

#include <string>

#include "agent/debug/quirks.h"
#include "core/base/error.h"
#include "core/ingest/events.h"

namespace qd::daemon {

struct DebuggerRule {
  std::string process;  // an id, or a beginning of ids with a * at its end
  debug::DebuggerKind debugger = debug::DebuggerKind::Delve;
  std::string from, to;  // source map: a file here that begins with `from` is `to` + the rest for the debugger
};
// "GLOB=dlv|lldb[,FROM:TO]". Errors: InvalidArgument.
Result<DebuggerRule> debuggerRuleIn(const std::string& text);

std::string fileThere(const DebuggerRule& rule, const std::string& here);
std::string fileHere(const DebuggerRule& rule, const std::string& there);
// Lines of it, read under whichever of its names is there. `count` 0: to the end. Errors: as debug::sourceLines.
Result<ingest::SourceText> sourceFor(const DebuggerRule& rule, const std::string& here, int firstLine, int count);

}  // namespace qd::daemon
