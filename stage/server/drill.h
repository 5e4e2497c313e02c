// SPDX-License-Identifier: Apache-2.0
// Plays a scenario on this server: sets its parameters through the probe, so that the console sees each change as it
// sees any. Starts `afterNs` after the first player is there. Owned by the simulation thread.
#pragma once

#include <cstdint>

#include "stage/runtime/scenarios.h"
#include "stage/server/mailbox.h"
#include "stage/server/telemetry.h"
#include "stage/server/world.h"

namespace qd::stage {

class Drill {
 public:
  // `player` 0: everybody. `scenario` may be null: then there is no drill.
  Drill(const Scenario* scenario, std::int64_t afterNs, EntityId player)
      : scenario_(scenario), afterNs_(afterNs), player_(player) {}
  void tick(std::int64_t nowNs, const World& world, Exchange& exchange, Telemetry& telemetry);

 private:
  void run(const ScenarioStep& step, const World& world, Exchange& exchange, Telemetry& telemetry);
  const Scenario* scenario_;
  std::int64_t afterNs_;
  EntityId player_;
  std::int64_t beginNs_ = 0;  // of this round; 0: no player yet
  std::size_t next_ = 0;
};

}  // namespace qd::stage
