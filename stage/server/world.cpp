// SPDX-License-Identifier: Apache-2.0
#include "stage/server/world.h"

#include <algorithm>
#include <cmath>

#include "stage/game/combat.h"
#include "stage/game/movement.h"

namespace qd::stage {
namespace {

constexpr std::size_t kSpawnsPerTick = 20;  // a density pushed up fills over some ticks instead of one very long one
constexpr std::int64_t kNpcSpeed = 3'000'000;
constexpr int kDirections = 8;
constexpr double kDiagonal = 0.7071067811865476;
constexpr struct {
  double x, y;
} kDirection[kDirections] = {{1, 0},  {kDiagonal, kDiagonal},   {0, 1},  {-kDiagonal, kDiagonal},
                             {-1, 0}, {-kDiagonal, -kDiagonal}, {0, -1}, {kDiagonal, -kDiagonal}};

}  // namespace

PathSettings pathOf(const Settings& s) {
  PathSettings path;
  path.downShare = s.netAsymmetry;
  path.each.latencyNs = s.netLatencyNs;
  path.each.jitterNs = s.netJitterNs;
  path.each.loss = s.netLoss;
  path.each.duplicate = s.netDuplicate;
  path.each.reorder = s.netReorder;
  path.each.burstEnter = s.netBurstEnter;
  path.each.burstLeave = s.netBurstLeave;
  path.each.burstLoss = s.netBurstLoss;
  return path;
}

World::World(std::uint64_t seed, std::uint32_t mapSeed, std::int64_t arenaHalfUm)
    : random_(seed), map_(std::make_shared<const Map>(mapSeed, arenaHalfUm)), grid_(arenaHalfUm, 8 * kUmPerMetre) {}

const World::Player* World::player(EntityId id) const {
  const auto it = players_.find(id);
  return it == players_.end() ? nullptr : &it->second;
}

void World::join(const Joined& joined) {
  auto& player = players_[joined.player];
  player.id = joined.player;
  player.role = joined.role;
  player.name = joined.name;
  spawn(player);
}

bool World::leave(EntityId player) {
  const auto it = players_.find(player);
  if (it == players_.end()) return false;
  const auto& counts = it->second.queue.counts();
  left_.late += counts.late;
  left_.missing += counts.missing;
  left_.tooEarly += counts.tooEarly;
  players_.erase(it);
  return true;
}

void World::input(const Inputs& inputs) {
  const auto it = players_.find(inputs.player);
  if (it == players_.end()) return;
  it->second.rttNs = inputs.rttNs;
  for (const auto& command : inputs.commands) it->second.queue.push(command);
}

void World::spawn(Player& player) {
  const auto teleports = static_cast<std::uint8_t>(player.state.teleports + 1);
  player.state = OwnState{.pos = map_->spawn(random_), .teleports = teleports};
  player.respawnAt = 0;
}

void World::reload(std::uint32_t mapSeed) {
  map_ = std::make_shared<const Map>(mapSeed, map_->halfUm());
  history_.clear();
  for (auto& [id, player] : players_) {
    spawn(player);
    player.kills = player.deaths = 0;
  }
  for (auto& npc : npcs_) events_.npcsGone.push_back(npc.id);
  npcs_.clear();
}

void World::step(Tick tick, const Settings& settings, std::int64_t nowNs) {
  events_ = {};
  triggers_.clear();
  keepPopulation(settings);
  const auto begin = time();
  stepPlayers(tick, settings, nowNs);
  const auto middle = time();
  grid_.build(entities_);  // of the tick before, good enough for the animals
  stepNpcs(tick, settings);
  const auto end = time();
  gather();
  history_.record(tick, entities_);
  const auto shots = time();
  for (const auto& trigger : triggers_) resolve(trigger, tick, settings);
  events_.playersNs = middle - begin;
  events_.npcsNs = end - middle;
  events_.shotsNs = time() - shots;
}

void World::stepPlayers(Tick tick, const Settings& settings, std::int64_t nowNs) {
  const int hz = static_cast<int>(settings.tickHz);
  events_.inputsLate = left_.late;
  events_.inputsMissing = left_.missing;
  events_.inputsEarly = left_.tooEarly;
  events_.viewsForged = viewsForged_;
  for (auto& [id, player] : players_) {
    if (player.respawnAt != 0 && tick >= player.respawnAt) {
      spawn(player);
      events_.respawned.push_back(id);
    }
    const auto command = player.queue.take(tick, hz);
    player.inputDepth = player.queue.depth();
    player.yaw = command.yaw;
    player.pitch = command.pitch;
    stepPlayer(player.state, command, *map_, hz);
    if ((command.buttons & kFire) != 0 && player.state.alive && tick >= player.nextShot) {
      player.nextShot = tick + hz / 4;
      triggers_.push_back({id, command.shot, command.yaw, std::max<std::int64_t>(0, nowNs - command.arrivedNs)});
    }
    events_.inputsLate += player.queue.counts().late;
    events_.inputsMissing += player.queue.counts().missing;
    events_.inputsEarly += player.queue.counts().tooEarly;
  }
}

void World::keepPopulation(const Settings& settings) {
  const auto wanted = static_cast<std::size_t>(std::lround(settings.npcDensity * kNpcsPerDensity));
  for (std::size_t n = 0; n < kSpawnsPerTick && npcs_.size() < wanted; ++n) {
    npcs_.push_back({.id = nextNpc_++, .pos = map_->spawn(random_)});
    npcs_.back().goal = npcs_.back().pos;
    events_.npcsSpawned.push_back(npcs_.back().id);
  }
  for (std::size_t n = 0; n < kSpawnsPerTick && npcs_.size() > wanted; ++n) {
    events_.npcsGone.push_back(npcs_.back().id);
    npcs_.pop_back();
  }
}

void World::stepNpcs(Tick tick, const Settings& settings) {
  const int hz = static_cast<int>(settings.tickHz);
  for (auto& npc : npcs_) {
    if (npc.respawnAt != 0) {
      if (tick < npc.respawnAt) continue;
      ++npc.teleports;
      npc.respawnAt = 0;
      npc.health = 50;
      npc.pos = npc.goal = map_->spawn(random_);
      npc.vel = {};
    }
    think(npc, tick, hz);
    moveBody(npc.pos, npc.vel, *map_, hz);
  }
}

// Steering by context: eight directions are rated by how free they are, how well they lead to the goal and how crowded
// they are with neighbours; the animal turns to the best. This is the work that npc.density buys.
void World::think(Npc& npc, Tick tick, int tickHz) {
  if (tick >= npc.goalUntil || distance(npc.pos, npc.goal) < 2 * kUmPerMetre) {
    npc.goalUntil = tick + random_.between(3 * tickHz, 10 * tickHz);
    npc.goal = map_->spawn(random_);
  }
  constexpr double kLook = 8e6;
  double score[kDirections];
  const double gx = static_cast<double>(npc.goal.x - npc.pos.x), gy = static_cast<double>(npc.goal.y - npc.pos.y);
  const double size = std::max(1.0, std::sqrt(gx * gx + gy * gy));
  for (int d = 0; d < kDirections; ++d) {
    const auto [dx, dy] = kDirection[d];
    score[d] = (dx * gx + dy * gy) / size + 1.5 * map_->clearDistance(npc.pos, dx, dy, kLook) / kLook;
  }
  grid_.near(npc.pos, 6 * kUmPerMetre, [&](std::uint32_t index) {
    const auto& other = entities_[index];
    if (other.id == npc.id || !other.alive) return;
    const double ox = static_cast<double>(other.pos.x - npc.pos.x), oy = static_cast<double>(other.pos.y - npc.pos.y);
    const double far = std::max(3e5, std::sqrt(ox * ox + oy * oy));
    if (far > 6e6) return;
    const double push = (other.kind == EntityKind::Player ? 3e6 : 1e6) / far / far;
    for (int d = 0; d < kDirections; ++d) {
      score[d] -= push * (kDirection[d].x * ox + kDirection[d].y * oy) / far * 1e6;
    }
  });
  const auto [wishX, wishY] = kDirection[std::max_element(score, score + kDirections) - score];
  const auto turn = [tickHz](std::int64_t v, double wish) {
    const auto most = 12 * kUmPerMetre / tickHz;
    return v + std::clamp(static_cast<std::int64_t>(wish * kNpcSpeed) - v, -most, most);
  };
  npc.vel = {turn(npc.vel.x, wishX), turn(npc.vel.y, wishY), 0};
  npc.yaw = yawTowards({}, npc.vel);
}

void World::gather() {
  entities_.clear();
  for (const auto& [id, p] : players_) {
    entities_.push_back({id, EntityKind::Player, p.state.alive, p.state.teleports, p.state.health, p.yaw, p.pitch,
                         p.state.pos, p.state.vel});
  }
  for (const auto& npc : npcs_) {
    entities_.push_back({npc.id, EntityKind::Npc, npc.alive(), npc.teleports,
                         static_cast<std::uint8_t>(std::max(0, npc.health)), npc.yaw, 0, npc.pos, npc.vel});
  }
}

std::uint64_t World::checksum() const {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  const auto add = [&hash](auto... values) {
    ((hash = (hash ^ static_cast<std::uint64_t>(values)) * 0x100000001b3ULL), ...);
  };
  const auto addVec = [&add](Vec3 v) { add(v.x, v.y, v.z); };
  add(random_.state(), map_->seed(), nextNpc_, players_.size(), npcs_.size());
  for (const auto& [id, p] : players_) {
    addVec(p.state.pos);
    addVec(p.state.vel);
    add(id, p.state.health, p.state.alive ? 1 : 0, p.state.teleports, p.yaw, p.pitch, p.nextShot, p.respawnAt, p.kills,
        p.deaths, p.queue.depth(), p.queue.newest());
  }
  for (const auto& n : npcs_) {
    addVec(n.pos);
    addVec(n.vel);
    addVec(n.goal);
    add(n.id, n.yaw, n.teleports, n.health, n.respawnAt, n.goalUntil);
  }
  return hash;
}

std::shared_ptr<const WorldFrame> World::frame(Tick tick, std::int64_t tickTimeNs, const Settings& settings) const {
  auto frame = std::make_shared<WorldFrame>();
  frame->tick = tick;
  frame->tickTimeNs = tickTimeNs;
  frame->tickHz = static_cast<int>(settings.tickHz);
  frame->snapshotHz = static_cast<int>(std::min(settings.snapshotHz, settings.tickHz));
  frame->mapSeed = map_->seed();
  frame->arenaHalfUm = map_->halfUm();
  frame->visibilityUm = visibilityUm(static_cast<Weather>(settings.weatherKind), settings.weatherIntensity);
  frame->entities = entities_;
  for (const auto& [id, player] : players_) frame->owns.push_back({id, player.inputDepth, player.state});
  return frame;
}

}  // namespace qd::stage
