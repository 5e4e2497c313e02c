// SPDX-License-Identifier: Apache-2.0
#include "stage/sim/simulation.h"

#include <algorithm>

namespace qd::stage {
namespace {

constexpr std::int64_t kReportNs = kNsPerSecond / 2;

}  // namespace

Simulation::Simulation(const SimulationOptions& options)
    : options_(options),
      world_(options.seed, static_cast<std::uint32_t>(options.seed), options.arenaHalfUm),
      hub_(secretFromText("virtual"), options.seed, 4'096, outputs()),
      tick_(options.firstTick - 1) {
  settings.npcDensity = options.npcDensity;
  const auto frameNs = kNsPerSecond / options.frameHz;
  for (int i = 0; i < options.players; ++i) {
    const auto seed = options.seed * 1'000 + static_cast<std::uint64_t>(i);
    ClientConfig config{Role::Bot, "p" + std::to_string(i + 1), secretFromText("virtual"), seed, options.sendEvery, {}};
    if (options.exactClock) config.knownOffsetNs = 0;
    players_.push_back({std::make_unique<Client>(config),
                        std::make_unique<Brain>(seed ^ 0xb075, options.habits),
                        Impairment(seed * 2),
                        Impairment(seed * 2 + 1),
                        nullptr,
                        now_ + 5 * kNsPerMs + frameNs * i / options.players,
                        {},
                        {},
                        {}});
  }
  impairAll(options.path);
}

HubOutput Simulation::outputs() {
  HubOutput out;
  out.send = [this](Address to, EntityId, BytesView data) {
    const auto player = static_cast<std::size_t>(to - addressOf(0));
    if (player < players_.size()) send(players_[player].down, {player, false}, data);
  };
  out.membership = [this](Membership change) { membership_.push_back(std::move(change)); };
  out.inputs = [this](Inputs inputs) { inputs_.push_back(std::move(inputs)); };
  out.clock = [this] { return now_; };
  out.addressText = [](Address address) { return "virtual:" + std::to_string(address); };
  return out;
}

void Simulation::impair(std::size_t player, const PathSettings& path) {
  players_[player].down.set(path.down());
  players_[player].up.set(path.up());
}

void Simulation::impairAll(const PathSettings& path) {
  for (std::size_t i = 0; i < players_.size(); ++i) impair(i, path);
}

void Simulation::send(Impairment& path, Route route, BytesView data) {
  const auto fate = path.send(now_);
  for (int i = 0; i < fate.copies; ++i) wire_.push(fate.dueNs[i], route, data);
}

std::int64_t Simulation::nextEvent() const {
  auto next = std::min(nextTick_, wire_.empty() ? nextTick_ : wire_.nextDueNs());
  for (const auto& player : players_) next = std::min(next, player.nextFrameNs);
  return next;
}

void Simulation::run(std::int64_t ns) {
  for (const auto end = now_ + ns;;) {
    const auto next = std::max(now_, nextEvent());
    if (next > end) {
      now_ = end;
      return;
    }
    now_ = next;
    deliver();
    if (now_ >= nextTick_) serverTick();
    for (std::size_t i = 0; i < players_.size(); ++i) {
      if (now_ >= players_[i].nextFrameNs) frame(i);
    }
  }
}

void Simulation::deliver() {
  DelayQueue<Route>::Item item;
  while (wire_.pop(now_, item)) {
    if (onDelivery && !onDelivery(item.to.player, item.to.toServer, item.data)) continue;
    if (item.to.toServer) {
      hub_.receive(addressOf(item.to.player), item.data, now_);
    } else {
      players_[item.to.player].client->receive(item.data, now_);
    }
  }
}

void Simulation::serverTick() {
  if (!parked) {
    for (const auto& change : membership_) {
      if (const auto* joined = std::get_if<Joined>(&change)) world_.join(*joined);
      if (const auto* left = std::get_if<Left>(&change)) world_.leave(left->player);
    }
    membership_.clear();
    for (const auto& inputs : inputs_) world_.input(inputs);
    inputs_.clear();
    const auto begin = workTime();
    world_.step(++tick_, settings, nextTick_);
    auto frame = world_.frame(tick_, nextTick_, settings);
    const auto simulated = workTime();
    work_ = {simulated - begin, 0};
    if (hub_.publish(std::move(frame))) {
      lastRound_ = hub_.sendSnapshots(false);
      work_.snapshotsNs = workTime() - simulated;
    }
    if (onTick) onTick(tick_);
  } else if (hub_.frame() != nullptr) {
    hub_.sendSnapshots(true);
  }
  nextTick_ += kNsPerSecond / settings.tickHz;
  if (now_ < nextReport_) return;
  lastReport_ = hub_.report(now_);
  nextReport_ = now_ + kReportNs;
}

void Simulation::frame(std::size_t index) {
  auto& p = players_[index];
  p.nextFrameNs += kNsPerSecond / options_.frameHz;
  const bool drawn = p.client->render(p.client->advanceRender(now_, 0), poses_);
  p.client->advance(now_, [&p](Tick t) { return p.think ? p.think(t) : p.brain->think(*p.client, t); });
  p.client->poll(now_, [&](BytesView data) { send(p.up, {index, true}, data); });
  for (auto& c : p.client->takeConfirmed()) p.confirmed.push_back(c);
  for (auto& s : p.client->takeShots()) p.shots.push_back(s);
  for (auto& d : p.client->takeDivergences()) p.divergences.push_back(std::move(d));
  if (onFrame) onFrame(index, drawn);
}

std::uint64_t Simulation::checksum() const {
  std::uint64_t hash = world_.checksum();
  const auto add = [&hash](std::int64_t value) {
    hash = (hash ^ static_cast<std::uint64_t>(value)) * 0x100000001b3ULL;
  };
  for (const auto& p : players_) {
    const auto& own = p.client->own();
    for (const auto v : {own.pos.x, own.pos.y, own.vel.x, own.vel.y, p.client->predictedTick(),
                         p.client->view().fixed(), p.client->renderClock().value()}) {
      add(v);
    }
    for (const auto& pose : p.client->poses()) {
      add(pose.pos.x);
      add(pose.pos.y);
      add(pose.rotation);
    }
    const auto& c = p.client->counters();
    for (const auto v : {c.snapshots, c.corrections, c.replayed, c.shots}) add(static_cast<std::int64_t>(v));
  }
  return hash;
}

}  // namespace qd::stage
