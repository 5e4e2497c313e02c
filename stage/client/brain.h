// SPDX-License-Identifier: Apache-2.0
// What a bot does: runs towards changing goals, strafes, turns to the nearest living target in sight and shoots at what
// it sees, sometimes beside it. Seeded: the same world gives the same game. One brain a client, same thread.
#pragma once

#include "stage/client/client.h"
#include "stage/netcode/random.h"

namespace qd::stage {

class Brain {
 public:
  explicit Brain(std::uint64_t seed) : random_(seed) {}
  InputCommand think(const Client& client, Tick tick);

 private:
  void chooseGoal(const Client& client, Tick tick);
  Random random_;
  Vec3 goal_;
  Tick goalUntil_ = 0, nextShot_ = 0;
  Vec3 lastPos_;
  bool sprint_ = false;
};

}  // namespace qd::stage
