// SPDX-License-Identifier: Apache-2.0
// The stage's server with 200 players and an agent that reads its probe: its own report of its ticks. The limit is the
// same server without players, measured before: what waking up, NPCs and telemetry cost alone on this machine.
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/bench/bench.h"
#include "tests/bench/child.h"
#include "tests/bench/scratch.h"

namespace qd::bench {
namespace {

using namespace std::chrono_literals;

// The report of one server that lived for `seconds` and had `bots` players; null when it could not be measured.
nlohmann::json reportOf(const Scratch& scratch, const std::string& socket, int bots, int seconds) {
  const std::string file = scratch / ("report-" + std::to_string(bots) + ".json");
  const std::string time = std::to_string(seconds) + "s";
  Child server({"quarterdeck-stage-server", "--socket", socket, "--for", time, "--report", file, "--secret", "bench"});
  const auto ready = server.line(20s);
  if (!ready) return {};
  const std::string address = textIn(*ready, "listen");
  Child players({"quarterdeck-stage-bots", "--server", address, "--bots", std::to_string(bots), "--secret", "bench",
                 "--for", time});
  if (!server.ended(std::chrono::seconds(seconds + 20))) return {};
  std::ifstream in(file);
  return nlohmann::json::parse(in, nullptr, false);
}

double number(const nlohmann::json& report, const char* key) {
  return report.is_object() ? report.value(key, std::nan("")) : std::nan("");
}

}  // namespace

QD_BENCH(stage_server) {
  const Scratch scratch;
  const std::string socket = scratch / "agent.sock";
  Child agent({"quarterdeckd", "--listen", "127.0.0.1:0", "--socket", socket, "--data", scratch / "data"});
  nlohmann::json idle, busy, crowd;
  if (agent.line(20s)) {
    idle = reportOf(scratch, socket, 0, 3);
    busy = reportOf(scratch, socket, 200, 9);
    crowd = reportOf(scratch, socket, 500, 9);
  }
  report({.name = "stage server: tick p99, 200 players",
          .unit = "ms",
          .value = number(busy, "tick_p99_ms"),
          .limit = number(idle, "tick_p99_ms"),
          .target = 4});
  report({.name = "stage server: tick mean, 200 players",
          .unit = "ms",
          .value = number(busy, "tick_mean_ms"),
          .limit = number(idle, "tick_mean_ms")});
  report({.name = "stage server: players at most",
          .unit = "players",
          .value = number(busy, "players_most"),
          .target = 200,
          .better = Better::More});
  // How far it goes: on one machine with its bots, which take several times what the server does.
  report({.name = "stage server: tick p99, 500 players",
          .unit = "ms",
          .value = number(crowd, "tick_p99_ms"),
          .limit = number(busy, "tick_p99_ms")});
  report({.name = "stage server: snapshot of one client, 200 players",
          .unit = "us",
          .value = number(busy, "client_cost_us"),
          .limit = number(crowd, "client_cost_us")});
}

}  // namespace qd::bench
