// SPDX-License-Identifier: Apache-2.0
// quarterdeck-stage-server: one game server of the stage. Prints {"ready":true,"listen":"HOST:PORT"} once it serves.
#include <fstream>

#include "stage/runtime/cli.h"
#include "stage/runtime/options.h"
#include "stage/server/server_loop.h"

int main(int argc, char** argv) {
  using namespace qd::stage;
  ServerOptions options;
  int arena = 240;
  std::string scenario, after = "5s";
  std::string listen = "127.0.0.1:0", impair = "0ms/0ms/0%", duration, report;
  CLI::App app{"A game server of the Quarterdeck stage.", "quarterdeck-stage-server"};
  app.set_version_flag("--version", QD_VERSION);
  options.identity.id = "server-1";
  options.identity.version = QD_VERSION;
  app.add_option("--id", options.identity.id, "Stable name of this process");
  app.add_option("--listen", listen, "UDP address for players");
  app.add_option("--socket", options.identity.socket, "The agent's probe socket");
  app.add_option("--zone", options.identity.zone, "Label: zone");
  app.add_option("--secret", options.secret, "Shared secret that session keys are derived from");
  app.add_option("--seed", options.seed, "Seed of world and network");
  app.add_option("--tick-hz", options.tickHz, "Ticks a second")->check(CLI::Range(10, 240));
  app.add_option("--impair", impair, "LATENCY/JITTER/LOSS of each direction between it and its players");
  app.add_option("--npc-density", options.npcDensity, "120 NPCs for each 1")->check(CLI::Range(0.0, 10.0));
  app.add_option("--arena", arena, "Side of the arena in metres")->check(CLI::Range(60, 4'000));
  app.add_option("--scenario", scenario, "A drill: " + scenarioNames());
  app.add_option("--scenario-after", after, "When it begins after the first player came");
  app.add_option("--scenario-player", options.scenarioPlayer, "The one player whose network it spoils; 0: everybody");
  app.add_option("--for", duration, "Stops by itself after this time");
  app.add_option("--report", report, "Writes a JSON report to this file at the end");
  if (const auto code = parse(app, argc, argv)) return *code;
  const auto address = parseEndpoint(listen);
  if (!address) return stop(2, address.error());
  const auto impairment = parseImpairment(impair);
  if (!impairment) return stop(2, impairment.error());
  const auto time = parseDuration(duration.empty() ? "0s" : duration);
  if (!time) return stop(2, time.error());
  const auto begin = parseDuration(after);
  if (!begin) return stop(2, begin.error());
  if (!scenario.empty()) options.scenario = findScenario(scenario);
  if (!scenario.empty() && options.scenario == nullptr) {
    return stop(2, "There is no scenario \"" + scenario + "\"; choose one of " + scenarioNames() + ".");
  }
  options.scenarioAfterNs = *begin;
  options.arenaHalfUm = arena * kUmPerMetre / 2;
  options.forNs = *time;
  options.listen = *address;
  options.impairment = *impairment;
  ServerLoop loop(options, terminationFd());
  const auto bound = loop.open();
  if (!bound) return stop(1, bound.error());
  std::printf("{\"ready\":true,\"listen\":\"%s\"}\n", bound->text().c_str());
  std::fflush(stdout);
  loop.run();
  if (!report.empty() && !(std::ofstream(report) << loop.report() << "\n")) {
    return stop(1, "Cannot write the report to " + report + ": check that its folder exists.");
  }
  return 0;
}
