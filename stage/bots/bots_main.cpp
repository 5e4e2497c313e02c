// SPDX-License-Identifier: Apache-2.0
// quarterdeck-stage-bots: the players of one server, without a probe. Prints {"ready":true,"connected":N} once all of
// them are in the game.
#include <fstream>

#include "stage/bots/bot_host.h"
#include "stage/runtime/cli.h"
#include "stage/runtime/options.h"

int main(int argc, char** argv) {
  using namespace qd::stage;
  std::string server, secret = "stage", impair = "0ms/0ms/0%", duration, report;
  int count = 40;
  std::uint64_t seed = 1;
  CLI::App app{"Players without a screen for one server of the Quarterdeck stage.", "quarterdeck-stage-bots"};
  app.set_version_flag("--version", QD_VERSION);
  app.add_option("--server", server, "The server's UDP address")->required();
  app.add_option("--bots", count, "How many")->check(CLI::Range(0, 500));
  app.add_option("--secret", secret, "The server's secret");
  app.add_option("--seed", seed, "Seed of brains and network");
  app.add_option("--impair", impair, "LATENCY/JITTER/LOSS of what they send");
  app.add_option("--for", duration, "Stops by itself after this time");
  app.add_option("--report", report, "Writes a JSON report to this file at the end");
  if (const auto code = parse(app, argc, argv)) return *code;
  const auto address = parseEndpoint(server);
  if (!address) return stop(2, address.error());
  const auto impairment = parseImpairment(impair);
  if (!impairment) return stop(2, impairment.error());
  const auto time = parseDuration(duration.empty() ? "24000h" : duration);
  if (!time) return stop(2, time.error());
  const int termination = terminationFd();
  BotHost host(count, secret, seed, *address);
  if (auto opened = host.open(*impairment); !opened) return stop(1, opened.error());
  host.run(termination, monotonicNs() + *time);
  if (!report.empty() && !(std::ofstream(report) << host.report() << "\n")) {
    return stop(1, "Cannot write the report to " + report + ": check that its folder exists.");
  }
  return 0;
}
