// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>

#include "app/cli/cli.h"
#include "app/cli/interrupt.h"
#include "app/cli/replay_backend.h"
#include "app/cli/when.h"
#include "core/serve/server.h"

namespace qd::cli {
namespace {

struct Options {
  std::string path, listen;
  double speed = 1;
  StretchOptions stretch;
};

Result<int> run(const Options& options, const Globals& globals) {
  const auto file = recording::Recording::open(options.path);
  if (!file) return std::unexpected(file.error());
  const Result<Stretch> stretch = resolve(**file, options.stretch);
  if (!stretch) return std::unexpected(stretch.error());
  Result<std::unique_ptr<ReplayBackend>> backend =
      ReplayBackend::open(options.path, options.speed, fmt::format("qdctl {}", QD_VERSION), stretch->from, stretch->to);
  if (!backend) return std::unexpected(backend.error());
  serve::ServerConfig config;
  config.listen = options.listen;
  config.tls = globals.tls;
  const Result<std::unique_ptr<serve::Server>> server = serve::Server::start(**backend, config);
  if (!server) return std::unexpected(server.error());
  const recording::RecordingInfo& info = (*backend)->info();
  if (globals.json) {
    printJson(
        Json{{"listen", (*server)->address()}, {"start", info.start}, {"end", info.end}, {"speed", options.speed}});
  } else {
    print(fmt::format("Replaying {} ({} to {}) on {} at speed {}; Ctrl-C ends it.\n", options.path, utcText(info.start),
                      utcText(info.end), (*server)->address(), options.speed));
  }
  Waiter waiter;
  (void)waiter.wait([] { return false; }, std::nullopt);
  return 0;
}

}  // namespace

void addReplay(Program& program) {
  CLI::App* verb = program.verb("replay", "Serves a recording as a virtual agent");
  auto options = std::make_shared<Options>();
  verb->add_option("FILE", options->path, "the recording")->required();
  verb->add_option("--listen", options->listen, "HOST:PORT to serve on; port 0: any free one")->required();
  verb->add_option("--from", options->stretch.from, "begin at this moment (UTC time, +10s, -30s, #tick)")
      ->type_name("WHEN");
  verb->add_option("--to", options->stretch.to, "time stands still from there on")->type_name("WHEN");
  verb->add_option("--domain", options->stretch.domain, "whose ticks are meant (default: the only server)")
      ->type_name("ID");
  verb->add_option("--speed", options->speed, "how fast time runs (default 1)")->check(CLI::Range(0.001, 10000.0));
  program.onRun(verb, [options](const Globals& globals) { return run(*options, globals); });
}

}  // namespace qd::cli
