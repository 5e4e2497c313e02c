// SPDX-License-Identifier: Apache-2.0
// Watches a simulation and keeps every metric of the netcode page as a distribution. What no process can know alone it
// takes from both sides, exactly: the truth behind a drawn pose is the world's own unquantized history, between ticks
// by cubic Hermite. Lengths m, times ms. Not thread-safe; must not outlive the simulation that it was attached to.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stage/sim/distribution.h"
#include "stage/sim/simulation.h"

namespace qd::stage {

// Where the world had an entity at a fractional tick; empty across a teleport, and where the history does not reach.
struct Truth {
  double x = 0, y = 0;  // m
};
std::optional<Truth> truthAt(const History& history, EntityId id, std::int64_t tickFixed, int tickHz);

// (TP+TN)/N with Wilson's 95 % interval.
struct Agreement {
  std::uint64_t shots = 0, agreed = 0, falseRejects = 0, falseAccepts = 0, policyRejects = 0;
  std::uint64_t judged() const { return shots - policyRejects; }
  double share() const;
  double low() const;
  double high() const;
};

struct Figures {
  Distribution interpError, viewAge, bufferDepth, timeScale;
  Distribution predictError, correctionDistance, replayedTicks, inputLatency;
  Distribution rewindTime, rewindDistance, rewindError, queueDepth, snapshotBytes;
  Agreement agreement;
  std::map<std::string, std::uint64_t> policyBy;  // refusals by rule that changed the verdict
  std::map<std::string, std::uint64_t>
      disagreedBy;  // what disagreed without a rule, by its cause: see Measures::classify
  std::uint64_t frames = 0, interpolated = 0, extrapolated = 0, held = 0, starved = 0, unavailable = 0;
  std::uint64_t corrections = 0, confirmed = 0, inputsLate = 0, inputsMissing = 0, playerTicks = 0, undecodable = 0;
  std::uint64_t viewBackwards = 0, predictBackwards = 0;  // must stay 0
  double playerSeconds = 0;
};

class Measures {
 public:
  explicit Measures(Simulation& simulation);
  Measures(const Measures&) = delete;
  Measures& operator=(const Measures&) = delete;
  // Begins anew: what came before was settling.
  void reset();
  // Everything since then.
  Figures& figures();

 private:
  void tick();
  void shot(const ShotResult& shot);
  // Why two verdicts differ, found by judging again with one side's knowledge exchanged at a time: "shooter": the two
  // agree once the shooter stands where its client had it; "bodies": once the others stand where the client had drawn
  // them; "shooter and bodies": once both do; "same tick": an earlier shot of that tick had changed who was alive.
  const char* classify(const ShotResult& shot) const;
  void frame(std::size_t index, bool drawn);
  void predicted(std::size_t index);
  // What a client had before it when it fired.
  struct Fired {
    ShotRecord record;
    std::vector<Pose> drawn;
  };
  struct Seen {
    std::int64_t view = 0;
    Tick predicted = 0;
    std::uint64_t reconnects = 0;
    Client::Counters before;
    std::deque<Fired> fired;
  };
  Simulation& simulation_;
  std::vector<Seen> seen_;
  Figures figures_;
  std::uint64_t lateBefore_ = 0, missingBefore_ = 0;
  std::int64_t begin_ = 0;
};

}  // namespace qd::stage
