// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <string_view>

#include "stage/game/combat.h"
#include "stage/server/world.h"

namespace qd::stage {
namespace {

constexpr std::int64_t kKnockback = 2'000'000;  // µm/s: what the client cannot predict
constexpr int kRespawnSeconds = 3;

std::int64_t toFixed(std::int64_t ns, std::int64_t tickHz) {
  return static_cast<std::int64_t>(static_cast<double>(ns) * static_cast<double>(tickHz * kFixedOne) / kNsPerSecond);
}

const char* ruleOf(History::Verdict verdict) {
  switch (verdict) {
    case History::Verdict::Unknown:
      return "unknown";
    case History::Verdict::Teleported:
      return "teleported";
    default:
      return "dead";  // then or by now
  }
}

}  // namespace

// The moment to judge the shot at: what the client says it drew, or the classic estimate, or now.
View World::viewOf(const Trigger& trigger, const Player& shooter, Tick tick, const Settings& settings,
                   ShotResult& result) const {
  const auto nowFixed = tick * kFixedOne;
  View view = viewAt(nowFixed);
  if (settings.lagcompEnabled != 0) {
    View claimed = trigger.shot.view;
    if (settings.lagcompMethod == 1) {
      // When it was fired: its arrival minus half the round trip. How old the picture was then: as the client says.
      const auto back = toFixed(trigger.waitedNs + shooter.rttNs / 2 + trigger.shot.viewDelayNs, settings.tickHz);
      claimed = viewAt(std::max<std::int64_t>(0, nowFixed - std::max<std::int64_t>(0, back)));
    }
    const auto most = std::min(toFixed(settings.maxRewindNs, settings.tickHz),
                               static_cast<std::int64_t>(History::kTicks - 2) * kFixedOne);
    const auto checked = checkView(claimed, tick, most, static_cast<int>(settings.tickHz));
    view = checked.view;
    result.policy = checked.clamped;
    if (checked.clamped) result.rule = checked.impossible ? "render_time" : "too_old";
  }
  if (settings.debugRewindTicks != 0) {
    view.a = std::max<Tick>(0, view.a - settings.debugRewindTicks);
    view.b = std::max<Tick>(0, view.b - settings.debugRewindTicks);
  }
  result.rewindNs = (nowFixed - view.fixed()) * kNsPerSecond / kFixedOne / settings.tickHz;
  return view;
}

void World::resolve(const Trigger& trigger, Tick tick, const Settings& settings) {
  const auto shooter = players_.find(trigger.shooter);
  if (shooter == players_.end()) return;
  const int hz = static_cast<int>(settings.tickHz);
  ShotResult result{.number = ++shotsJudged_, .shooter = trigger.shooter, .claimed = trigger.shot.claimed};
  const View view = viewOf(trigger, shooter->second, tick, settings, result);
  viewsForged_ += result.rule == std::string_view("render_time") ? 1 : 0;
  events_.viewsForged = viewsForged_;
  result.target = trigger.shot.claimed;
  result.seen = trigger.shot.view;
  result.used = view;
  result.origin = shooter->second.state.pos;
  result.seenPos = trigger.shot.claimedPos;
  result.yaw = trigger.yaw;
  const Ray ray = aim(shooter->second.state.pos, trigger.yaw, *map_);
  double nearest = std::numeric_limits<double>::infinity();
  // Whoever could have been on the ray at that time is not further from it now than one runs in a second.
  const Vec3 middle{ray.origin.x + static_cast<std::int64_t>(ray.dx * ray.range / 2),
                    ray.origin.y + static_cast<std::int64_t>(ray.dy * ray.range / 2), 0};
  const auto reach = static_cast<std::int64_t>(ray.range / 2) + 10 * kUmPerMetre;
  for (const auto& e : entities_) {
    if (e.id == trigger.shooter || std::abs(e.pos.x - middle.x) > reach || std::abs(e.pos.y - middle.y) > reach)
      continue;
    const auto rewound = history_.rewind(e.id, view, hz);
    const bool possible = rewound.verdict == History::Verdict::Known && e.alive;
    if (e.id == trigger.shot.claimed) {
      result.rewoundPos = rewound.pos;
      result.nowPos = e.pos;
      result.rewindErrorUm = distance(rewound.pos, trigger.shot.claimedPos);
      result.rewindDistanceUm = distance(rewound.pos, e.pos);
      if (!possible && !result.policy) result.rule = ruleOf(rewound.verdict);
      result.policy = result.policy || !possible;
    }
    const auto enter = possible ? hits(ray, rewound.pos) : std::nullopt;
    if (!enter || *enter >= nearest) continue;
    nearest = *enter;
    result.victim = e.id;
    if (trigger.shot.claimed != 0) continue;
    result.target = e.id;
    result.rewoundPos = rewound.pos;
    result.nowPos = e.pos;
    result.rewindDistanceUm = distance(rewound.pos, e.pos);
  }
  if (result.victim != 0) harm(result.victim, ray, tick, hz, result);
  if (result.killed) ++shooter->second.kills;
  events_.shots.push_back(result);
}

void World::harm(EntityId victim, const Ray& ray, Tick tick, int tickHz, ShotResult& result) {
  result.damage = kWeaponDamage;
  const auto respawnAt = tick + kRespawnSeconds * tickHz;
  if (const auto it = players_.find(victim); it != players_.end()) {
    auto& player = it->second;
    player.state.health = static_cast<std::uint8_t>(std::max(0, player.state.health - kWeaponDamage));
    player.state.vel.x += static_cast<std::int64_t>(ray.dx * kKnockback);
    player.state.vel.y += static_cast<std::int64_t>(ray.dy * kKnockback);
    if (player.state.health > 0 || !player.state.alive) return;
    player.state.alive = false;
    player.respawnAt = respawnAt;
    ++player.deaths;
    result.killed = true;
    return;
  }
  const auto npc =
      std::lower_bound(npcs_.begin(), npcs_.end(), victim, [](const Npc& n, EntityId id) { return n.id < id; });
  if (npc == npcs_.end() || npc->id != victim || !npc->alive()) return;
  npc->health -= kWeaponDamage;
  if (npc->health > 0) return;
  npc->respawnAt = respawnAt;
  result.killed = true;
}

}  // namespace qd::stage
