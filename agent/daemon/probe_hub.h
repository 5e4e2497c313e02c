// SPDX-License-Identifier: Apache-2.0
// The probe socket and everybody on it: accepts, drains all lanes (drain_pace.h says how often), ends sessions, and
// hands what they say to the push and debug drivers. Loop thread only. Errors of listening: Io, Conflict when another
// agent is there.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/daemon/change_driver.h"
#include "agent/daemon/debug_driver.h"
#include "agent/daemon/drain_pace.h"
#include "agent/daemon/event_loop.h"
#include "agent/daemon/experiment_driver.h"
#include "agent/daemon/host_metrics.h"
#include "agent/daemon/paced_timer.h"
#include "agent/daemon/probe_session.h"
#include "agent/daemon/push_driver.h"
#include "agent/daemon/wish_driver.h"

namespace qd::daemon {

struct HubStats {
  std::uint64_t accepted = 0, refused = 0, sessions = 0, samples = 0, dropped = 0, unreadable = 0;
};

// What the log of an earlier agent told.
struct Recollection {
  std::map<std::pair<std::uint64_t, std::uint32_t>, std::uint64_t> records;  // by instance and ring: next record
  std::map<InstanceId, TimeNs> seen;                                         // the newest sample's time
  std::map<std::string, ingest::LinkGroup> groups;
  std::map<std::string, ingest::Breakpoint> breakpoints;
  std::map<std::string, std::vector<ingest::PushResult>> pushes;  // by push id, one a process
  std::map<std::string, ingest::ChangeState> changes;
  void take(const ingest::Envelope& envelope, ProcessTable& table);
};

class ProbeHub final : public ProbeObserver {
 public:
  ProbeHub(EventLoop& loop, FlightLog& log, ProcessTable& table, AuditLog& audit, control::SharedStore& shared,
           Recollection recollection, std::vector<DebuggerRule> debuggers = {});
  ~ProbeHub() override;

  Result<> listen(const std::string& path);
  // For probes on other machines; plaintext. Returns what was bound. A token is needed off loopback.
  Result<std::string> listenTcp(const std::string& address, const std::string& token);
  Result<> startTimers();
  // Somebody begins to read: what lies in the rings goes out now, and from now on at the usual pace.
  void attend();
  PushDriver& pushes() { return pushes_; }
  DebugDriver& debugging() { return debugging_; }
  ChangeDriver& changes() { return changes_; }
  WishDriver& wishes() { return wishes_; }
  ExperimentDriver& experiments() { return experiments_; }
  // The shared store is a cluster's: fences and the audit's head stand there too.
  void shareWithOthers();
  std::vector<ProbeSession*> live() const;
  HubStats stats() const;
  void close();  // every process's last samples; the processes are not gone, only this agent is

  Result<> admit(ProbeSession& session) override;
  void up(ProbeSession& session) override;
  void answered(ingest::PushResult result) override { pushes_.on(std::move(result)); }
  void answered(ingest::ActionResult result) override { pushes_.on(std::move(result)); }
  void debugged(const control::ProcessEvent& event) override { debugging_.on(event); }
  void wantWrite(ProbeSession& session, bool want) override;
  std::string whoPushed(const std::string& pushId) override { return pushes_.who(pushId); }
  void fillDesired(const ProcessId& process, ingest::ParameterValue& value) override { wishes_.fill(process, value); }
  void sampled(const ingest::SampleBlock& block) override {
    if (changes_.active()) changes_.sampled(block);
    debugging_.sampled(block);
  }
  std::uint64_t recordsKnown(InstanceId instance, std::uint32_t ring) override;

 private:
  void accept(int listener, const ProbeDoor* door);
  void handle(int socket, std::uint32_t events);
  void end(int socket, const std::string& reason);
  void drainAll();
  bool awaited() const;
  void everySecond();
  void declareLost();
  void shareHead();
  void checkHead();
  void tellWhetherAway(TimeNs now);
  ProbeSession* find(const ProcessId& id) const;

  EventLoop& loop_;
  PacedTimer drainTimer_;
  DrainPace pace_;
  FlightLog& log_;
  ProcessTable& table_;
  Recollection recollection_;
  HostMetrics host_;
  PushDriver pushes_;
  DebugDriver debugging_;
  ChangeDriver changes_;
  WishDriver wishes_;
  ExperimentDriver experiments_;
  AuditLog& audit_;
  control::SharedStore& shared_;
  bool sharedByAll_ = false;
  std::uint64_t headShared_ = 0;
  bool storeAway_ = false;
  bool headAsked_ = false, headChecked_ = false;  // against the one that is shared
  std::string path_;
  int listener_ = -1, tcpListener_ = -1;
  ProbeDoor door_;
  std::unordered_map<int, std::unique_ptr<ProbeSession>> sessions_;
  std::unordered_map<std::string, ProbeSession*> byId_;  // the admitted ones
  std::int64_t startedAt_ = 0, renewedAt_ = 0, secondAt_ = 0;
  bool lostDeclared_ = false;
  HubStats stats_;
};

}  // namespace qd::daemon
