// SPDX-License-Identifier: Apache-2.0
// Carries out what control::DebugDesk decides: stop, resume and step orders through the lanes, arming over the streams,
// source breakpoints through debuggers, groups, breakpoints and hits into the log; and renews the probes' own deadline
// while a stop is held. Loop thread only; a hit is acted upon in the same call, without a timer between.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/daemon/flight_log.h"
#include "agent/daemon/probe_session.h"
#include "agent/daemon/process_table.h"
#include "agent/daemon/source_driver.h"
#include "core/control/debug_desk.h"
#include "core/control/live_guard.h"

namespace qd::daemon {

class DebugDriver {
 public:
  using FindSession = std::function<ProbeSession*(const ProcessId&)>;

  DebugDriver(EventLoop& loop, FlightLog& log, ProcessTable& table, FindSession find,
              std::vector<DebuggerRule> debuggers);

  // What the log of an earlier agent says.
  void restore(std::vector<ingest::LinkGroup> groups, std::vector<ingest::Breakpoint> breakpoints);
  Result<std::string> execute(control::SessionId session, const std::string& who, const control::DebugOrder& order);
  void inspect(const control::InspectOrder& order, control::InspectDone done) {
    source_.inspect(order, std::move(done));
  }
  void sessionClosed(control::SessionId session) { desk_.sessionClosed(session); }
  void on(const control::ProcessEvent& event);  // of a probe
  void describe(const ingest::ProcessInfo& info) { perform(desk_.describe(info)); }
  void sampled(const ingest::SampleBlock& block);
  void onTime(TimeNs now);
  void renew(const std::vector<ProbeSession*>& sessions);  // every 500 ms

 private:
  Result<> mayStop(const control::BreakpointOrder& order);
  void perform(control::DebugActions actions);
  void perform(control::DebugAction& action);
  void publishHit(ingest::Hit hit);
  void fromDebugger(control::ProcessEvent event);
  void decide(const control::ProcessEvent& event);
  void syncFollowers();
  void logpoint(const ProcessId& process, const std::string& text);
  SourceDriver::Port sourcePort();

  // A process's count of resumes is its probe's and its debugger's together, so that it tells stops of both apart.
  struct Resumes {
    std::uint64_t probe = 0, debugger = 0;
  };

  FlightLog& log_;
  ProcessTable& table_;
  FindSession find_;
  control::DebugDesk desk_;
  std::map<ProcessId, Resumes> resumes_;
  std::map<ProcessId, InstanceId> instances_;
  control::DebugActions crossed_;  // for what was awaited; done after the samples
  std::set<ProcessId> followers_;  // whose debugger waits for stops of others
  SourceDriver source_;
};

}  // namespace qd::daemon
