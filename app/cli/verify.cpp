// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "app/cli/cli.h"
#include "core/recording/recording.h"

namespace qd::cli {
namespace {

Result<int> run(const std::string& path, const Globals& globals) {
  const auto file = recording::Recording::open(path);
  if (!file) return std::unexpected(file.error());
  const recording::VerifyReport report = (*file)->verify();
  if (globals.json) {
    Json damaged = Json::array();
    for (const recording::Damage& d : report.damaged) {
      damaged.push_back({{"table", d.table}, {"rowid", d.rowid}, {"what", d.what}});
    }
    printJson(Json{{"ok", report.ok()}, {"rows", report.rows}, {"damaged", damaged}, {"notes", (*file)->notes()}});
  } else {
    std::vector<std::vector<std::string>> rows{{"table", "row", "what"}};
    for (const recording::Damage& d : report.damaged) rows.push_back({d.table, std::to_string(d.rowid), d.what});
    if (!report.ok()) print(table(rows));
    for (const std::string& note : (*file)->notes()) print(note + "\n");
    if (report.ok()) print(fmt::format("{}: {} rows, all sound\n", path, report.rows));
  }
  if (report.ok()) return 0;
  return fail(
      ErrorCode::Corrupt,
      fmt::format(
          "{0} is damaged in {1} {2}, which readers leave out; the rest can be used, or qdctl repair {0} --out NEW "
          "saves what is sound.",
          path, report.damaged.size(), report.damaged.size() == 1 ? "place" : "places"));
}

}  // namespace

void addVerify(Program& program) {
  CLI::App* verb = program.verb("verify", "Checks every row of a recording; exits 1 when something is damaged");
  auto path = std::make_shared<std::string>();
  verb->add_option("FILE", *path, "the recording")->required();
  program.onRun(verb, [path](const Globals& globals) { return run(*path, globals); });
}

}  // namespace qd::cli
