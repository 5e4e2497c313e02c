// SPDX-License-Identifier: Apache-2.0
#include "core/recording/keep_stretch.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/cli/files.h"
#include "app/cli/interrupt.h"
#include "app/cli/when.h"

namespace qd::cli {
namespace {

struct Options {
  std::vector<std::string> paths;
  std::string name, folder;
  StretchOptions stretch;
};

using Files = std::vector<std::unique_ptr<recording::Recording>>;

// The oldest first: "+10s" counts from the start of the first, "-30s" from the end of the last.
Result<Files> openAll(std::vector<std::string>& paths) {
  std::vector<std::pair<TimeNs, std::unique_ptr<recording::Recording>>> files;
  for (const std::string& path : paths) {
    auto file = recording::Recording::open(path);
    if (!file) return std::unexpected(file.error());
    const auto info = (*file)->info();
    if (!info) return std::unexpected(info.error());
    files.emplace_back(info->start, std::move(*file));
  }
  std::ranges::sort(files, {}, [](const auto& file) { return file.first; });
  Files out;
  paths.clear();
  for (auto& [start, file] : files) {
    paths.push_back(file->path());
    out.push_back(std::move(file));
  }
  return out;
}

Result<Stretch> stretchOf(const Files& files, const StretchOptions& options) {
  StretchOptions first = options, last = options;
  first.to.clear();
  last.from.clear();
  Result<Stretch> out = resolve(*files.front(), first);
  const Result<Stretch> end = resolve(*files.back(), last);
  if (!out) return out;
  if (!end) return end;
  out->to = end->to;
  if (out->from <= out->to) return out;
  return fail(ErrorCode::InvalidArgument,
              fmt::format("--from {} is later than --to {}; exchange them.", options.from, options.to));
}

Result<int> run(Options& options, const Globals& globals) {
  const Result<Files> files = openAll(options.paths);
  if (!files) return std::unexpected(files.error());
  const Result<Stretch> stretch = stretchOf(*files, options.stretch);
  if (!stretch) return std::unexpected(stretch.error());
  recording::KeepOptions keep{options.name, options.folder};
  if (keep.folder.empty()) keep.folder = recording::keptFolderOf(options.paths.front());
  keep.cut.from = stretch->from;
  keep.cut.to = stretch->to;
  keep.cut.process = stretch->process;
  const InterruptStop stop;
  const auto done = recording::keepStretch(options.paths, keep, fmt::format("qdctl {}", QD_VERSION), stop.token());
  if (!done) return std::unexpected(done.error());
  if (globals.json) {
    printJson(Json{{"file", done->path}, {"points", done->points}, {"left_out", done->leftOut}});
  } else {
    print(fmt::format("{}: {} points\n", done->path, done->points));
  }
  complainOfDamage(options.paths.front(), done->leftOut);
  return 0;
}

}  // namespace

void addKeep(Program& program) {
  CLI::App* verb = program.verb("keep", "A stretch of rolling recordings as a session with a name, kept for good");
  auto options = std::make_shared<Options>();
  verb->add_option("FILE", options->paths, "the recordings that hold the stretch")->required()->expected(1, 1000);
  verb->add_option("--name", options->name, "of the session; NAME.qdrec is made")->required()->type_name("NAME");
  verb->add_option("--folder", options->folder, "where to (default: \"kept\" beside the first recording)")
      ->type_name("DIR");
  addStretch(verb, options->stretch);
  program.onRun(verb, [options](const Globals& globals) { return run(*options, globals); });
}

}  // namespace qd::cli
