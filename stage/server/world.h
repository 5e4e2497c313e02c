// SPDX-License-Identifier: Apache-2.0
// The game itself: players driven by their inputs, animals (NPCs) with costly little minds, shots judged by rewinding,
// damage and respawn. One fixed step a tick, deterministic for one seed and one sequence of inputs; no I/O and no clock
// of its own. Copyable: a copy is a checkpoint to roll back to. What happened is left in `events()` for whoever reports
// it. Owned by the simulation thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "stage/game/combat.h"
#include "stage/game/map.h"
#include "stage/game/weather.h"
#include "stage/netcode/grid.h"
#include "stage/netcode/input_queue.h"
#include "stage/netcode/random.h"
#include "stage/netcode/rewind.h"
#include "stage/netcode/server_session.h"
#include "stage/server/mailbox.h"

namespace qd::stage {

// The live parameters, as the probe writes them; read once a tick.
struct Settings {
  double weatherIntensity = 0.2;
  std::int32_t weatherKind = 0;
  double npcDensity = 1;
  // The network's faults, both directions; see PathSettings. `netPlayer` 0: of everybody, else of that player alone.
  std::int64_t netLatencyNs = 0, netJitterNs = 0, netBlackoutNs = 0;
  double netLoss = 0, netDuplicate = 0, netReorder = 0, netAsymmetry = 0.5;
  double netBurstEnter = 0, netBurstLeave = 0.3, netBurstLoss = 0.5;
  std::int64_t netPlayer = 0;
  std::int64_t tickHz = 60, snapshotHz = 30;
  std::uint8_t lagcompEnabled = 1;
  std::int64_t maxRewindNs = 250 * kNsPerMs;
  std::int32_t lagcompMethod = 0;  // 0 claim, 1 rtt_half
  // Faults put in on purpose, to see that the metrics show them.
  std::int64_t debugRewindTicks = 0;  // rewinds so many ticks too far
  std::int64_t debugHogNs = 0, debugSlowTickNs = 0, debugLeakBytes = 0;
};

// The path that they describe, blackout apart (that begins when it is pushed).
PathSettings pathOf(const Settings& settings);

inline constexpr EntityId kFirstNpc = 10'000;
inline constexpr int kNpcsPerDensity = 120;

struct ShotResult {
  std::uint64_t number = 0;  // of the shots of this world, from 1
  EntityId shooter = 0;
  EntityId claimed = 0;   // what the client saw hit; 0: a miss
  EntityId victim = 0;    // what the server let be hit; 0: a miss
  bool policy = false;    // refused by rule (too old, dead, across a teleport), not by geometry
  const char* rule = "";  // which: too_old, render_time, unknown, dead, teleported
  bool killed = false;
  int damage = 0;
  std::int64_t rewindNs = 0;
  std::int64_t rewindDistanceUm = 0;  // from where the victim is to where it was rewound to
  std::int64_t rewindErrorUm = -1;    // against what the client drew; −1: nothing claimed
  // Both sides' pictures of the target (the claimed one, else the victim), for whoever draws or checks them.
  EntityId target = 0;
  View seen, used;  // what the client drew; what the server rewound to
  Vec3 origin, seenPos, rewoundPos, nowPos;
  std::uint16_t yaw = 0;
};

struct WorldEvents {
  std::vector<ShotResult> shots;
  std::vector<EntityId> npcsSpawned, npcsGone, respawned;
  std::int64_t playersNs = 0, npcsNs = 0, shotsNs = 0;                                // work of this step
  std::uint64_t inputsLate = 0, inputsMissing = 0, inputsEarly = 0, viewsForged = 0;  // totals
};

class World {
 public:
  World(std::uint64_t seed, std::uint32_t mapSeed, std::int64_t arenaHalfUm = kArenaHalf);

  void join(const Joined& joined);
  bool leave(EntityId player);
  void input(const Inputs& inputs);
  // `nowNs`: when this tick is due, on the clock that dates the arrival of inputs.
  void step(Tick tick, const Settings& settings, std::int64_t nowNs);
  // Everybody starts anew on another map.
  void reload(std::uint32_t mapSeed);

  struct Player {
    EntityId id = 0;
    Role role = Role::Bot;
    std::string name;
    OwnState state;
    InputQueue queue;
    std::uint16_t yaw = 0;
    std::int16_t pitch = 0;
    std::int64_t rttNs = 0;
    Tick nextShot = 0, respawnAt = 0;
    int inputDepth = 0, kills = 0, deaths = 0;
  };
  const std::map<EntityId, Player>& players() const { return players_; }
  const Player* player(EntityId id) const;
  // Over all that the next step depends on.
  std::uint64_t checksum() const;
  // For measuring what players, NPCs and shots cost; without it events() says 0.
  void setClock(std::int64_t (*clock)()) { clock_ = clock; }
  const History& history() const { return history_; }
  std::size_t npcCount() const { return npcs_.size(); }
  const std::vector<EntityState>& entities() const { return entities_; }
  const WorldEvents& events() const { return events_; }
  const Map& map() const { return *map_; }
  std::shared_ptr<const WorldFrame> frame(Tick tick, std::int64_t tickTimeNs, const Settings& settings) const;

 private:
  struct Npc {
    EntityId id = 0;
    Vec3 pos{}, vel{}, goal{};
    std::uint16_t yaw = 0;
    std::uint8_t teleports = 0;
    int health = 50;
    Tick respawnAt = 0, goalUntil = 0;
    bool alive() const { return respawnAt == 0; }
  };
  struct Trigger {
    EntityId shooter;
    Shot shot;
    std::uint16_t yaw;
    std::int64_t waitedNs;  // from the arrival of its input to this tick
  };
  void spawn(Player& player);
  void stepPlayers(Tick tick, const Settings& settings, std::int64_t nowNs);
  void stepNpcs(Tick tick, const Settings& settings);
  void keepPopulation(const Settings& settings);
  void think(Npc& npc, Tick tick, int tickHz);
  void gather();
  void resolve(const Trigger& trigger, Tick tick, const Settings& settings);
  View viewOf(const Trigger& trigger, const Player& shooter, Tick tick, const Settings& settings,
              ShotResult& result) const;
  void harm(EntityId victim, const Ray& ray, Tick tick, int tickHz, ShotResult& result);

  std::int64_t time() const { return clock_ != nullptr ? clock_() : 0; }

  Random random_;
  std::shared_ptr<const Map> map_;
  std::map<EntityId, Player> players_;
  std::vector<Npc> npcs_;  // sorted by id
  EntityId nextNpc_ = kFirstNpc;
  std::vector<EntityState> entities_;  // sorted by id
  Grid grid_;
  History history_;
  std::vector<Trigger> triggers_;
  InputQueue::Counts left_;  // of players who are gone, so that totals never fall
  WorldEvents events_;
  std::int64_t (*clock_)() = nullptr;
  std::uint64_t shotsJudged_ = 0, viewsForged_ = 0;
};

}  // namespace qd::stage
