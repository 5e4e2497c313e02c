// SPDX-License-Identifier: Apache-2.0
// Everything about debugging that one agent decides: its link groups, breakpoints and leases behind two doors, orders
// from debug sessions and events from processes. Pure: no thread, no I/O; the agent calls it from one thread, does the
// actions in their order, and calls onTime() at nextDeadline(). Process events of an instance that is no longer the
// newest must not be passed in.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/control/breakpoint_registry.h"
#include "core/control/debug_order.h"
#include "core/control/lease_book.h"
#include "core/control/link_group.h"
#include "core/control/metric_watch.h"

namespace qd::control {

class DebugDesk {
 public:
  explicit DebugDesk(LinkTimes times = {}) : times_(times) {}

  // An order of a session: the id of what was made or changed. Errors name what is wrong and what exists. Actions are
  // appended to `out` also where the order fails part-way.
  Result<std::string> execute(SessionId session, const std::string& who, const DebugOrder& order, TimeNs now,
                              DebugActions& out);
  void sessionClosed(SessionId session) { leases_.vanish(session); }

  DebugActions on(const ProcessEvent& event, TimeNs now);
  // What breakpoints wait for: the series of a process, and its samples.
  DebugActions describe(const ingest::ProcessInfo& info);
  DebugActions samples(const ingest::SampleBlock& block, TimeNs now);
  DebugActions onTime(TimeNs now);
  std::optional<TimeNs> nextDeadline() const;

  // A process that is lent to another agent's group (its home) may be in none of here; home empty: it is back.
  void setLent(const ProcessId& process, const std::string& home);
  // While true the agent renews the probe's own deadline every 500 ms.
  bool holds(const ProcessId& process) const;

  std::vector<ingest::Breakpoint> breakpoints() const { return registry_.all(); }
  std::vector<ingest::LinkGroup> groups() const;
  const ingest::LinkGroup* group(const std::string& id) const;
  // After a restart of the agent, before the first event. Groups come back running.
  void restore(std::vector<ingest::LinkGroup> groups, std::vector<ingest::Breakpoint> breakpoints);

 private:
  Result<std::string> set(const BreakpointOrder& order, DebugActions& out);
  Result<std::string> link(std::vector<ProcessId> members, const std::string& home, DebugActions& out);
  Result<std::string> unlink(const std::string& id, DebugActions& out);
  Result<std::string> resume(const std::string& id, const std::string& who, TimeNs now, DebugActions& out);
  Result<LinkGroup*> one(const std::string& id);
  Result<std::vector<ProcessId>> defaultMembers() const;
  Result<std::vector<ProcessId>> membersFor(const BreakpointOrder& order, const LinkGroup& group) const;
  Result<std::string> groupFor(const BreakpointOrder& order, DebugActions& out);
  void planAll(DebugActions& out);
  LinkGroup* groupOf(const ProcessId& process);
  std::string groupNameFor(const std::string& named, const ProcessId& process);
  bool isArmed(const std::string& breakpoint, const ProcessId& process) const;
  void rewatch(DebugActions& out);
  void take(DebugActions actions, DebugActions& out);

  LinkTimes times_;
  std::map<ProcessId, ProcessUp> processes_;   // live ones
  std::map<ProcessId, InstanceId> instances_;  // the newest seen of each
  std::map<ProcessId, std::string> lent_;      // and to which home
  std::map<std::string, LinkGroup> groups_;
  BreakpointRegistry registry_;
  LeaseBook leases_;
  MetricWatch metrics_;
  std::uint64_t nextGroup_ = 1;
};

}  // namespace qd::control
