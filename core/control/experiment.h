// SPDX-License-Identifier: Apache-2.0
// A fault on purpose, to learn, as one object: hypothesis, targets, blast radius, what aborts it, the restoring, and
// what came of it. Its fault is a change with a lease, at one or several agents: its guards abort the experiment, and
// it measures every metric before, during and after (also those that only refute), so that what is known of a process
// comes from the agent that it runs at. The experiment waits for a steady state, gives the change its word to begin,
// and says whether the hypothesis held. Pure: facts in, what the change must do and the state out. Calls from one
// thread. Times: UTC ns.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/ingest/events.h"

namespace qd::control {

inline constexpr const char* kExperimentPrefix = "experiment/";  // of the shared items that tell of them

struct ExperimentPlan {
  std::string id, name, hypothesis;
  std::string who, from, comment;
  std::string confirmed;                  // what somebody typed where the fault is dangerous
  std::vector<ProcessId> targets;         // at the agent that runs it
  std::vector<ingest::ChangePeer> peers;  // targets at others
  std::vector<ingest::ChangeValue> fault;
  Duration time;                                     // then the fault goes away by itself
  std::vector<ingest::Guard> aborts;                 // a breach takes the fault back at once
  std::vector<ingest::Guard> refutes;                // a breach refutes the hypothesis
  std::uint32_t mostProcesses = 0, mostPlayers = 0;  // the blast radius; 0: no limit
};

// All of its targets, wherever they are.
std::vector<ProcessId> targetsOf(const ExperimentPlan& plan);

enum class ExperimentPhase { Steadying, Faulty, Restoring, Over };
const char* name(ExperimentPhase phase);

// A metric in a process: its statistic before, during and after the fault; none: too little evidence.
struct Measure {
  std::uint32_t metric = 0;  // of `aborts`, then of `refutes`
  ProcessId process;
  std::optional<double> before, during, after;
};

struct ExperimentState {
  ExperimentPlan plan;
  ExperimentPhase phase = ExperimentPhase::Steadying;
  TimeNs since = 0, until = 0;
  std::string reason;    // what it waits for, one sentence
  std::string outcome;   // "held", "refuted: …", "aborted: …", "not shown: …"; empty: not yet
  std::string restored;  // "reverted, recovered", as the change says
  std::vector<ingest::ChangeTarget> targets;
  std::vector<Measure> measures;
  Tick breachTick = 0, revertTick = 0;
};

class ExperimentRun {
 public:
  // One sentence on what makes it none. Errors: InvalidArgument.
  static Result<> check(const ExperimentPlan& plan);

  ExperimentRun(ExperimentPlan plan, TimeNs now);
  // Of an earlier agent, which was watching nothing meanwhile: it is aborted, its change takes the fault back.
  ExperimentRun(ExperimentState before, TimeNs now);

  void change(const ingest::ChangeState& state, TimeNs now);  // with its newest readings
  void refused(const std::string& why, TimeNs now);           // its change did not begin
  void abort(const std::string& why, TimeNs now);

  enum class Order { None, Start, Begin, Revert };  // start its change, which waits; give it the word; take it back
  Order step(TimeNs now);                           // call at least ten times a second
  ingest::ChangePlan fault() const;

  bool over() const { return state_.phase == ExperimentPhase::Over; }
  const ExperimentState& state() const { return state_; }
  std::uint64_t revision() const { return revision_; }

 private:
  using Readings = std::map<std::uint32_t, ingest::GuardReading>;  // by metric
  struct Target {
    std::optional<double> players;
    ingest::TargetState state = ingest::TargetState::Waiting;
    Readings now, evidence;  // evidence: the newest since it got the fault, or lost it; or a breach
    Readings during;         // what was evidence while the fault was there
  };
  const ingest::Guard& metric(std::uint32_t index) const;
  std::uint32_t metrics() const;
  void follow(const ingest::ChangeState& change);
  std::string tooWide(bool touched) const;
  std::string notSteady() const;
  std::string findings() const;
  void measure(std::optional<double> Measure::*when, Readings Target::*readings);
  void to(ExperimentPhase phase, const std::string& reason, TimeNs now);

  ExperimentState state_;
  std::map<ProcessId, Target> targets_;
  std::uint64_t revision_ = 1;
  bool started_ = false, revert_ = false;
};

}  // namespace qd::control
