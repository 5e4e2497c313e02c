// SPDX-License-Identifier: Apache-2.0
#include "stage/server/server_loop.h"

#include <sys/prctl.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "stage/runtime/options.h"

namespace qd::stage {
namespace {

constexpr int kMostBehind = 5;  // ticks

Settings settingsOf(const ServerOptions& options) {
  Settings settings;
  settings.tickHz = options.tickHz;
  settings.netLatencyNs = options.impairment.latencyNs;
  settings.netJitterNs = options.impairment.jitterNs;
  settings.netLoss = options.impairment.loss;
  settings.npcDensity = options.npcDensity;
  return settings;
}

}  // namespace

ServerLoop::ServerLoop(const ServerOptions& options, int terminationFd)
    : options_(options),
      terminationFd_(terminationFd),
      settings_(settingsOf(options)),
      world_(options.seed, static_cast<std::uint32_t>(options.seed * 2'654'435'761U + 1), options.arenaHalfUm),
      net_(exchange_, secretFromText(options.secret), options.seed, options.maxClients),
      telemetry_(world_, exchange_, settings_),
      drill_(options.scenario, options.scenarioAfterNs, options.scenarioPlayer) {
  world_.setClock(monotonicNs);
}

std::expected<Endpoint, std::string> ServerLoop::open() {
  auto bound = net_.open(options_.listen, PathSettings{options_.impairment});
  if (!bound) return bound;
  if (auto opened = telemetry_.open(options_.identity); !opened) return std::unexpected(opened.error());
  return bound;
}

void ServerLoop::run() {
  prctl(PR_SET_TIMERSLACK, 1UL);  // the default of 50 µs would be most of the start jitter
  net_.start();
  nextNs_ = monotonicNs();
  const auto end = options_.forNs > 0 ? nextNs_ + options_.forNs : INT64_MAX;
  while (monotonicNs() < end) {
    waitReadable(terminationFd_, -1, std::min(nextNs_, end));
    if (terminated(terminationFd_)) break;
    if (monotonicNs() >= nextNs_) tick();
  }
  net_.stop();
}

void ServerLoop::takeMail() {
  exchange_.membership.take(membership_);
  for (const auto& change : membership_) {
    if (const auto* joined = std::get_if<Joined>(&change)) {
      world_.join(*joined);
      telemetry_.joined(*joined);
    } else {
      const auto& left = std::get<Left>(change);
      const auto* player = world_.player(left.player);
      const std::string name = player != nullptr ? player->name : "";
      if (world_.leave(left.player)) telemetry_.left(left, name);
    }
  }
  exchange_.inputs.take(inputs_);
  for (const auto& inputs : inputs_) world_.input(inputs);
  mostPlayers_ = std::max(mostPlayers_, world_.players().size());
}

void ServerLoop::tick() {
  TickTiming timing{.tick = ++tick_, .scheduledNs = nextNs_};
  qd_tick_begin(telemetry_.probe(), static_cast<std::uint64_t>(tick_));
  timing.startNs = monotonicNs();
  takeMail();
  telemetry_.tickBegun(timing);
  drill_.tick(timing.startNs, world_, exchange_, telemetry_);
  world_.step(tick_, settings_, nextNs_);
  exchange_.frame.put(world_.frame(tick_, nextNs_, settings_));
  exchange_.wakeNetwork.wake();
  if (faults_.tick(settings_)) telemetry_.set("debug.slow_tick", qd_duration_ns(0));
  telemetry_.tickDone(timing);
  const auto parked = static_cast<std::int64_t>(qd_tick_end(telemetry_.probe()));
  telemetry_.totals().parkedNs += parked;
  if (!attached_ && qd_connected(telemetry_.probe()) != 0) {
    attached_ = true;
    std::printf("{\"attached\":true}\n");
    std::fflush(stdout);
  }
  const auto step = kNsPerSecond / settings_.tickHz;
  nextNs_ += step + parked;
  const auto behind = monotonicNs() - nextNs_;
  if (behind > kMostBehind * step) {
    telemetry_.totals().skipped += static_cast<std::uint64_t>(behind / step);
    nextNs_ += behind;
  }
}

std::string ServerLoop::report() {
  const auto& t = telemetry_.totals();
  const auto ticks = std::max<std::uint64_t>(1, t.ticks);
  const auto& events = world_.events();
  qd_stats stats{};
  qd_get_stats(telemetry_.probe(), &stats);
  return nlohmann::json{{"id", options_.identity.id},
                        {"ticks", t.ticks},
                        {"tick_hz", settings_.tickHz},
                        {"players", world_.players().size()},
                        {"players_most", mostPlayers_},
                        {"npcs", world_.npcCount()},
                        {"overruns", t.overruns},
                        {"skipped", t.skipped},
                        {"shots", t.shots},
                        {"shots_agreed", t.agreed},
                        {"rejected", telemetry_.rejectedByReason()},
                        {"inputs_late", events.inputsLate},
                        {"inputs_missing", events.inputsMissing},
                        {"tick_mean_ms", static_cast<double>(t.sumTickNs) / static_cast<double>(ticks) / 1e6},
                        {"tick_p99_ms", t.tickPercentileMs(0.99)},
                        {"client_cost_us", t.rounds == 0 ? 0.0 : t.clientCostUs / static_cast<double>(t.rounds)},
                        {"dropped_records", stats.dropped_records},
                        {"dropped_blobs", stats.dropped_blobs},
                        {"tick_max_ms", static_cast<double>(t.worstTickNs) / 1e6},
                        {"parked_ms", t.parkedNs / 1'000'000}}
      .dump();
}

}  // namespace qd::stage
