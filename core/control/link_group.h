// SPDX-License-Identifier: Apache-2.0
// One link group: the processes that stop together. A pure state machine: events in, actions out, no thread, no I/O, no
// clock of its own. It runs at its home agent; members may be at others, which lend them (lending.h). running ->
// gathering -> stopped -> resuming -> running, or partial while a member has not stopped within 500 ms. What it keeps
// to:
//  - only a hit or an order while the group runs opens a stop; whatever stops meanwhile joins it (a co-hit) or is run
//  on;
//  - members of the leader's domain stop at the leader's tick, members of other domains at once;
//  - resume goes to the followers first, to the leader when they have confirmed;
//  - a process that parks although nobody wants it parked is resumed, and resumed again;
//  - the lease ends every stop: everything resumes and the breakpoint is switched off.
// Times: UTC ns. Calls from one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/control/debug_events.h"

namespace qd::control {

struct LinkTimes {
  std::int64_t gather = 500 * kNsPerMs;
  std::int64_t confirm = 500 * kNsPerMs;  // between repeated resume orders
  std::int64_t lease = 15 * kNsPerSecond;
  std::int64_t maximum = 300 * kNsPerSecond;  // of one stop, however often the lease is renewed
};

struct MemberSpec {
  ProcessId process;
  std::string domain;
  ingest::ProcessKind kind = ingest::ProcessKind::Server;
  double tickHz = 60;
  std::int64_t healthNs = 0;  // as in ProcessUp
};

class LinkGroup {
 public:
  LinkGroup(std::string id, std::vector<MemberSpec> members, LinkTimes times = {}, std::string home = {});

  const ingest::LinkGroup& view() const { return view_; }
  bool has(const ProcessId& process) const;
  // While true the agent renews the probe's own deadline (every 500 ms); else the process frees itself.
  bool holds(const ProcessId& process) const;

  // Process events; those of processes that are no members are ignored. SiteHit with stops only.
  DebugActions on(const SiteHit& event, TimeNs now);
  DebugActions on(const StopContext& event);
  DebugActions on(const Parked& event, TimeNs now);
  DebugActions on(const Resumed& event, TimeNs now);
  DebugActions on(const ProcessDown& event, TimeNs now);
  // A member is there again: the same start of it, or another.
  DebugActions onBack(const MemberSpec& back, bool newInstance, TimeNs now);

  // Orders. Conflict, with a sentence, where the state does not allow it; `out` receives the actions.
  Result<> pause(const std::string& who, TimeNs now, DebugActions& out);
  Result<> resume(const std::string& who, TimeNs now, DebugActions& out);
  Result<> step(std::uint32_t ticks, TimeNs now, DebugActions& out);
  // One member of a stopped group runs on alone, or by a line of its source; the others stand.
  Result<> resumeOne(const ProcessId& process, const std::string& who, TimeNs now, DebugActions& out);
  Result<> stepSource(const ProcessId& process, StepHow how, std::int64_t thread, TimeNs now, DebugActions& out);
  // A watched metric has crossed in that member: all stop at the next boundary.
  DebugActions stopFor(const std::string& breakpoint, const ProcessId& process, TimeNs now);
  // Stops all at that tick when it comes (a Tick breakpoint); 0 forgets it.
  void planStop(const std::string& breakpoint, Tick tick, DebugActions& out);
  // The lease of the present stop, if any; never shortened, never beyond the maximum.
  DebugActions renewLease(TimeNs until, TimeNs now);

  DebugActions onTime(TimeNs now);
  std::optional<TimeNs> nextDeadline() const;

 private:
  struct Member {
    MemberSpec spec;
    std::uint64_t epoch = 0;  // newest seen
    // Hits and parkings of this epoch and before belong to stops that are over; nullopt: none yet.
    std::optional<std::uint64_t> closedEpoch;
    std::uint64_t stopId = 0;          // of the order it has now; 0: none
    bool hit = false;                  // it will park, or has, by its own site
    bool parked = false;               // as the process says
    std::optional<StopContext> early;  // of a stop that the group has not come to yet
    bool again = false;                // it has hit anew while the group resumes
    std::string alone;                 // who let it run on by itself; empty: nobody
    TimeNs parkedAt = 0;
    std::optional<std::uint64_t> answered;  // epoch of the stop of which its debugger has told
    TimeNs answeredAt = 0;
  };

  Member* find(const ProcessId& process);
  ingest::GroupMember& viewOf(const Member& member);
  Result<Member*> standing(const ProcessId& process);
  void pauseAt(Member& leader, const std::string& breakpoint, const std::string& cause, const std::string& reason,
               TimeNs now, DebugActions& out);
  bool sameDomain(const Member& member) const;
  bool closed(const Member& member, std::uint64_t epoch) const;
  void open(Member& leader, const std::string& breakpoint, const std::string& cause, Tick tick, TimeNs now,
            DebugActions& out);
  void orderFollowers(std::optional<Tick> tick, DebugActions& out);
  void correctFollowers(Tick tick, DebugActions& out);
  void markParked(Member& member, const Parked& event);
  void acknowledge(Member& member);
  void settle(TimeNs now, DebugActions& out);
  void startResume(const std::string& reason, TimeNs now, DebugActions& out);
  void orderResume(Member& member, DebugActions& out);
  void advanceResume(TimeNs now, DebugActions& out);
  void finishResume(TimeNs now, DebugActions& out);
  void confirmLate(TimeNs now, DebugActions& out);
  void setState(ingest::GroupState state, std::string reason, DebugActions& out);
  void publishHit(DebugActions& out);
  ingest::HitMember& hitMember(const ProcessId& process);
  void keep(const StopContext& context);
  std::string stillRunning() const;
  // 15 s, or 5 s less than what the strictest health check of a member allows, at least 2 s.
  std::int64_t leaseNs() const;

  ingest::LinkGroup view_;
  std::vector<Member> members_;
  LinkTimes times_;
  ingest::Hit hit_;
  bool leaderOrdered_ = false;  // resuming: the leader's turn has come
  bool byDebugger_ = false;     // the leader of this stop stands by its debugger
  bool awaitLeader_ = false;    // followers are ordered when the leader's tick is known
  int confirmRounds_ = 0;
  TimeNs deadline_ = 0;  // of gathering or confirming; 0: none
  std::uint64_t nextStopId_ = 1;
  std::uint64_t hitCount_ = 0;
  std::optional<SiteHit> pending_;  // hit while the group was still resuming: opens the next stop
  std::string plannedBreakpoint_;
  Tick plannedTick_ = 0;
  std::uint64_t plannedStopId_ = 0;
};

}  // namespace qd::control
