// SPDX-License-Identifier: Apache-2.0
// Two players in the open: one runs to and fro across the line of fire at 5 m/s, the other stands and shoots at it (or
// beside it) while it runs at full speed. Every figure of such a duel is known beforehand.
#pragma once

#include <cmath>

#include "stage/game/combat.h"
#include "stage/netcode/exact.h"
#include "tests/stage/game/make.h"

namespace qd::stage {

struct Duel {
  Simulation stage;
  double besideM = 0;  // aims so far beside the target
  int everyTicks = 20;

  explicit Duel(const PathSettings& path, std::uint64_t seed = 3, int pairs = 1, bool exactClock = true)
      : stage(optionsOf(path, seed, pairs, exactClock)) {
    auto& players = stage.players();
    for (std::size_t i = 0; i + 1 < players.size(); i += 2) {
      players[i].think = [this, i](Tick tick) { return shoot(tick, i); };
      players[i + 1].think = [this, i](Tick tick) { return run(tick, i); };
    }
  }

 private:
  static SimulationOptions optionsOf(const PathSettings& path, std::uint64_t seed, int pairs, bool exactClock) {
    auto made = options(2 * pairs, seed, path);
    made.arenaHalfUm = 22 * kUmPerMetre;  // too small for a building
    made.exactClock = exactClock;
    return made;
  }
  bool acrossIsY(std::size_t shooter) const {
    const auto& a = stage.players()[shooter].client->own().pos;
    const auto& b = stage.players()[shooter + 1].client->own().pos;
    return std::abs(a.x - b.x) > std::abs(a.y - b.y);
  }
  // 90 ticks each way: 7.5 m at walking speed, across the line of fire.
  InputCommand run(Tick tick, std::size_t shooter) const {
    InputCommand input;
    (acrossIsY(shooter) ? input.moveY : input.moveX) = tick / 90 % 2 == 0 ? 1.0F : -1.0F;
    return input;
  }
  InputCommand shoot(Tick tick, std::size_t index) const {
    InputCommand input;
    const auto& client = *stage.players()[index].client;
    const auto own = client.own().pos;
    for (const auto& pose : client.poses()) {
      if (pose.id != stage.players()[index + 1].client->player() || !pose.alive) continue;
      const auto away = distance(own, pose.pos);
      const double angle = exact::arcTangent(besideM * 1e6, static_cast<double>(away));
      input.yaw = static_cast<std::uint16_t>(yawTowards(own, pose.pos) +
                                             static_cast<std::uint16_t>(std::llround(angle / 2 / exact::kPi * 65536)));
      // Across the line of fire, at full speed, not too near: there a rewind that is off must show.
      const auto along = acrossIsY(index) ? pose.vel.x : pose.vel.y,
                 across = acrossIsY(index) ? pose.vel.y : pose.vel.x;
      if (tick % everyTicks == 0 && std::abs(across) > 4'900'000 && std::abs(along) < 100'000 &&
          away > 2 * kUmPerMetre) {
        input.buttons |= kFire;
      }
    }
    return input;
  }
};

}  // namespace qd::stage
