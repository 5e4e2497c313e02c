// SPDX-License-Identifier: Apache-2.0
// What an agent and a guardian say to each other: one JSON object a line over a socket pair. The agent orders, the
// guardian tells. Values only; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "agent/debug/json_get.h"
#include "core/base/error.h"

namespace qd::debug {

// A breakpoint as one debugger shall have it. `file` absolute, or ending as the debug information has it; `function`
// instead of file and line for a function.
struct SourceBreakpoint {
  std::string id;
  std::uint64_t revision = 0;
  std::string file, function;
  int line = 0;
  std::string condition;
  std::uint64_t after = 0;  // stop from the Nth hit on
  std::string logText;      // not empty: log, do not stop
  bool operator==(const SourceBreakpoint&) const = default;
};

struct Frame {
  std::string function, file;
  int line = 0;
};
struct Variable {
  std::string name, value, type;
};

// --- orders ---
struct SetAll {  // these and no others
  std::vector<SourceBreakpoint> breakpoints;
};
struct Stop {
  std::uint64_t stopId = 0;
};
struct Continue {};
struct Detach {};  // clears, lets it run, ends the guardian
using Order = std::variant<SetAll, Stop, Continue, Detach>;

// --- what is told ---
struct Attached {
  std::int64_t frozenNs = 0;  // how long attaching kept the process from running, at most
  std::string debugger;
};
struct Bound {
  std::string id;
  std::uint64_t revision = 0;
  bool ok = false;
  int line = 0;  // where it was bound; 0: not known
  std::string reason;
};
enum class StopCause { Breakpoint, Step, Exception, ConditionError, Linked, Unknown };
struct Stopped {
  std::uint64_t epoch = 0;  // resumes that were confirmed before
  StopCause cause = StopCause::Unknown;
  std::vector<std::string> breakpoints;  // ids
  std::uint64_t stopId = 0;              // of the order that was open; 0: none
  std::int64_t timeNs = 0;               // UTC
  std::string text;                      // what the debugger said
};
struct Context {  // of the stop of that epoch
  std::uint64_t epoch = 0;
  std::vector<Frame> frames;
  std::vector<Variable> locals;  // of the top frame
};
struct Resumed {
  std::uint64_t epoch = 0;  // the new one
  std::int64_t timeNs = 0;
};
struct Output {  // of a logpoint, or what the debugger has to say
  std::string text;
  bool logpoint = false;
};
struct Gone {
  bool exited = false;  // the process itself; else only the debugger let go
  std::string reason;
};
using Told = std::variant<Attached, Bound, Stopped, Context, Resumed, Output, Gone>;

std::string lineOf(const Order& order);  // with its newline
std::string lineOf(const Told& told);
Result<Order> orderIn(const std::string& line);
Result<Told> toldIn(const std::string& line);

// Bytes to lines; a line of over 4 MiB breaks the conversation.
class LineReader {
 public:
  Result<std::vector<std::string>> feed(const char* bytes, std::size_t count);

 private:
  std::string buffer_;
};

}  // namespace qd::debug
