// SPDX-License-Identifier: Apache-2.0
// quarterdeck-stage-grid: the stage's netcode under every condition of the grid, in virtual time; prints the table of
// results that stands in docs/netcode-results.md. One seed gives one table, to the bit, on every machine.
#include <cstdio>

#include "stage/runtime/cli.h"
#include "stage/sim/conditions.h"
#include "stage/sim/scale.h"

int main(int argc, char** argv) {
  using namespace qd::stage;
  CellOptions options;
  std::string format = "markdown", only;
  double maxRewindMs = 400;
  bool special = false, scale = false;
  CLI::App app{"The stage's netcode under every condition of the grid, in virtual time.", "quarterdeck-stage-grid"};
  app.set_version_flag("--version", QD_VERSION);
  app.add_option("--players", options.players, "Players of each cell")
      ->check(CLI::Range(2, 200))
      ->capture_default_str();
  app.add_option("--seconds", options.seconds, "Virtual seconds measured in each cell")
      ->check(CLI::Range(1.0, 3'600.0))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "Seed of worlds, brains and networks")->capture_default_str();
  app.add_option("--max-rewind", maxRewindMs, "lagcomp.max_rewind in ms")
      ->check(CLI::Range(0.0, 1'000.0))
      ->capture_default_str();
  app.add_option("--format", format, "markdown, csv or jsonl")->check(CLI::IsMember({"markdown", "csv", "jsonl"}));
  app.add_option("--only", only, "Only the conditions whose name contains this text");
  app.add_flag("--special", special, "Only the special paths: blackout, duplication, reordering, bursts, asymmetry");
  app.add_flag("--scale", scale, "Instead: how it scales, the tables of docs/stage-scale.md");
  if (const auto code = parse(app, argc, argv)) return *code;
  if (scale) {
    std::printf("%s\n", growthTable().c_str());
    std::fflush(stdout);
    std::printf("%s", crowdTable().c_str());
    return 0;
  }
  options.maxRewindNs = static_cast<std::int64_t>(maxRewindMs * kNsPerMs);
  const auto form = format == "csv" ? TableFormat::Csv : format == "jsonl" ? TableFormat::Jsonl : TableFormat::Markdown;
  auto conditions = special ? std::vector<Condition>{} : gridConditions();
  for (auto& condition : specialConditions()) conditions.push_back(condition);
  std::erase_if(conditions, [&](const Condition& c) { return c.name.find(only) == std::string::npos; });
  if (conditions.empty())
    return stop(2, "No condition's name contains \"" + only + "\"; they read \"100 ms ± 5 ms, 1 %\".");
  std::printf("%s", tableHead(form).c_str());
  for (const auto& condition : conditions) {
    auto result = runCell(condition, options);
    std::printf("%s", tableRow(result, form).c_str());
    std::fflush(stdout);
  }
  return 0;
}
