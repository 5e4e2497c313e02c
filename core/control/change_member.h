// SPDX-License-Identifier: Apache-2.0
// A change at one agent: brings each of this agent's targets to its goal, one push at a time and in at most one
// version, along the ramp; watches the guards that concern a process alone and reverts without asking when one
// breaches, when a target dies of its values, or when the coordinator is silent for longer than its word holds. A
// revert touches only what is still at our version. Pure: facts in, pushes and questions out. Calls from one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/control/change_order.h"
#include "core/control/command_port.h"
#include "core/control/guard_meter.h"
#include "core/ingest/events.h"

namespace qd::control {

struct AskAgain {  // what became of this push of ours
  ProcessId process;
  std::string pushId;
};
using MemberAction = std::variant<PushOrder, AskAgain>;
using MemberActions = std::vector<MemberAction>;

class ChangeMember {
 public:
  // What a process has now; none: it is not here or has no such parameter.
  using Live = std::function<std::optional<ingest::ParameterValue>(const ProcessId&, const std::string&)>;

  ChangeMember(ingest::ChangePlan plan, Live live);
  // What an earlier agent left of this change: what it told of the targets, and what its log says of the pushes of this
  // change, which may be newer. What is open is asked for again; nothing is assumed. Its coordinator has `grace` to say
  // that it still stands.
  void restore(const std::vector<ingest::ChangeTarget>& targets, const std::vector<ingest::PushResult>& pushes,
               Duration grace, TimeNs now);

  // Errors: Conflict for a coordinator that has been replaced.
  Result<> sync(const ChangeSync& sync, TimeNs now);
  // Also when it changed (its series, parked or not, who plays there).
  void up(const ingest::ProcessInfo& info, std::optional<double> players = std::nullopt);
  void down(const ProcessId& process, TimeNs now);
  void tick(const ProcessId& process, Tick tick);
  void samples(const ingest::SampleBlock& block);
  void gap(const ProcessId& process);
  void result(const ingest::PushResult& result);
  // A push of ours is known not to have come through, and will not: it is made anew.
  void neverArrived(const ProcessId& process, const std::string& pushId);
  // Does what is due. Call after every fact, and at least every 10 ms while busy().
  MemberActions step(TimeNs now);

  bool busy() const;     // something is not at its goal, or is watched
  bool settled() const;  // nothing of it is left to do or to watch
  ingest::ChangeState report() const;
  std::uint64_t revision() const { return revision_; }  // +1 when a target turned or a guard breached
  const ingest::ChangePlan& plan() const { return plan_; }

 private:
  struct Held {
    std::string name;
    Value before;
    std::uint64_t version = 0;  // ours
    Value now;                  // as a result told it; none: not known
  };
  struct Target {
    ProcessId process;
    InstanceId instance;
    bool here = false, parked = false;
    std::optional<double> players;
    bool waits = false;  // for the tick of the plan, which was still ahead
    Tick tick = 0;
    Goal goal = Goal::Untouched;
    ingest::TargetState state = ingest::TargetState::Waiting;
    std::vector<Held> held;
    std::string pending;
    std::vector<Assignment> asked;  // by the pending push
    bool pendingReverts = false;
    TimeNs askAt = 0, sentAt = 0, rampSince = 0;
    TimeNs awayUntil = 0;  // of an earlier agent's: when it counts as gone if it has not come back; 0: it has been here
    bool gone = false;     // called reverted because it was not here
    double share = 0;
    std::optional<double> sentShare;  // none: an earlier agent sent it; the result tells
    std::uint32_t pushes = 0;
    Tick appliedAt = 0;
    std::string pushId, reason;
    bool over = false;                                                      // reverted or given up: no push any more
    std::multimap<std::uint32_t, std::pair<std::uint32_t, double>> series;  // index to (guard, factor)
    std::vector<GuardMeter> meters;                                         // one a guard
    Tick judgedAt = -1;
  };
  static bool wanted(const Target& target);
  Target& at(const ProcessId& process);
  Target* find(const ProcessId& process);
  void turn(Target& target, ingest::TargetState state, const std::string& reason);
  void recall(Target& target, const ingest::PushResult& push);
  double shareOf(const Target& target) const;
  bool away(Target& target, TimeNs now);
  void stepTarget(Target& target, TimeNs now, MemberActions& out);
  void advance(Target& target, TimeNs now, MemberActions& out);
  void takeBack(Target& target, TimeNs now, MemberActions& out);
  void send(Target& target, std::vector<Assignment> assignments, bool reverts, TimeNs now, MemberActions& out);
  void applied(Target& target, const ingest::PushResult& result);
  void rejected(Target& target, const ingest::PushResult& result);
  std::string whyRejected(const Target& target, const ingest::PushResult& result) const;
  void watch(Target& target);
  void revertAll(const std::string& reason, Tick breachTick);
  bool watched() const { return !plan_.guards.empty() || plan_.waves.size() > 1; }

  const ingest::ChangePlan plan_;
  const Live live_;
  std::vector<Target> targets_;
  std::uint64_t fence_ = 0, revision_ = 1;
  TimeNs heldUntil_ = 0;  // the coordinator's word; 0: for good
  bool reverting_ = false;
  std::string reason_;
  Tick breachTick_ = 0;
};

}  // namespace qd::control
