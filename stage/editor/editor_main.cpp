// SPDX-License-Identifier: Apache-2.0
// quarterdeck-stage-editor: a headless client in the editor's role, instrumented by the probe. Prints
// {"ready":true,"connected":1} once it is in the game.
#include <fstream>

#include "stage/editor/editor.h"
#include "stage/runtime/cli.h"
#include "stage/runtime/options.h"

int main(int argc, char** argv) {
  using namespace qd::stage;
  EditorOptions options;
  std::string server, impair = "0ms/0ms/0%", duration, report;
  CLI::App app{"A headless editor for one server of the Quarterdeck stage.", "quarterdeck-stage-editor"};
  app.set_version_flag("--version", QD_VERSION);
  options.identity.version = QD_VERSION;
  app.add_option("--id", options.identity.id, "Stable name of this process");
  app.add_option("--domain", options.identity.domain, "Id of the server whose ticks it maps onto");
  app.add_option("--server", server, "The server's UDP address")->required();
  app.add_option("--socket", options.identity.socket, "The agent's probe socket");
  app.add_option("--zone", options.identity.zone, "Label: zone");
  app.add_option("--secret", options.secret, "The server's secret");
  app.add_option("--seed", options.seed, "Seed of its player and network");
  app.add_option("--frame-hz", options.frameHz, "Frames a second")->check(CLI::Range(10, 240));
  app.add_option("--impair", impair, "LATENCY/JITTER/LOSS of what it sends");
  app.add_option("--for", duration, "Stops by itself after this time");
  app.add_option("--report", report, "Writes a JSON report to this file at the end");
  if (const auto code = parse(app, argc, argv)) return *code;
  const auto address = parseEndpoint(server);
  if (!address) return stop(2, address.error());
  const auto impairment = parseImpairment(impair);
  if (!impairment) return stop(2, impairment.error());
  const auto time = parseDuration(duration.empty() ? "0s" : duration);
  if (!time) return stop(2, time.error());
  options.server = *address;
  options.impairment = *impairment;
  options.forNs = *time;
  Editor editor(options, terminationFd());
  if (auto opened = editor.open(); !opened) return stop(1, opened.error());
  editor.run();
  if (!report.empty() && !(std::ofstream(report) << editor.report() << "\n")) {
    return stop(1, "Cannot write the report to " + report + ": check that its folder exists.");
  }
  return 0;
}
