// SPDX-License-Identifier: Apache-2.0
// A change: values that go to one or many processes over time, and come back. A plan says what is wanted (when, how
// fast, in which waves, watched by which guards, for how long); the state says how far it is. Agents execute it with
// their own clocks, so it goes on without a console. Times are UTC ns, ticks those of each target. Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/base/value.h"

namespace qd::ingest {

enum class RampShape { None, Linear, Smooth, Steps };
enum class OnVanish { GoOn, Revert };  // when the console that holds it vanishes

struct ChangeValue {
  std::string name;
  Value value;
  std::optional<std::uint64_t> expectedVersion;
  bool operator==(const ChangeValue&) const = default;
};

enum class GuardStatistic { Mean, P50, P99, Min, Max, Last };
enum class GuardBasis { Absolute, Before, Untouched };  // threshold in the series' unit, or a difference in per cent

// "p99 tick.duration > 16 for 120 ticks": the statistic of the last `ticks` ticks, compared once that many ticks have
// passed since the value was applied.
struct Guard {
  std::string series;
  GuardStatistic statistic = GuardStatistic::P99;
  bool above = true;  // breached when above the threshold; else when below
  GuardBasis basis = GuardBasis::Absolute;
  double threshold = 0;
  std::uint32_t ticks = 120;
  bool group = false;    // over all touched processes together, judged by the coordinator; else each by itself
  bool observe = false;  // only measured: its breach neither holds nor reverts anything
};

struct Wave {
  std::uint32_t count = 0;  // this many processes in all; 0: by percent
  double percent = 100;     // of the targets, in all, rounded up
  Duration soak;            // the guards must pass for this long before the next wave
};

// Targets at another agent than the coordinator.
struct ChangePeer {
  std::string endpoint;
  std::vector<ProcessId> targets;
};

struct ChangePlan {
  std::string id;
  std::string who, from, comment;
  std::string confirmed;           // what somebody typed where a value is dangerous
  std::vector<ProcessId> targets;  // at the coordinator
  std::vector<ChangePeer> peers;
  std::vector<std::pair<std::string, std::string>> selector;  // labels; processes born later join where all match
  std::vector<ChangeValue> values;
  Tick atTick = 0;    // 0: not by tick
  TimeNs atTime = 0;  // 0: now
  RampShape ramp = RampShape::None;
  Duration rampTime;
  std::uint32_t rampSteps = 0;
  Duration lease;    // 0: for good; else back after this long
  Duration holdTtl;  // 0: no console needs to hold it; else how long it may be silent
  OnVanish onVanish = OnVanish::GoOn;
  std::vector<Wave> waves;          // empty: all at once
  std::uint32_t canaryPlayers = 0;  // the first wave takes processes with at least this many players
  std::vector<Guard> guards;
  bool onWord = false;  // it measures, and begins when it is told to go on
};

enum class ChangePhase { Planned, Pushing, Soaking, Holding, Paused, Leased, Done, Reverting, Reverted, Failed };
enum class TargetState { Waiting, Pushing, Applied, Reverting, Reverted, Rejected, Unknown, Foreign };
enum class GuardState { Gathering, Passing, Paused, Breached };

struct ChangeTarget {
  ProcessId process;
  std::string agent;  // endpoint; empty: the coordinator's own
  std::uint32_t wave = 0;
  TargetState state = TargetState::Waiting;
  Tick tick = 0;  // at which its newest value was applied
  std::string pushId, reason;
  std::vector<ChangeValue> base;  // what it had before, with the version that stands there since
  std::optional<double> players;  // on it now; none: nobody says
};

struct GuardReading {
  std::uint32_t guard = 0;  // index in the plan
  ProcessId process;        // empty: of the group
  GuardState state = GuardState::Gathering;
  double value = 0, reference = 0;
  std::uint64_t samples = 0;
  std::string reason;
};

struct ChangeState {
  ChangePlan plan;
  std::uint64_t revision = 0;
  ChangePhase phase = ChangePhase::Planned;
  std::uint32_t wave = 0;       // of plan.waves
  TimeNs since = 0, until = 0;  // of this phase; until 0: no deadline
  std::string reason;           // of the last turn, one sentence
  std::string verdict;          // "reverted, recovered", "reverted, not recovered"
  std::vector<ChangeTarget> targets;
  std::vector<GuardReading> readings;
  Tick breachTick = 0, revertTick = 0;  // of the process that breached
};

bool isOver(ChangePhase phase);
const char* name(ChangePhase phase);
const char* name(TargetState state);
const char* name(GuardState state);

// A small item that several consoles and agents share: a preset, somebody's staged edits, an experiment. Revisions
// rise by at least one with every write; `expires` 0: stays.
struct SharedItem {
  std::string key, value;
  std::uint64_t revision = 0;
  std::string who;
  TimeNs time = 0, expires = 0;
  bool removed = false;
};

}  // namespace qd::ingest
