// SPDX-License-Identifier: Apache-2.0
// Carries out what control::DebugDesk decides: stop, resume and step orders through the lanes, arming over the streams,
// source breakpoints through debuggers, groups, breakpoints and hits into the log; and renews the probes' own deadline
// while a stop is held. Members at other agents are ordered through Guests; processes of here that are in groups of
// other agents are left to Lender (debug_far.cpp). Loop thread only; a hit is acted upon in the same call, without a
// timer between.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/daemon/flight_log.h"
#include "agent/daemon/guests.h"
#include "agent/daemon/lender.h"
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
  // `done` once: at once, or when another agent that it needs has answered.
  void execute(control::SessionId session, const std::string& who, const control::DebugOrder& order,
               control::DebugDone done);
  // How other agents are reached. What an earlier agent had of them is wanted again.
  void setOpen(Guests::OpenLink open);
  Lender& lender() { return lender_; }
  void inspect(const control::InspectOrder& order, control::InspectDone done) {
    source_.inspect(order, std::move(done));
  }
  void sessionClosed(control::SessionId session) { desk_.sessionClosed(session); }
  void on(const control::ProcessEvent& event);  // of a probe
  void describe(const ingest::ProcessInfo& info) { perform(desk_.describe(info)); }
  void sampled(const ingest::SampleBlock& block);
  void onTime(TimeNs now);
  bool idle() const;                                       // nothing is set, held or awaited
  void renew(const std::vector<ProbeSession*>& sessions);  // every 500 ms

 private:
  Result<std::string> executeHere(control::SessionId session, const std::string& who, const control::DebugOrder& order);
  Result<> mayStop(const control::BreakpointOrder& order);
  void perform(control::DebugActions actions);
  void perform(control::DebugAction& action);
  void publishHit(ingest::Hit hit);
  void fromDebugger(control::ProcessEvent event);
  void decide(const control::ProcessEvent& event);
  void syncFollowers();
  void say(const ProcessId& process, const std::string& category, const std::string& text);  // in its log
  SourceDriver::Port sourcePort();
  std::optional<control::LiveProcess> liveOf(const ProcessId& process) const;

  // debug_far.cpp
  struct PendingLink {
    control::SessionId session = 0;
    std::string who;
    control::LinkOrder order;
    control::DebugDone done;
    std::int64_t until = 0;  // monotonic
  };
  Lender::Port lenderPort();
  Guests::Port guestsPort();
  std::optional<control::LentProcess> lentProcess(const ProcessId& process) const;
  void resumeAll(control::SessionId session, const std::string& who, control::DebugDone done);
  std::string siteHome(const control::DebugOrder& order) const;
  void linkFar(PendingLink link);
  void checkLinks();
  void syncGuests();
  void fromGuest(const control::ProcessEvent& event);
  void forwarded(const std::string& endpoint, const control::Forward& forward);
  bool orderGuest(const control::DebugAction& action);
  void showFar(const control::DebugAction& action);
  void followGuest(const ProcessId& process, bool on);

  // A process's count of resumes is its probe's and its debugger's together, so that it tells stops of both apart.
  struct Resumes {
    std::uint64_t probe = 0, debugger = 0;
  };

  EventLoop& loop_;
  FlightLog& log_;
  ProcessTable& table_;
  FindSession find_;
  control::DebugDesk desk_;
  std::map<ProcessId, Resumes> resumes_;
  std::map<ProcessId, InstanceId> instances_;
  control::DebugActions crossed_;  // for what was awaited; done after the samples
  std::set<ProcessId> followers_;  // whose debugger waits for stops of others
  SourceDriver source_;
  const std::uint64_t run_;  // of this agent: its counts of resumes begin with it
  Lender lender_;
  Guests guests_;
  std::vector<PendingLink> pendingLinks_;
};

}  // namespace qd::daemon
