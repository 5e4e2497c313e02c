// SPDX-License-Identifier: Apache-2.0
// What a bot does: runs towards changing goals, strafes, turns to the nearest living target in sight and shoots at what
// it sees, sometimes beside it. Seeded: the same world gives the same game. One brain a client, same thread.
#pragma once

#include "stage/client/client.h"
#include "stage/netcode/random.h"

namespace qd::stage {

struct BrainHabits {
  double shotEverySeconds = 2;  // ± half of it; the weapon itself needs a quarter of a second
  int spread = 350;             // 1/65536 of a turn: ± 1.9°, at 10 m about half of the shots hit
  bool shootsNpcs = true;
};

class Brain {
 public:
  explicit Brain(std::uint64_t seed, BrainHabits habits = {}) : random_(seed), habits_(habits) {}
  InputCommand think(const Client& client, Tick tick);

 private:
  void chooseGoal(const Client& client, Tick tick);
  Random random_;
  BrainHabits habits_;
  Vec3 goal_;
  Tick goalUntil_ = 0, nextShot_ = 0;
  Vec3 lastPos_;
  bool sprint_ = false;
};

}  // namespace qd::stage
