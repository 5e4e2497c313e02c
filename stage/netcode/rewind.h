// SPDX-License-Identifier: Apache-2.0
// Lag compensation: 64 ticks of every entity's unquantized state, and the fractional position that a client saw.
// Rewinding only reads the history, so the world is bit-identical afterwards. A position is not rewound into death or
// across a teleport. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "stage/netcode/interpolation.h"
#include "stage/netcode/types.h"

namespace qd::stage {

// A view as the server accepts it.
struct CheckedView {
  View view;
  bool clamped = false;     // older than allowed, or impossible: pulled into [now − max, now]
  bool impossible = false;  // no honest client can have drawn it: in the future, or not between two kept ticks
};
CheckedView checkView(const View& claimed, Tick now, std::int64_t maxRewindFixed, int tickHz);
// The view at a plain point in time, between the two neighbouring ticks.
View viewAt(std::int64_t fixed);

class History {
 public:
  static constexpr std::size_t kTicks = 64;

  // `entities` sorted by id.
  void record(Tick tick, const std::vector<EntityState>& entities);
  void clear();

  enum class Verdict { Known, Unknown, Dead, Teleported };
  struct Rewound {
    Verdict verdict = Verdict::Unknown;
    Vec3 pos;
  };
  Rewound rewind(EntityId id, const View& view, int tickHz) const;
  const EntityState* find(Tick tick, EntityId id) const;
  const std::vector<EntityState>* at(Tick tick) const;

 private:
  struct Slot {
    Tick tick = -1;
    std::vector<EntityState> entities;
  };
  std::array<Slot, kTicks> slots_;
};

}  // namespace qd::stage
