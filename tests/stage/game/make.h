// SPDX-License-Identifier: Apache-2.0
// Short ways to say what a virtual stage is to be.
#pragma once

#include <cmath>

#include "stage/sim/simulation.h"

namespace qd::stage {

// One way in ms, deviation per direction in ms, share lost.
inline PathSettings path(double latencyMs, double jitterMs = 0, double loss = 0) {
  PathSettings settings;
  settings.each.latencyNs = std::llround(latencyMs * kNsPerMs);
  settings.each.jitterNs = std::llround(jitterMs * kNsPerMs);
  settings.each.loss = loss;
  return settings;
}

inline SimulationOptions options(int players, std::uint64_t seed, const PathSettings& path) {
  SimulationOptions made;
  made.players = players;
  made.seed = seed;
  made.path = path;
  return made;
}

// Moves on a fixed pattern and never shoots.
inline InputCommand wander(Tick tick) {
  InputCommand input;
  const double angle = static_cast<double>(tick) / 40;
  input.moveX = static_cast<float>(std::cos(angle));
  input.moveY = static_cast<float>(std::sin(angle * 1.3));
  if (tick / 100 % 3 == 0) input.buttons = kSprint;
  return input;
}

inline void wanderAll(Simulation& stage) {
  for (auto& player : stage.players()) player.think = wander;
}

}  // namespace qd::stage
