// SPDX-License-Identifier: Apache-2.0
// The step of a player, in integers alone: server and client compute the same from the same input, at any tick rate.
// The moving wish is a pair of floats on the wire and is rounded to 1/127 here, on both sides. Pure functions.
#pragma once

#include "stage/game/map.h"
#include "stage/netcode/packets.h"

namespace qd::stage {

inline constexpr std::int64_t kWalkSpeed = 5'000'000;    // µm/s
inline constexpr std::int64_t kSprintSpeed = 7'500'000;  // µm/s
inline constexpr std::int64_t kAcceleration = 40'000'000;

void stepPlayer(OwnState& state, const InputCommand& input, const Map& map, int tickHz);

// One step of a body: moves by its velocity, slides along walls, stays in the arena.
void moveBody(Vec3& pos, Vec3& vel, const Map& map, int tickHz);

}  // namespace qd::stage
