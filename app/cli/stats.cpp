// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "app/cli/files.h"
#include "app/cli/when.h"
#include "core/analysis/quantiles.h"

namespace qd::cli {
namespace {

struct Options {
  std::string path;
  std::vector<std::string> globs;
  StretchOptions stretch;
};

Result<analysis::Summary> summarise(const recording::Recording& file, const PickedSeries& series,
                                    const Stretch& stretch, std::size_t& damaged) {
  const bool timed = stretch.from != Stretch().from || stretch.to != Stretch().to;
  analysis::Quantiles values;
  for (const recording::RecordedSeries& start : series.starts) {
    const std::int32_t scale = start.info.scale;
    const auto take = [&](const recording::SampleRun& run) {
      const std::size_t n = run.integers ? run.integers->size() : run.doubles->size();
      for (std::size_t i = 0; i < n; ++i) {
        if (timed && (run.times[i] < stretch.from || run.times[i] > stretch.to)) continue;
        values.add(run.integers ? displayed((*run.integers)[i], scale) : (*run.doubles)[i]);
      }
    };
    const auto read = file.read(start, timed, take, stretch.from, stretch.to);
    if (!read) return std::unexpected(read.error());
    damaged += read->size();
  }
  return values.summary();
}

Result<int> run(const Options& options, const Globals& globals) {
  const auto file = recording::Recording::open(options.path);
  if (!file) return std::unexpected(file.error());
  const Result<std::vector<PickedSeries>> picked = pick(**file, options.globs);
  if (!picked) return std::unexpected(picked.error());
  const Result<Stretch> stretch = resolve(**file, options.stretch);
  if (!stretch) return std::unexpected(stretch.error());
  Json list = Json::array();
  std::vector<std::vector<std::string>> rows{
      {"process", "series", "unit", "n", "min", "mean", "p50", "p95", "p99", "max"}};
  std::size_t damaged = 0;
  for (const PickedSeries& series : *picked) {
    if (stretch->process && !stretch->process(series.process)) continue;
    const Result<analysis::Summary> s = summarise(**file, series, *stretch, damaged);
    if (!s) return std::unexpected(s.error());
    list.push_back({{"process", series.process.value},
                    {"name", series.label},
                    {"unit", series.unit},
                    {"n", s->n},
                    {"min", s->min},
                    {"mean", s->mean},
                    {"p50", s->p50},
                    {"p95", s->p95},
                    {"p99", s->p99},
                    {"max", s->max}});
    std::vector<std::string> row{series.process.value, series.label, series.unit, std::to_string(s->n)};
    for (const double v : {s->min, s->mean, s->p50, s->p95, s->p99, s->max}) row.push_back(fmt::format("{:.6g}", v));
    rows.push_back(std::move(row));
  }
  globals.json ? printJson(Json{{"series", list}}) : print(table(rows));
  complainOfDamage(options.path, damaged);
  return 0;
}

}  // namespace

void addStats(Program& program) {
  CLI::App* verb = program.verb("stats", "Count, mean and percentiles of recorded series");
  auto options = std::make_shared<Options>();
  verb->add_option("FILE", options->path, "the recording")->required();
  addEach(verb, "--series", options->globs, "pattern of names, * and ?; once for each (default all)")
      ->type_name("GLOB");
  addStretch(verb, options->stretch);
  program.onRun(verb, [options](const Globals& globals) { return run(*options, globals); });
}

}  // namespace qd::cli
