// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/console/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "widgets/session/contexts.h"

namespace qd::console {
namespace {

// The sentence that says what does not fit together; empty: fine.
std::string problemOf(const Options& options, bool afterGiven, const std::string& after) {
  const int sources =
      int(options.stage) + int(!options.context.empty()) + int(!options.replay.empty()) + int(!options.agents.empty());
  const bool live = options.replay.empty();
  if (!live && sources > 1) return "--replay goes alone: a session is live or a recording, not both.";
  if (sources > 1) return "Name one of --stage, --agent and --context.";
  for (const auto& agent : options.agents) {
    if (const auto ok = session::checkEndpoint(agent); !ok) return "--agent: " + ok.error().message + ".";
  }
  if (afterGiven && options.screenshot.empty()) return "--after says when to take the --screenshot, which is missing.";
  if (!parseDuration(after)) return fmt::format("--after takes a duration such as 5s or 500ms, not \"{}\".", after);
  if (!options.theme.empty() && options.theme != "dark" && options.theme != "light") {
    return fmt::format("--theme is dark or light, not \"{}\".", options.theme);
  }
  return {};
}

}  // namespace

std::expected<Options, EarlyExit> parseOptions(int argc, const char* const* argv, const std::string& version) {
  Options options;
  std::string after = "5s";
  CLI::App app{"Quarterdeck: watch, steer, stop, record and replay live games.", "quarterdeck"};
  app.set_version_flag("--version", version);
  app.add_flag("--stage", options.stage, "Start the reference game beside this program and attach to it");
  app.add_option("--agent", options.agents, "HOST:PORT of an agent to attach to; may be repeated")
      ->allow_extra_args(false);
  app.add_option("--context", options.context, "Attach to a cluster named in contexts.toml");
  app.add_option("--replay", options.replay, "Open a recording");
  app.add_option("--screenshot", options.screenshot, "Save a picture of the window to this PNG file, then exit");
  auto* afterOption = app.add_option("--after", after, "When to take the picture, from the start (5s)");
  app.add_option("--theme", options.theme, "dark or light, for this time");
  app.add_option("--memory", options.memoryMib,
                 "MiB that samples may take (512); what is older is read from the recording")
      ->check(CLI::Range(16, 65536));
  app.add_option("--frame-stats", options.frameStats, "Write first paint and frame times to this JSON file")->group("");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    const bool help = dynamic_cast<const CLI::CallForHelp*>(&asked) != nullptr;
    return std::unexpected(EarlyExit{0, help ? app.help() : version + "\n"});
  } catch (const CLI::ParseError& wrong) {
    return std::unexpected(EarlyExit{2, fmt::format("quarterdeck: {}. See quarterdeck --help.\n", wrong.what())});
  }
  if (const auto problem = problemOf(options, afterOption->count() > 0, after); !problem.empty()) {
    return std::unexpected(EarlyExit{2, fmt::format("quarterdeck: {}\n", problem)});
  }
  options.after = *parseDuration(after);
  return options;
}

}  // namespace qd::console
