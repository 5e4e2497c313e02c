// SPDX-License-Identifier: Apache-2.0
// A whole stage in virtual time: the world, the sessions and the clients of the product, joined by seeded impairments,
// with no socket, thread or clock. One seed gives one result.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "stage/client/brain.h"
#include "stage/client/client.h"
#include "stage/netcode/server_session.h"
#include "stage/server/world.h"

namespace qd::stage {

class VirtualStage {
 public:
  struct Player {
    std::unique_ptr<Client> client;
    std::unique_ptr<Brain> brain;
    std::unique_ptr<ServerSession> session;
    std::function<InputCommand(Tick)> think;
    std::vector<Client::Confirmed> confirmed;
    std::vector<ShotRecord> shots;
  };
  Settings settings;
  bool parked = false;
  std::function<void(const ShotResult&)> onShot;

  VirtualStage(int players, std::uint64_t seed, ImpairmentSettings down, ImpairmentSettings up)
      : world_(seed, static_cast<std::uint32_t>(seed)),
        down_(seed),
        up_(seed + 1),
        grid_(kArenaHalf, 16 * kUmPerMetre) {
    settings.npcDensity = 0;
    down_.set(down);
    up_.set(up);
    const Key secret = secretFromText("virtual");
    for (int i = 0; i < players; ++i) {
      const auto id = static_cast<EntityId>(i + 1);
      Player p;
      p.client = std::make_unique<Client>(ClientConfig{Role::Bot, "p", secret, seed * 100 + id, 1});
      p.brain = std::make_unique<Brain>(seed * 1'000 + id);
      const auto session = id + 1'000;
      p.session = std::make_unique<ServerSession>(session, id, sessionKey(secret, p.client->nonce(), id, session));
      Bytes accept;
      encode(Accept{p.client->nonce(), id, session, id}, accept);
      p.client->receive(accept, now_);
      world_.join({id, Role::Bot, "p", ""});
      players_.push_back(std::move(p));
    }
  }

  World& world() { return world_; }
  std::vector<Player>& players() { return players_; }
  std::int64_t now() const { return now_; }
  Tick tick() const { return tick_; }
  Impairment& down() { return down_; }
  Impairment& up() { return up_; }

  // In steps of 1 ms; the server ticks at its rate, each client frame at 60 Hz.
  void run(std::int64_t ns) {
    for (const auto end = now_ + ns; now_ < end; now_ += kNsPerMs) {
      deliver();
      if (now_ >= nextTick_) serverTick();
      if (now_ >= nextFrame_) clientFrame();
    }
  }

 private:
  struct Address {
    std::size_t player = 0;
    bool toServer = false;
  };

  void send(Impairment& path, Address to, BytesView data) {
    const auto fate = path.send(now_);
    for (int i = 0; i < fate.copies; ++i) wire_.push(fate.dueNs[i], to, data);
  }

  void deliver() {
    DelayQueue<Address>::Item item;
    InputPacket packet;
    while (wire_.pop(now_, item)) {
      auto& p = players_[item.to.player];
      if (!item.to.toServer) {
        p.client->receive(item.data, now_);
      } else if (p.session->accept(item.data, now_, packet) == Reject::None) {
        world_.input(
            {p.session->player(), static_cast<std::int64_t>(p.session->link().clock().rttNs()), packet.inputs});
      }
    }
  }

  void serverTick() {
    if (!parked) {
      world_.step(++tick_, settings);
      frame_ = world_.frame(tick_, nextTick_, settings);
      if (onShot) {
        for (const auto& shot : world_.events().shots) onShot(shot);
      }
    }
    nextTick_ += kNsPerSecond / settings.tickHz;
    if (!frame_ || (!parked && tick_ * settings.snapshotHz / settings.tickHz ==
                                   (tick_ - 1) * settings.snapshotHz / settings.tickHz)) {
      return;
    }
    grid_.build(frame_->entities);
    for (std::size_t i = 0; i < players_.size(); ++i) {
      players_[i].session->snapshot(*frame_, grid_, parked, now_, bytes_);
      send(down_, {i, false}, bytes_);
    }
  }

  void clientFrame() {
    nextFrame_ += kNsPerSecond / 60;
    std::vector<Pose> poses;
    for (std::size_t i = 0; i < players_.size(); ++i) {
      auto& p = players_[i];
      p.client->render(p.client->advanceRender(now_, 0), poses);
      p.client->advance(now_, [&p](Tick t) { return p.think ? p.think(t) : p.brain->think(*p.client, t); });
      p.client->poll(now_, [&](BytesView data) { send(up_, {i, true}, data); });
      for (auto& c : p.client->takeConfirmed()) p.confirmed.push_back(c);
      for (auto& s : p.client->takeShots()) p.shots.push_back(s);
    }
  }

  World world_;
  Impairment down_, up_;
  Grid grid_;
  DelayQueue<Address> wire_{64 << 20};
  std::vector<Player> players_;
  std::shared_ptr<const WorldFrame> frame_;
  std::int64_t now_ = kNsPerSecond, nextTick_ = kNsPerSecond, nextFrame_ = kNsPerSecond + 5 * kNsPerMs;
  Tick tick_ = 0;
  Bytes bytes_;
};

}  // namespace qd::stage
