// SPDX-License-Identifier: Apache-2.0
// qdctl: the whole product without a window. Each verb lives in a file of its own.
#include <fmt/format.h>

#include <csignal>
#include <cstdlib>

#include "app/cli/cli.h"
#include "app/cli/interrupt.h"

namespace {

using namespace qd;

void addGlobals(CLI::App& app, cli::Globals& globals) {
  cli::addEach(&app, "--agent", globals.agents,
               fmt::format("HOST:PORT of an agent; once for each (default {})", cli::kDefaultAgent))
      ->type_name("HOST:PORT");
  app.add_option("--ca", globals.tls.ca, "PEM file that the agent's certificate must come from");
  app.add_option("--cert", globals.tls.cert, "our certificate, PEM");
  app.add_option("--key", globals.tls.key, "its key, PEM");
  app.add_option("--server-name", globals.tls.serverName, "the name in the agent's certificate, if not its host");
  app.add_flag("--json", globals.json, "machine-readable output");
}

void addVerbs(cli::Program& program) {
  cli::addDescribe(program);
  cli::addRecord(program);
  cli::addInfo(program);
  cli::addVerify(program);
  cli::addStats(program);
  cli::addExport(program);
  cli::addPoses(program);
  cli::addConfig(program);
  cli::addCut(program);
  cli::addKeep(program);
  cli::addMerge(program);
  cli::addRedact(program);
  cli::addRepair(program);
  cli::addCollect(program);
  cli::addReplay(program);
  cli::addReplayControl(program);
  cli::addWhy(program);
  cli::addParams(program);
  cli::addPreset(program);
  cli::addRollout(program);
  cli::addExperiment(program);
  cli::addAudit(program);
  cli::addEffects(program);
  cli::addBreak(program);
  cli::addAction(program);
  cli::addPki(program);
}

int usage(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
  if (app.get_subcommands().empty() && app.remaining_size() > 0) {
    cli::complain(fmt::format("There is no verb \"{}\"; qdctl --help lists the verbs.", app.remaining().front()));
    return 2;
  }
  cli::complain(fmt::format("{}; qdctl --help lists the verbs and their options.", error.what()));
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  // Before any thread is made: only the waiting thread takes these.
  cli::blockInterrupts();
  ::signal(SIGPIPE, SIG_IGN);
  ::setenv("GRPC_VERBOSITY", "NONE", 0);  // what matters of it comes back to us as errors, one sentence each
  CLI::App app("Attaches to agents of a game cluster: describe, record, replay, push parameters, stop and step.",
               "qdctl");
  app.set_version_flag("--version", std::string("qdctl ") + QD_VERSION);
  app.require_subcommand(1);
  cli::Globals globals;
  addGlobals(app, globals);
  cli::Program program(app);
  addVerbs(program);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return usage(app, error);
  }
  if (globals.agents.empty()) globals.agents = {cli::kDefaultAgent};
  try {
    const Result<int> done = program.chosen()(globals);
    if (done) return *done;
    cli::complain(done.error().message);
  } catch (const std::exception& error) {  // of a library: memory, threads
    cli::complain(fmt::format("An internal error ended this ({}); please report it.", error.what()));
  }
  return 1;
}
