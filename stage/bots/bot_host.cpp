// SPDX-License-Identifier: Apache-2.0
#include "stage/bots/bot_host.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "stage/runtime/options.h"

namespace qd::stage {

constexpr std::int64_t kStepNs = kNsPerSecond / 60;

BotHost::BotHost(int count, const std::string& secret, std::uint64_t seed, const Endpoint& server)
    : socket_(seed * 31 + 7), server_(server) {
  const Key key = secretFromText(secret);
  for (int i = 0; i < count; ++i) {
    ClientConfig config{
        Role::Bot, "bot-" + std::to_string(i + 1), key, seed * 1'000'003 + static_cast<std::uint64_t>(i), 2, 0};
    bots_.push_back({std::make_unique<Client>(config), std::make_unique<Brain>(config.nonceSeed ^ 0xb075)});
  }
}

std::expected<Endpoint, std::string> BotHost::open(const ImpairmentSettings& impairment) {
  socket_.impair(impairment);
  return socket_.open({0x7f000001, 0});
}

void BotHost::run(int terminationFd, std::int64_t endNs) {
  auto next = monotonicNs();
  while (!terminated(terminationFd) && monotonicNs() < endNs) {
    waitReadable(socket_.fd(), terminationFd, std::min(next, socket_.nextDueNs()));
    const auto now = monotonicNs();
    socket_.receive([&](const Endpoint&, BytesView data) { receive(data, now); });
    if (now - next > kNsPerSecond) next = now;
    while (now >= next) {
      for (std::size_t i = turn_++ % kParts; i < bots_.size(); i += kParts) step(bots_[i], now);
      next += kStepNs / static_cast<std::int64_t>(kParts);
    }
    socket_.flush(now);
    announce(now);
  }
  const auto now = monotonicNs();
  for (auto& bot : bots_) bot.client->leave(now, sender(now));
  socket_.flush(now + kNsPerSecond);
}

Client::Send BotHost::sender(std::int64_t now) {
  return [this, now](BytesView data) { socket_.send(server_, data, now); };
}

void BotHost::receive(BytesView data, std::int64_t now) {
  if (typeOf(data) == PacketType::Accept) {
    sessions_.clear();
    for (auto& bot : bots_) {
      bot.client->receive(data, now);
      if (bot.client->connected()) sessions_[bot.client->session()] = bot.client.get();
    }
    return;
  }
  std::uint32_t session = 0;
  if (data.size() < 1 + sizeof session) return;
  std::memcpy(&session, data.data() + 1, sizeof session);
  const auto it = sessions_.find(session);
  if (it != sessions_.end()) it->second->receive(data, now);
}

void BotHost::step(Bot& bot, std::int64_t now) {
  auto& client = *bot.client;
  client.render(client.advanceRender(now, 0), poses_);
  client.advance(now, [&](Tick tick) { return bot.brain->think(client, tick); });
  client.poll(now, sender(now));
  client.takeConfirmed();
  client.takeShots();
  client.takeDivergences();
}

void BotHost::announce(std::int64_t now) {
  if (announced_) return;
  for (auto& bot : bots_) {
    if (bot.client->state(now) < NetState::Connected) return;  // one that stalls for a moment has been in the game
  }
  announced_ = true;
  std::printf("{\"ready\":true,\"connected\":%zu}\n", bots_.size());
  std::fflush(stdout);
}

std::string BotHost::report() {
  std::uint64_t connected = 0;
  Client::Counters sum;
  double rtt = 0;
  for (auto& bot : bots_) {
    const auto& c = bot.client->counters();
    connected += bot.client->connected() ? 1 : 0;
    sum.snapshots += c.snapshots;
    sum.undecodable += c.undecodable;
    sum.shots += c.shots;
    sum.corrections += c.corrections;
    sum.confirmed += c.confirmed;
    sum.reconnects += c.reconnects;
    rtt += bot.client->link().clock().rttNs() / 1e6 / static_cast<double>(bots_.size());
  }
  return nlohmann::json{
      {"bots", bots_.size()},           {"connected", connected},       {"snapshots", sum.snapshots},
      {"undecodable", sum.undecodable}, {"shots", sum.shots},           {"corrections", sum.corrections},
      {"confirmed", sum.confirmed},     {"reconnects", sum.reconnects}, {"rtt_ms", rtt}}
      .dump();
}

}  // namespace qd::stage
