// SPDX-License-Identifier: Apache-2.0
// Carries out what control::DebugDesk decides: stop, resume and step orders through the lanes, arming over the streams,
// groups, breakpoints and hits into the log; and renews the probes' own deadline while a stop is held. Loop thread
// only; a hit is acted upon in the same call, without a timer between.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/daemon/flight_log.h"
#include "agent/daemon/probe_session.h"
#include "agent/daemon/process_table.h"
#include "core/control/debug_desk.h"

namespace qd::daemon {

class DebugDriver {
 public:
  using FindSession = std::function<ProbeSession*(const ProcessId&)>;

  DebugDriver(FlightLog& log, ProcessTable& table, FindSession find)
      : log_(log), table_(table), find_(std::move(find)) {}

  // What the log of an earlier agent says.
  void restore(std::vector<ingest::LinkGroup> groups, std::vector<ingest::Breakpoint> breakpoints);
  Result<std::string> execute(control::SessionId session, const std::string& who, const control::DebugOrder& order);
  void sessionClosed(control::SessionId session) { desk_.sessionClosed(session); }
  void on(const control::ProcessEvent& event);
  void onTime(TimeNs now);
  void renew(const std::vector<ProbeSession*>& sessions);  // every 500 ms

 private:
  void perform(control::DebugActions actions);
  void perform(control::DebugAction& action);
  void publishHit(ingest::Hit hit);

  FlightLog& log_;
  ProcessTable& table_;
  FindSession find_;
  control::DebugDesk desk_;
};

}  // namespace qd::daemon
