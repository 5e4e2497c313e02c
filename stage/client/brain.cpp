// SPDX-License-Identifier: Apache-2.0
#include "stage/client/brain.h"

#include <cmath>
#include <limits>
#include <utility>

#include "stage/game/combat.h"

namespace qd::stage {

void Brain::chooseGoal(const Client& client, Tick tick) {
  const auto hz = client.head().tickHz;
  goalUntil_ = tick + random_.between(hz, 4 * hz);
  sprint_ = random_.chance(0.25);
  const auto from = client.own().pos;
  // Half the time towards somebody in sight, so that players meet; else anywhere near.
  if (!client.poses().empty() && random_.chance(0.5)) {
    const auto count = static_cast<std::int64_t>(client.poses().size());
    goal_ = client.poses()[static_cast<std::size_t>(random_.between(0, count - 1))].pos;
    return;
  }
  constexpr std::int64_t kReach = 40 * kUmPerMetre;
  goal_ = from + Vec3{random_.between(-kReach, kReach), random_.between(-kReach, kReach), 0};
}

InputCommand Brain::think(const Client& client, Tick tick) {
  InputCommand input;
  input.yaw = client.lastInput().yaw;
  const auto& own = client.own();
  if (!own.alive) return input;
  const auto hz = client.head().tickHz;
  const bool stuck = tick % 30 == 0 && distance(own.pos, std::exchange(lastPos_, own.pos)) < 200'000;
  if (tick >= goalUntil_ || stuck || distance(own.pos, goal_) < kUmPerMetre) chooseGoal(client, tick);
  const auto dx = static_cast<double>(goal_.x - own.pos.x), dy = static_cast<double>(goal_.y - own.pos.y);
  const double size = std::max(1.0, std::sqrt(dx * dx + dy * dy));
  input.moveX = static_cast<float>(dx / size);
  input.moveY = static_cast<float>(dy / size);
  if (sprint_) input.buttons |= kSprint;

  const Pose* target = nullptr;
  auto nearest = kWeaponRange * 2 / 3;
  for (const auto& pose : client.poses()) {
    // A player counts as nearer than an animal of the same distance.
    const auto far = distance(own.pos, pose.pos) * (pose.npc ? 2 : 1);
    if (pose.alive && far < nearest && (habits_.shootsNpcs || !pose.npc)) {
      nearest = far;
      target = &pose;
    }
  }
  if (target == nullptr) return input;
  const auto spread = random_.between(-habits_.spread, habits_.spread);
  input.yaw = static_cast<std::uint16_t>(yawTowards(own.pos, target->pos) + spread);
  if (tick >= nextShot_) {
    const double every = habits_.shotEverySeconds * hz;
    nextShot_ = tick + random_.between(std::llround(every / 2), std::llround(every * 3 / 2));
    input.buttons |= kFire;
  }
  return input;
}

}  // namespace qd::stage
