// SPDX-License-Identifier: Apache-2.0
#include "core/recording/repair.h"

#include <fmt/format.h>

#include "app/cli/cli.h"
#include "app/cli/interrupt.h"

namespace qd::cli {
namespace {

struct Options {
  std::string path, out;
};

Json toJson(const Options& options, const recording::RepairReport& report) {
  Json tables = Json::object(), damaged = Json::array();
  for (const auto& [name, table] : report.tables) {
    tables[name] = {{"kept", table.kept}, {"found", table.found}, {"lost", table.lost}};
  }
  for (const recording::Damage& d : report.damaged) {
    damaged.push_back({{"table", d.table}, {"rowid", d.rowid}, {"what", d.what}});
  }
  return {{"file", options.out},   {"trees_damaged", report.treesDamaged}, {"lost_known", report.complete},
          {"lost", report.lost()}, {"tables", std::move(tables)},          {"damaged", std::move(damaged)}};
}

std::string outcome(const std::string& out, const recording::RepairReport& report) {
  const std::uint64_t lost = report.lost();
  if (!report.complete) {  // nothing counts the rows that there should be
    return fmt::format(
        "{} holds {}. How many rows there were is not known: the recording was never closed, or the page that says it "
        "is damaged.",
        out, report.damaged.empty() ? "every row that was found, all sound" : "what could be saved");
  }
  if (report.damaged.empty() && lost == 0) return fmt::format("Nothing was damaged; {} has every row.", out);
  if (lost == 0) return fmt::format("{} has every row; none is lost.", out);
  return fmt::format("{} holds what could be saved: {} lost, all others are as they were.", out,
                     lost == 1 ? std::string("1 row is") : fmt::format("{} rows are", lost));
}

void say(const Options& options, const recording::RepairReport& report) {
  std::vector<std::vector<std::string>> rows{{"table", "rows kept", "found in lost pages", "lost"}};
  for (const auto& [name, table] : report.tables) {
    rows.push_back({name, std::to_string(table.kept), std::to_string(table.found),
                    report.complete ? std::to_string(table.lost) : "not known"});
  }
  print(table(rows));
  for (const recording::Damage& d : report.damaged) {
    print(d.rowid == 0 ? fmt::format("{}: {}\n", d.table, d.what)
                       : fmt::format("{} {}: {}\n", d.table, d.rowid, d.what));
  }
  print(outcome(options.out, report) + "\n");
}

Result<int> run(const Options& options, const Globals& globals) {
  const InterruptStop stop;
  const auto report = recording::repair(options.path, options.out, stop.token());
  if (!report) return std::unexpected(report.error());
  globals.json ? printJson(toJson(options, *report)) : say(options, *report);
  return 0;
}

}  // namespace

void addRepair(Program& program) {
  CLI::App* verb = program.verb("repair", "What can be saved of a damaged recording, as a new file");
  auto options = std::make_shared<Options>();
  verb->add_option("FILE", options->path, "the recording")->required();
  verb->add_option("--out", options->out, "file to create (.qdrec)")->required();
  program.onRun(verb, [options](const Globals& globals) { return run(*options, globals); });
}

}  // namespace qd::cli
