// SPDX-License-Identifier: Apache-2.0
#include "stage/game/movement.h"

#include <algorithm>
#include <cmath>

namespace qd::stage {
namespace {

std::int64_t approach(std::int64_t from, std::int64_t to, std::int64_t most) {
  return from + std::clamp(to - from, -most, most);
}

}  // namespace

void moveBody(Vec3& pos, Vec3& vel, const Map& map, int tickHz) {
  const std::int64_t edge = map.halfUm() - kBodyRadius;
  const Vec3 alongX{pos.x + vel.x / tickHz, pos.y, pos.z};
  if (std::abs(alongX.x) > edge || map.blocked(alongX)) {
    vel.x = 0;
  } else {
    pos = alongX;
  }
  const Vec3 alongY{pos.x, pos.y + vel.y / tickHz, pos.z};
  if (std::abs(alongY.y) > edge || map.blocked(alongY)) {
    vel.y = 0;
  } else {
    pos = alongY;
  }
}

void stepPlayer(OwnState& state, const InputCommand& input, const Map& map, int tickHz) {
  if (!state.alive) {
    state.vel = {};
    return;
  }
  const std::int64_t speed = (input.buttons & kSprint) != 0 ? kSprintSpeed : kWalkSpeed;
  const auto wishX = std::llround(input.moveX * 127.0F), wishY = std::llround(input.moveY * 127.0F);
  // Longer than 1 (a diagonal of two full axes) is scaled back, so that nobody runs faster than allowed.
  const auto size =
      std::max<std::int64_t>(127, std::llround(std::sqrt(static_cast<double>(wishX * wishX + wishY * wishY))));
  const std::int64_t most = kAcceleration / tickHz;
  state.vel.x = approach(state.vel.x, wishX * speed / size, most);
  state.vel.y = approach(state.vel.y, wishY * speed / size, most);
  moveBody(state.pos, state.vel, map, tickHz);
}

}  // namespace qd::stage
