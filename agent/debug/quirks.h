// SPDX-License-Identifier: Apache-2.0
// Everything in which one debugger differs from another, in one place: how it is started, how it attaches, how a
// running process is stopped soonest, what it makes of counts and conditions, what its stops mean. Found out with delve
// 1.20.2 and lldb-dap 19.1.7; see docs/debuggers.md. Pure functions of their input; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/debug/protocol.h"

namespace qd::debug {

enum class DebuggerKind { Delve, Lldb };

std::optional<DebuggerKind> debuggerNamed(const std::string& name);  // "dlv", "lldb"
std::string_view nameOf(DebuggerKind kind);

class Quirks {
 public:
  explicit Quirks(DebuggerKind kind) : kind_(kind) {}

  DebuggerKind kind() const { return kind_; }
  // Programs to try, the first that is there; each with its arguments.
  std::vector<std::vector<std::string>> commands() const;
  // delve serves DAP on a port that it prints; lldb's adapter speaks on its own input and output.
  bool servesOnPort() const { return kind_ == DebuggerKind::Delve; }
  static std::optional<int> portIn(const std::string& line);

  Json attachArguments(std::int64_t pid) const;
  // lldb now and then loses its own server while it attaches ("lost connection"), and not the next time.
  int attachTries() const { return kind_ == DebuggerKind::Lldb ? 3 : 1; }
  // lldb waits a fixed 100 ms inside a DAP `pause`, while its threads are frozen 2 ms after a SIGSTOP.
  bool stopsBySignal() const { return kind_ == DebuggerKind::Lldb; }
  // delve halts a running process by a SIGTRAP, which can outlast the halt that it was for.
  bool haltsByTrap() const { return kind_ == DebuggerKind::Delve; }
  // "From the Nth hit on", as this debugger understands it.
  Json hitCondition(std::uint64_t after) const;
  // What to stop at where something is thrown. delve has no filters and stops where a goroutine panics and nobody
  // recovers; whether anybody wants that stop is for the owner to say.
  bool hasExceptionFilters() const { return kind_ == DebuggerKind::Lldb; }
  Json exceptionFilters(const Json& capabilities) const;
  std::string threadName(std::int64_t thread) const;
  // At each `stackTrace` lldb-dap 19 compiles a function and runs it in the game, to see whether an exception is in
  // flight: 8 ms and more. A command prints the same frames and runs nothing. Empty: `stackTrace` is as good.
  std::vector<std::string> stackCommands(std::int64_t thread, int levels) const;
  // What the last of them printed; nothing: not this thread's frames, so that the usual request has to do.
  static std::optional<std::vector<Frame>> framesIn(const std::string& printed, std::int64_t thread);
  // What cannot be asked of this debugger, as one sentence; empty: fine.
  std::string refusal(const SourceBreakpoint& breakpoint, const Json& capabilities) const;

  // The stop that an event `stopped` (its body) tells of. `ordered`: a stop by us was under way.
  StopCause causeOf(const Json& body, bool ordered) const;
  // Is it the SIGSTOP that we sent (lldb)?
  bool isOurSignal(const Json& body) const;
  // The debugger's own numbers of the breakpoints that were hit.
  std::vector<std::int64_t> hitNumbers(const Json& body) const;
  // A breakpoint that lldb sets while the process runs is there a moment before its count is: a stop so soon after it
  // is none.
  bool stopsBeforeItCounts(std::int64_t sinceBoundNs) const {
    return kind_ == DebuggerKind::Lldb && sinceBoundNs < 50'000'000;
  }
  // delve says that it could not evaluate a condition; lldb stops as if it held, and prints a note at some time.
  bool stopsWhereConditionsFail() const { return kind_ == DebuggerKind::Lldb; }

 private:
  DebuggerKind kind_;
};

}  // namespace qd::debug
