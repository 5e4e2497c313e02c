// SPDX-License-Identifier: Apache-2.0
// effects FILE: what each recorded push did to chosen series.
#include <fmt/format.h>

#include "app/cli/files.h"
#include "core/analysis/effect_ledger.h"
#include "core/ingest/directory.h"
#include "core/recording/replay_source.h"

namespace qd::cli {
namespace {

struct Options {
  std::string path;
  std::vector<std::string> series;
  Duration window = analysis::EffectOptions{}.window, skip = analysis::EffectOptions{}.skip;
  double confidence = analysis::EffectOptions{}.confidence;
};

// Everything of a file that the ledger needs.
struct Loaded final : ingest::EventSink {
  series::Store store{std::size_t{2} << 30};
  ingest::Directory directory;
  std::vector<ingest::PushResult> pushes;
  void on(const ingest::EnvelopePtr& envelope) override {
    store.on(envelope);
    directory.on(envelope);
    if (const auto* push = std::get_if<ingest::PushResult>(&envelope->event)) pushes.push_back(*push);
  }
};

Json differenceJson(const analysis::Difference& d) {
  return {{"before", d.before}, {"after", d.after}, {"delta", d.delta},
          {"low", d.low},       {"high", d.high},   {"real", d.real()}};
}

std::string differenceText(const analysis::Difference& d) {
  if (!d.real()) return fmt::format("none found ({:.3g} to {:.3g})", d.low, d.high);
  return fmt::format("{:+.3g} ({:.3g} to {:.3g})", d.delta, d.low, d.high);
}

Result<int> run(const Options& options, const Globals& globals) {
  const auto file = recording::Recording::open(options.path);
  if (!file) return std::unexpected(file.error());
  auto loaded = std::make_unique<Loaded>();
  const auto done = recording::ReplaySource(**file).run(*loaded);
  if (!done) return std::unexpected(done.error());
  complainOfDamage(options.path, done->damaged.size());
  std::vector<ProcessId> servers;
  for (const auto& process : loaded->directory.processes()) {
    if (process->kind == ingest::ProcessKind::Server) servers.push_back(process->id);
  }
  const auto rows = analysis::ledger(loaded->store, analysis::ledgerPushes(loaded->pushes), servers, options.series,
                                     {options.window, options.skip, options.confidence});
  Json list = Json::array();
  std::vector<std::vector<std::string>> lines{
      {"push", "what", "series", "unit", "d p50", "d p99", "settled", "untouched"}};
  for (const auto& row : rows) {
    const auto& e = row.effect;
    Json processes = Json::array();
    for (const auto& [process, time] : row.push.processes) processes.push_back(process.value);
    list.push_back({{"push", row.push.id},
                    {"what", row.push.what},
                    {"who", row.push.who},
                    {"time", row.push.time},
                    {"tick", row.push.tick},
                    {"processes", processes},
                    {"series", row.series},
                    {"unit", row.unit},
                    {"p50", differenceJson(e.p50)},
                    {"p99", differenceJson(e.p99)},
                    {"settled", e.settled ? Json(toText(*e.settled)) : Json(nullptr)},
                    {"untouched", e.controls},
                    {"lacking", e.lacking}});
    const bool known = e.lacking.empty();
    lines.push_back({row.push.id, row.push.what, row.series, row.unit, known ? differenceText(e.p50) : e.lacking,
                     known ? differenceText(e.p99) : "-", e.settled ? toText(*e.settled) : "-",
                     std::to_string(e.controls)});
  }
  globals.json ? printJson(Json{{"confidence", options.confidence}, {"effects", list}}) : print(table(lines));
  return 0;
}

}  // namespace

void addEffects(Program& program) {
  CLI::App* verb = program.verb("effects", "What each recorded push did to a series, untouched servers taken off");
  auto options = std::make_shared<Options>();
  verb->add_option("FILE", options->path, "the recording")->required();
  addEach(verb, "--series", options->series, "name of a series; once for each (default tick.duration)")
      ->type_name("NAME");
  addDuration(verb, "--window", options->window, "looked at before and after each push (default 20s)");
  addDuration(verb, "--skip", options->skip, "left out right after it (default 2s)");
  verb->add_option("--confidence", options->confidence, "of the intervals (default 0.99)")
      ->check(CLI::Range(0.5, 0.9999));
  program.onRun(verb, [options](const Globals& globals) {
    if (options->series.empty()) options->series = {"tick.duration"};
    return run(*options, globals);
  });
}

}  // namespace qd::cli
