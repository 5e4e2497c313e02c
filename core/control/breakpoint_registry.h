// SPDX-License-Identifier: Apache-2.0
// The breakpoints of one agent: what was wanted, and what each member process has acknowledged. Pure: events in,
// actions out. Per member draft -> sent -> verified | moved | rejected; a breakpoint is armed when it is enabled and
// every member is verified and has not moved. One that waits (for a metric, or until another was hit) is sent to nobody
// before that. An edit must carry the current revision (Conflict otherwise) and sends
// every member the new one; a process that starts again gets its breakpoints again. Expired ones are removed. At most
// 1,000 breakpoints. Calls from one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/control/command_port.h"
#include "core/control/debug_events.h"

namespace qd::control {

class BreakpointRegistry {
 public:
  // Creates or replaces. `members` are the processes that shall have it; `live` of them are sent to now, the others
  // when they come up. Returns the id. Errors: InvalidArgument (no site, no member, a condition on a Tick breakpoint),
  // NotFound, Conflict (an old revision), Exhausted.
  Result<std::string> set(const BreakpointOrder& order, const std::vector<ProcessId>& members,
                          const std::vector<ProcessId>& live, DebugActions& out);
  Result<> remove(const std::string& id, DebugActions& out);
  Result<> switchOff(const std::string& id, const std::string& reason, DebugActions& out);
  void removeGroup(const std::string& group, DebugActions& out);

  // What it waited for has come: it goes to its members. One that only waits to stop is switched off.
  DebugActions trigger(const std::string& id);
  // What it waits for can never come: rejected, with why.
  DebugActions cannotTrigger(const std::string& id, const std::string& why);

  DebugActions on(const ProcessUp& event);
  DebugActions on(const ProcessDown& event);
  DebugActions on(const ArmAnswer& event);
  DebugActions on(const Disarmed& event);
  // Counts it. For a capture or log breakpoint also publishes the hit, which stops nothing.
  DebugActions on(const SiteHit& event);

  const ingest::Breakpoint* find(const std::string& id) const;
  std::vector<ingest::Breakpoint> all() const;
  // What was kept over a restart of the agent, switched off: a restart must not stop a game that nobody watches.
  void restore(std::vector<ingest::Breakpoint> kept);

  DebugActions onTime(TimeNs now);
  std::optional<TimeNs> nextDeadline() const;

 private:
  void sendTo(ingest::Breakpoint& breakpoint, ingest::BreakpointMember& member, DebugActions& out);
  void disarmAt(const ingest::Breakpoint& breakpoint, const ProcessId& process, DebugActions& out);
  Result<> checkChain(const ingest::Breakpoint& wanted) const;
  void publish(ingest::Breakpoint& breakpoint, DebugActions& out);

  std::map<std::string, ingest::Breakpoint> breakpoints_;
  std::set<ProcessId> live_;
  std::uint64_t nextId_ = 1;
  std::uint64_t captures_ = 0;
};

}  // namespace qd::control
