// SPDX-License-Identifier: Apache-2.0
#include "stage/runtime/scenarios.h"

#include <algorithm>

namespace qd::stage {
namespace {

using What = ScenarioStep::What;

constexpr std::int64_t s(double seconds) {
  return static_cast<std::int64_t>(seconds * kNsPerSecond);
}
ScenarioStep number(double at, const char* parameter, double value) {
  return {s(at), What::Number, parameter, value, ""};
}
ScenarioStep duration(double at, const char* parameter, double ms) {
  return {s(at), What::Duration, parameter, ms, ""};
}

ScenarioStep asStarted(double at, const char* parameter) {
  return {s(at), What::AsStarted, parameter, 0, ""};
}

std::vector<Scenario> make() {
  return {
      {"latency-step",
       "The way to and fro gets 90 ms longer at once, and 10 s later short again",
       true,
       s(20),
       {duration(0, "net.latency", 150), asStarted(10, "net.latency")}},
      {"jitter-storm",
       "Packets come as unevenly as on an overloaded wireless link (deviation 40 ms)",
       true,
       s(20),
       {duration(0, "net.jitter", 40), asStarted(10, "net.jitter")}},
      {"burst-loss",
       "Losses come in bursts, the mean stays moderate (Gilbert-Elliott)",
       true,
       s(20),
       {number(0, "net.burst_leave", 0.15), number(0, "net.burst_loss", 0.95), number(0, "net.burst_enter", 0.025),
        number(10, "net.burst_enter", 0)}},
      {"blackout", "Nothing gets through for 1.5 s, every 10 s", true, s(10), {duration(0, "net.blackout", 1'500)}},
      {"asymmetry",
       "The same round trip, four fifths of it on the way down; shots are judged by half the round trip",
       true,
       s(20),
       {duration(0, "lagcomp.max_rewind", 400),
        {0, What::Choice, "lagcomp.method", 0, "rtt_half"},
        number(0, "net.asymmetry", 0.8),
        number(10, "net.asymmetry", 0.5)}},
      {"cpu-hog",
       "Something takes 14 ms of processor time in every tick",
       false,
       s(20),
       {duration(0, "debug.cpu_hog", 14), duration(10, "debug.cpu_hog", 0)}},
      {"slow-tick", "One tick takes 400 ms, every 10 s", false, s(10), {duration(0, "debug.slow_tick", 400)}},
      {"leak",
       "The server loses 16 MiB of memory a second, at most 1 GiB",
       false,
       0,
       {{0, What::Count, "debug.leak", 16 << 20, ""}}},
      {"crash", "The server is aborted", false, 0, {{0, What::Crash, "", 0, ""}}},
      {"kick-wave",
       "Half of the players are thrown out at once, every 25 s",
       false,
       s(25),
       {{0, What::KickShare, "", 0.5, ""}}},
  };
}

}  // namespace

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> kAll = make();
  return kAll;
}

const Scenario* findScenario(std::string_view name) {
  const auto& all = scenarios();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Scenario& x) { return x.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string scenarioNames() {
  std::string names;
  for (const auto& scenario : scenarios()) names += (names.empty() ? "" : ", ") + std::string(scenario.name);
  return names;
}

}  // namespace qd::stage
