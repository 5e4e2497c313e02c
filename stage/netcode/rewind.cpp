// SPDX-License-Identifier: Apache-2.0
#include "stage/netcode/rewind.h"

#include <algorithm>

namespace qd::stage {

View viewAt(std::int64_t fixed) {
  const Tick a = fixed / kFixedOne;
  return {a, fixed % kFixedOne == 0 ? a : a + 1, fixed % kFixedOne, View::Mode::Interpolated};
}

CheckedView checkView(const View& claimed, Tick now, std::int64_t maxRewindFixed, int tickHz) {
  const std::int64_t nowFixed = now * kFixedOne;
  const std::int64_t oldest = nowFixed - maxRewindFixed;
  const Tick span = claimed.b - claimed.a;
  const bool sane = claimed.a >= 0 && span >= 0 && span < static_cast<Tick>(History::kTicks) && claimed.b <= now &&
                    claimed.alpha >= 0 && claimed.alpha <= kFixedOne + (span == 0 ? 0 : kFixedOne * tickHz / 10 / span);
  if (!sane) return {viewAt(nowFixed), true, true};
  if (claimed.fixed() < oldest) return {viewAt(std::max<std::int64_t>(0, oldest)), true};
  return {claimed, false};
}

void History::record(Tick tick, const std::vector<EntityState>& entities) {
  auto& slot = slots_[static_cast<std::size_t>(tick) % kTicks];
  slot.tick = tick;
  slot.entities.assign(entities.begin(), entities.end());
}

void History::clear() {
  for (auto& slot : slots_) slot.tick = -1;
}

const std::vector<EntityState>* History::at(Tick tick) const {
  if (tick < 0) return nullptr;
  const auto& slot = slots_[static_cast<std::size_t>(tick) % kTicks];
  return slot.tick == tick ? &slot.entities : nullptr;
}

const EntityState* History::find(Tick tick, EntityId id) const {
  const auto* entities = at(tick);
  if (entities == nullptr) return nullptr;
  const auto it = std::lower_bound(entities->begin(), entities->end(), id,
                                   [](const EntityState& e, EntityId wanted) { return e.id < wanted; });
  return it != entities->end() && it->id == id ? &*it : nullptr;
}

History::Rewound History::rewind(EntityId id, const View& view, int tickHz) const {
  const auto* a = find(view.a, id);
  const auto* b = find(view.b, id);
  if (a == nullptr || b == nullptr) return {};
  const auto& seen = view.alpha >= kFixedOne ? *b : *a;
  if (a->teleports != b->teleports) return {Verdict::Teleported, seen.pos};
  if (!seen.alive) return {Verdict::Dead, seen.pos};
  if (a == b) return {Verdict::Known, a->pos};
  return {Verdict::Known, between(a->pos, a->vel, b->pos, b->vel, view.alpha, hermiteSeconds(view.a, view.b, tickHz))};
}

}  // namespace qd::stage
