// SPDX-License-Identifier: Apache-2.0
// quarterdeck-stage: the whole stage with one command. Starts the agents, the servers, one bot process a server and the
// editors, prints one line of JSON once all of them are up and attached, and takes everything along when it goes.
#include "stage/launcher/stage_set.h"
#include "stage/runtime/cli.h"
#include "stage/runtime/options.h"
#include "stage/runtime/scenarios.h"
#include "stage/runtime/udp.h"

int main(int argc, char** argv) {
  using namespace qd::stage;
  StageOptions options;
  std::string impair = "60ms/8ms/1%", duration;
  CLI::App app{"The reference game of Quarterdeck: real servers, bots and editors on loopback, watched by real agents.",
               "quarterdeck-stage"};
  app.set_version_flag("--version", QD_VERSION);
  app.add_option("--servers", options.servers, "Game servers")->check(CLI::Range(1, 64))->capture_default_str();
  app.add_option("--bots", options.bots, "Bots of each server")->check(CLI::Range(0, 500))->capture_default_str();
  app.add_option("--editors", options.editors, "Editors, dealt out to the servers in turn")
      ->check(CLI::Range(0, 64))
      ->capture_default_str();
  app.add_option("--agents", options.agents, "Agents, dealt out to the servers in turn")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();
  app.add_flag("--apart", options.apart, "Editors at the next agent instead of their server's");
  app.add_option("--tick-hz", options.tickHz, "Ticks a second")->check(CLI::Range(10, 240))->capture_default_str();
  app.add_option("--seed", options.seed, "Seed of worlds, brains and networks")->capture_default_str();
  app.add_option("--for", duration, "Ends by itself after this time, such as 30s; default: runs until told to stop");
  app.add_option("--agent", options.agent, "Address of the first agent; port 0: any")->capture_default_str();
  app.add_option("--impair", impair, "LATENCY/JITTER/LOSS: one way, deviation per direction, share")
      ->capture_default_str();
  app.add_option("--scenario", options.scenario, "A drill that every server plays: " + scenarioNames());
  app.add_option("--scenario-after", options.scenarioAfter, "When it begins after the first player came")
      ->capture_default_str();
  app.add_option("--scenario-player", options.scenarioPlayer,
                 "The one player whose network the drill spoils; 0: everybody");
  if (const auto code = parse(app, argc, argv)) return *code;
  if (!options.scenario.empty()) {
    const auto* scenario = findScenario(options.scenario);
    if (scenario == nullptr) {
      return stop(2, "quarterdeck-stage: there is no scenario \"" + options.scenario + "\"; choose one of " +
                         scenarioNames() + ".");
    }
    if (options.scenarioPlayer != 0 && !scenario->network) {
      return stop(2, "quarterdeck-stage: " + options.scenario + " cannot be scoped to one player, it is the server's.");
    }
  }
  if (const auto after = parseDuration(options.scenarioAfter); !after) {
    return stop(2, "quarterdeck-stage: --scenario-after " + after.error());
  }
  const auto impairment = parseImpairment(impair);
  if (!impairment) return stop(2, "quarterdeck-stage: --impair " + impairment.error());
  options.impair = impair;
  if (const auto address = parseEndpoint(options.agent); !address) {
    return stop(2, "quarterdeck-stage: --agent " + address.error());
  }
  const auto time = parseDuration(duration.empty() ? "0s" : duration);
  if (!time) return stop(2, "quarterdeck-stage: --for " + time.error());
  if (!duration.empty() && *time == 0)
    return stop(2, "quarterdeck-stage: --for 0 would end before it begins; give 10s or more.");
  options.forNs = *time;
  StageSet stage(options, terminationFd());
  if (const auto started = stage.start(); !started) return stop(1, "quarterdeck-stage: " + started.error());
  std::printf("%s\n", stage.readyLine().c_str());
  std::fflush(stdout);
  stage.run();
  return 0;
}
