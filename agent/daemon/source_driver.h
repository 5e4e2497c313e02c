// SPDX-License-Identifier: Apache-2.0
// The processes that may be stopped by a debugger: which debugger each has (by configuration alone), a guardian for
// each while it is needed, orders to it, and what it tells as the events that control::DebugDesk understands. A
// debugger is attached when the first source breakpoint is armed in a process's link group, and lets go when the last
// is gone. One that ends by itself is attached again after a while where a follower needs it (SourceRetry). Loop thread
// only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/daemon/event_loop.h"
#include "agent/daemon/source_look.h"
#include "agent/daemon/source_retry.h"
#include "agent/debug/guardian_link.h"
#include "core/control/debug_events.h"
#include "core/control/inspect.h"

namespace qd::daemon {

class SourceDriver {
 public:
  struct Port {
    std::function<void(const control::ProcessEvent&)> tell;
    std::function<std::optional<std::int64_t>(const ProcessId&)> pidOf;  // as the kernel says
    std::function<Tick(const ProcessId&)> tickOf;
    // What a logpoint said, or what became of its debugger.
    std::function<void(const ProcessId&, const std::string& category, const std::string& text)> log;
  };

  SourceDriver(EventLoop& loop, std::vector<DebuggerRule> rules, std::string guardian, Port port);
  ~SourceDriver();

  bool mayDebug(const ProcessId& process) const { return ruleFor(process) != nullptr; }
  bool attached(const ProcessId& process) const;  // and has confirmed it
  bool stands(const ProcessId& process) const;    // by the debugger, or is about to

  void arm(const ProcessId& process, const ingest::Breakpoint& breakpoint);
  bool disarm(const ProcessId& process, const std::string& breakpoint);  // false: none of its own
  void attach(const ProcessId& process);   // as a follower, without a breakpoint of its own
  void release(const ProcessId& process);  // a follower that is needed no more
  void stop(const ProcessId& process, std::uint64_t stopId);
  void resume(const control::OrderResume& order);
  void resume(const ProcessId& process) { resume(control::OrderResume{process}); }
  void step(const control::OrderSourceStep& order);
  // Looks into a process that stands by its debugger, or at a source file of one that may be debugged.
  void inspect(const control::InspectOrder& order, control::InspectDone done);
  void down(const ProcessId& process);  // it has gone; its guardian notices by itself

 private:
  struct Armed {
    ingest::Breakpoint breakpoint;
    std::uint64_t hits = 0;
  };
  struct Debuggee {
    std::unique_ptr<debug::GuardianLink> link;
    std::map<std::string, Armed> armed;
    bool attached = false, stands = false, stopping = false, stepping = false, follower = false;
    std::uint64_t stopWanted = 0;  // ordered before it was attached
    std::int64_t attachedAt = 0;   // monotonic; 0: not yet
    std::string capturing;         // a capture that waits for its context
    Tick tick = 0;
    std::uint64_t epoch = 0;                              // its guardian's, as far as it has told
    std::map<std::uint64_t, control::InspectDone> looks;  // that its guardian has not answered
  };
  const DebuggerRule* ruleFor(const ProcessId& process) const;
  void reapAtItsEnd(pid_t guardian);
  void attachFollowers();
  Result<> begin(const ProcessId& process, Debuggee& debuggee);
  void refuse(const ProcessId& process, const ingest::Breakpoint& breakpoint, const std::string& why);
  void send(const ProcessId& process, Debuggee& debuggee);
  void letGoIfIdle(const ProcessId& process, Debuggee& debuggee);
  void readable(const ProcessId& process);
  void on(const ProcessId& process, const debug::Told& told);
  void bound(const ProcessId& process, const debug::Bound& told);
  void stopped(const ProcessId& process, const debug::Stopped& told);
  void context(const ProcessId& process, const debug::Context& told);
  void seen(Debuggee& debuggee, const DebuggerRule& rule, const debug::Seen& told);
  void gone(const ProcessId& process, const std::string& reason, bool exited);
  void tellOfRetry(const ProcessId& process, const Debuggee& lost, const std::string& reason);

  EventLoop& loop_;
  const std::vector<DebuggerRule> rules_;
  const std::string guardian_;
  Port port_;
  std::map<ProcessId, Debuggee> debuggees_;
  std::set<ProcessId> followers_;  // that are to have a debugger
  SourceRetry retry_;
  std::uint64_t nextLook_ = 1;
};

}  // namespace qd::daemon
