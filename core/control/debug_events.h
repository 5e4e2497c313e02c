// SPDX-License-Identifier: Apache-2.0
// What the debug state machines are told about processes, and what they want done: plain values between core/control,
// which decides, and the agent, which does. `epoch` is the process's own count of resumes as its probe reports it; it
// tells a stop that is over from the one that is meant. Ticks are of the domain. Values only; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/control/inspect.h"
#include "core/ingest/events.h"

namespace qd::control {

// --- in --------------------------------------------------------------------------------------------------------------

// A process is here (declared, or declared again), with the sites it has. A new instance under a known id too.
struct ProcessUp {
  ProcessId process;
  InstanceId instance;
  ingest::ProcessKind kind = ingest::ProcessKind::Server;
  std::string domain;
  double tickHz = 60;
  std::vector<std::string> sites;
  std::int64_t healthNs = 0;  // who watches it gives it up after that long without an answer; 0: not known
};
struct ProcessDown {
  ProcessId process;
  std::string reason;
};
// The answer to ArmSite. `reason` where it was rejected; `movedLine` where it was bound to another line (source only).
struct ArmAnswer {
  ProcessId process;
  std::string breakpoint;
  std::uint64_t revision = 0;
  bool ok = false;
  std::string reason;
  std::int32_t movedLine = 0;
};
// The process disarmed it by itself: spent, orphaned. Not the answer to DisarmSite.
struct Disarmed {
  ProcessId process;
  std::string breakpoint;
  std::string reason;
};
// A condition held at an armed site. With `stops` the process is about to park and Parked follows.
struct SiteHit {
  ProcessId process;
  std::uint64_t epoch = 0;
  std::string breakpoint;
  std::uint64_t hits = 0;
  bool stops = true;
  Tick tick = 0;
  TimeNs time = 0;
  std::vector<ingest::StackFrame> frames;  // where the site is
  Fields locals;                           // its context
  bool byDebugger = false;                 // it stands by a debugger, in the middle of a tick
  std::string thread{};                    // then
  std::vector<ingest::SourceText> sources{};
};
// What stands where at a stop by a debugger, which takes longer to find out than the stop itself.
struct StopContext {
  ProcessId process;
  std::uint64_t epoch = 0;
  std::vector<ingest::StackFrame> frames;
  Fields locals;  // of the top frame
  std::string thread{};
  std::vector<ingest::SourceText> sources{};
  TimeNs time = 0;  // when it said so
};
struct Parked {
  ProcessId process;
  std::uint64_t epoch = 0;
  std::uint64_t stopId = 0;  // of the order that it obeyed; 0: none
  std::string breakpoint;    // where a site stopped it
  Tick tick = 0;
  TimeNs time = 0;
  bool byDebugger = false;  // it is frozen; StopContext follows when the debugger can be asked
};
struct Resumed {
  ProcessId process;
  std::uint64_t epoch = 0;  // the new one
  TimeNs time = 0;
  bool asked = true;   // false: by itself (orphaned, its own maximum, closing)
  std::string reason;  // then, one phrase
};

using ProcessEvent = std::variant<ProcessUp, ProcessDown, ArmAnswer, Disarmed, SiteHit, StopContext, Parked, Resumed>;

// --- out -------------------------------------------------------------------------------------------------------------

// Park at the first boundary whose tick is >= atTick; absent: at the next one. `byDebugger`: the leader stands by its
// debugger, so a process that has one is to be stopped by it, at once.
struct OrderStop {
  ProcessId process;
  std::uint64_t stopId = 0;
  std::optional<Tick> atTick;
  bool byDebugger = false;
};
// Run on, and forget a stop order that has not been reached. Harmless when it runs. It means the stop of that epoch,
// the newest that was heard of: one that has run on since, and stands again, is not to be run on by it.
struct OrderResume {
  ProcessId process;
  std::uint64_t epoch = 0;
  std::uint64_t stopId = 0;  // not 0: only if it stands by that order, or would; at a hit of its own it stays
};
// Run on and park again at that tick, in one order.
struct OrderStep {
  ProcessId process;
  std::uint64_t stopId = 0;
  Tick atTick = 0;
};
// One process that stands by its debugger goes on by a line; the stop that ends it carries the id.
struct OrderSourceStep {
  ProcessId process;
  std::uint64_t stopId = 0;
  StepHow how = StepHow::Over;
  std::int64_t thread = 0;
};
struct ArmSite {
  ProcessId process;
  ingest::Breakpoint breakpoint;
};
struct DisarmSite {
  ProcessId process;
  std::string breakpoint;
};
struct PublishBreakpoint {
  ingest::Breakpoint breakpoint;
};
struct PublishGroup {
  ingest::LinkGroup group;
};
// The driver adds what it alone knows: the members' parameters, stacks of source stops.
struct PublishHit {
  ingest::Hit hit;
};
// The lease ran out at this breakpoint's stop: it is switched off. LinkGroup says it, DebugDesk does it.
struct SwitchOff {
  std::string breakpoint;
  std::string reason;
};
// For the audit log: one sentence.
struct Audit {
  std::string text;
};

using DebugAction = std::variant<OrderStop, OrderResume, OrderStep, OrderSourceStep, ArmSite, DisarmSite,
                                 PublishBreakpoint, PublishGroup, PublishHit, SwitchOff, Audit>;
using DebugActions = std::vector<DebugAction>;

}  // namespace qd::control
