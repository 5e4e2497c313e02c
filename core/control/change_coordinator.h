// SPDX-License-Identifier: Apache-2.0
// A change as its coordinator sees it: which target is in which wave, when the next wave may begin, when it must all
// come back, and whether it recovered. Tells every agent, again and again, what its targets should have; what a target
// does with it is ChangeMember's. Judges the guards that need more than one process (together, or against untouched
// servers). Too little evidence, an unknown outcome, a paused guard: it holds; it never passes by default. Pure: facts
// in, `sync` and `state` out. Calls from one thread. Times: UTC ns.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/control/change_order.h"

namespace qd::control {

// A process that a change may go to.
struct Candidate {
  ProcessId process;
  bool server = false;
  std::vector<std::pair<std::string, std::string>> labels;
  std::optional<double> players;
};

class ChangeCoordinator {
 public:
  // Peers are dropped for silence after this; they revert by themselves then.
  static constexpr std::int64_t kTtl = 1500 * kNsPerMs;

  // One sentence where the plan contradicts itself. Errors: InvalidArgument.
  static Result<> check(const ingest::ChangePlan& plan);

  // `here`: the live processes of this agent.
  ChangeCoordinator(ingest::ChangePlan plan, std::uint64_t fence, const std::vector<Candidate>& here, TimeNs now);
  // Of an earlier agent's log. A rollout or a guarded change goes back: nobody watched it meanwhile.
  ChangeCoordinator(ingest::ChangeState before, std::uint64_t fence, TimeNs now);

  void onReport(std::size_t agent, const ingest::ChangeState& report, TimeNs now);
  void onSilence(std::size_t agent, const std::string& why, TimeNs now);
  void onBorn(const Candidate& process, TimeNs now);  // also when its players change
  void order(const ChangeVerb& verb, TimeNs now);
  void step(TimeNs now);

  // For agent 0 (this one) or peer i - 1.
  ChangeSync sync(std::size_t agent) const;
  std::size_t agents() const { return 1 + state_.plan.peers.size(); }
  const ingest::ChangeState& state() const { return state_; }
  bool over() const { return ingest::isOver(state_.phase); }
  // Over, and nothing of it has an influence on what is yet to come.
  bool forgettable() const { return over() && state_.plan.selector.empty(); }

 private:
  struct Row {  // beside state_.targets
    std::size_t agent = 0;
    bool canary = false;  // has enough players
    Goal goal = Goal::Untouched;
  };
  void assignWaves();
  std::uint32_t lastWave() const;
  std::size_t wanted(std::uint32_t wave) const;
  void to(ingest::ChangePhase phase, const std::string& reason, TimeNs now);
  void apply(std::uint32_t wave);
  void revert(const std::string& reason, Tick breachTick, TimeNs now);
  void settle();
  void fromPushing(TimeNs now);
  void fromSoaking(TimeNs now);
  void fromReverting(TimeNs now);
  void nextWave(TimeNs now);
  std::string trouble() const;      // why the outcomes do not let it go on: rejected, foreign
  bool observed() const;            // something of it is measured beside what guards it
  std::string unknown() const;      // why they hold it
  std::string missing() const;      // what evidence the guards still lack; empty: all pass
  std::string noReference() const;  // what a guard that compares with before still lacks
  std::optional<ingest::GuardReading> judge(std::uint32_t guard, const ProcessId* only) const;
  std::vector<ingest::GuardReading> together() const;
  bool touched(const ProcessId& process) const;
  bool has(const ProcessId& process) const;
  bool allAre(Goal goal, std::initializer_list<ingest::TargetState> states) const;
  bool rollout() const { return state_.plan.waves.size() > 1 || !state_.plan.guards.empty(); }

  ingest::ChangeState state_;
  std::vector<Row> rows_;
  std::vector<ProcessId> controls_;  // untouched servers of this agent that are no targets
  std::map<std::size_t, std::vector<ingest::GuardReading>> readings_;  // by agent
  std::set<std::size_t> silent_;  // agents that do not answer: they take back what they have by themselves
  const std::uint64_t fence_;
  ingest::ChangePhase before_ = ingest::ChangePhase::Pushing;  // a pause
  bool forced_ = false;                                        // a person said: go on
  bool word_ = false;                                          // of a plan that waits for it
  bool breached_ = false;
  TimeNs heldUntil_ = 0, soakUntil_ = 0, leaseUntil_ = 0, verifyUntil_ = 0;
};

// A stable number in [0, 1) of a process in a change: who comes in which wave.
double placeOf(const std::string& change, const ProcessId& process);

}  // namespace qd::control
