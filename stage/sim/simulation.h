// SPDX-License-Identifier: Apache-2.0
// A whole stage in virtual time: the world, the hub and the clients of the product, joined by seeded impairments, with
// no socket, thread or clock. It runs from event to event (a datagram is due, a tick, a frame), so time is exact and as
// fast as the machine. One seed and one set of options give one game, to the bit, in every build. Times ns, virtual.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "stage/client/brain.h"
#include "stage/client/client.h"
#include "stage/netcode/hub.h"
#include "stage/server/world.h"

namespace qd::stage {

struct SimulationOptions {
  int players = 8;
  std::uint64_t seed = 1;
  PathSettings path;  // of every player
  std::int64_t arenaHalfUm = kArenaHalf;
  double npcDensity = 0;
  Tick firstTick = 1;
  int frameHz = 60;
  int sendEvery = 1;  // ticks an input packet
  BrainHabits habits{};
  bool exactClock = true;  // clients know the server's clock, as on one host; false: from the stream alone
};

class Simulation {
 public:
  struct Player {
    std::unique_ptr<Client> client;
    std::unique_ptr<Brain> brain;
    Impairment down, up;
    std::function<InputCommand(Tick)> think;  // instead of the brain
    std::int64_t nextFrameNs = 0;
    std::vector<Client::Confirmed> confirmed;
    std::vector<ShotRecord> shots;
    std::vector<Divergence> divergences;
  };

  explicit Simulation(const SimulationOptions& options);

  void run(std::int64_t ns);

  // Read at every tick; may be changed between two calls of run() and from inside a hook.
  Settings settings;
  bool parked = false;
  // Hooks: after a tick was simulated; after a client drew a frame (`drawn`: there was something to draw); for every
  // datagram that is about to be delivered, which may change it or, by returning false, lose it.
  std::function<void(Tick)> onTick;
  std::function<void(std::size_t player, bool drawn)> onFrame;
  std::function<bool(std::size_t player, bool toServer, Bytes& data)> onDelivery;

  // A new path for one player, or for all.
  void impair(std::size_t player, const PathSettings& path);
  void impairAll(const PathSettings& path);
  // A datagram that reaches the server now, from an address of the caller's choice.
  void inject(Address from, BytesView data) { hub_.receive(from, data, now_); }
  Address addressOf(std::size_t player) const { return 1'000 + player; }

  World& world() { return world_; }
  const World& world() const { return world_; }
  Hub& hub() { return hub_; }
  std::vector<Player>& players() { return players_; }
  const std::vector<Player>& players() const { return players_; }
  std::int64_t now() const { return now_; }
  Tick tick() const { return tick_; }
  const SnapshotReport& lastRound() const { return lastRound_; }
  const NetReport& lastReport() const { return lastReport_; }
  // What the server's side of the last tick took on `clock` (0 without one; snapshots 0 where none were sent). The game
  // does not depend on it.
  struct Work {
    std::int64_t tickNs = 0, snapshotsNs = 0;
  };
  void setWorkClock(std::int64_t (*clock)()) {
    workClock_ = clock;
    world_.setClock(clock);
  }
  const Work& work() const { return work_; }
  // Of the world and of what every client predicts and draws.
  std::uint64_t checksum() const;

 private:
  struct Route {
    std::size_t player = 0;
    bool toServer = false;
  };
  HubOutput outputs();
  std::int64_t nextEvent() const;
  void send(Impairment& path, Route route, BytesView data);
  void deliver();
  void serverTick();
  std::int64_t workTime() const { return workClock_ != nullptr ? workClock_() : 0; }
  void frame(std::size_t index);

  SimulationOptions options_;
  World world_;
  Hub hub_;
  DelayQueue<Route> wire_{std::size_t{256} << 20};
  std::vector<Player> players_;
  std::vector<Inputs> inputs_;
  std::vector<Membership> membership_;
  std::int64_t now_ = kNsPerSecond, nextTick_ = kNsPerSecond, nextReport_ = kNsPerSecond;
  Tick tick_;
  SnapshotReport lastRound_;
  NetReport lastReport_;
  std::vector<Pose> poses_;
  std::int64_t (*workClock_)() = nullptr;
  Work work_;
};

}  // namespace qd::stage
