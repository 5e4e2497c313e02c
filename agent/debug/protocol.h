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
  bool exception = false;   // where something is thrown, or panics; no place
  bool capture = false;     // stops this process alone, and only until what stands there is known
  bool operator==(const SourceBreakpoint&) const = default;
};

struct Frame {
  std::string function, file;
  int line = 0;
  std::int64_t id = 0;
};
struct Variable {
  std::string name, value, type;
  std::int64_t reference = 0;  // 0: has nothing below
};
struct Thread {
  std::int64_t id = 0;
  std::string name;
  bool current = false;
};

// --- orders ---
struct SetAll {  // these and no others
  std::vector<SourceBreakpoint> breakpoints;
};
struct Stop {
  std::uint64_t stopId = 0;
};
struct Continue {
  std::uint64_t epoch = 0;   // of the stop that is meant; another is left alone
  std::uint64_t stopId = 0;  // not 0: takes that order back, whenever it is obeyed; a hit of its own stays
};
enum class StepKind { Over, Into, Out };
struct Step {
  std::uint64_t stopId = 0;  // of the stop that ends it
  StepKind kind = StepKind::Over;
  std::int64_t thread = 0;  // 0: the one that stopped
};
enum class Look { Threads, Stack, Variables, Evaluate };
struct Inspect {
  std::uint64_t request = 0;
  Look look = Look::Threads;
  std::uint64_t epoch = 0;  // of the stop that the numbers are of; 0: there are none (or it is the first)
  std::int64_t thread = 0, frame = 0, reference = 0;
  std::string expression;
};
struct Detach {};  // clears, lets it run, ends the guardian
using Order = std::variant<SetAll, Stop, Continue, Step, Inspect, Detach>;

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
  std::string thread;
};
struct Seen {  // the answer to Inspect
  std::uint64_t request = 0, epoch = 0;
  std::string error;  // empty: fine
  std::vector<Thread> threads;
  std::vector<Frame> frames;
  std::vector<Variable> variables;
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
using Told = std::variant<Attached, Bound, Stopped, Context, Resumed, Output, Gone, Seen>;

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
