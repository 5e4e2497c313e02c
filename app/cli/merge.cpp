// SPDX-License-Identifier: Apache-2.0
#include "core/recording/merge.h"

#include <fmt/format.h>

#include <filesystem>

#include "app/cli/files.h"
#include "app/cli/interrupt.h"

namespace qd::cli {
namespace {

struct Options {
  std::vector<std::string> paths;
  std::string out;
};

Result<std::vector<std::unique_ptr<recording::Recording>>> openAll(const std::vector<std::string>& paths) {
  std::vector<std::unique_ptr<recording::Recording>> files;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      std::error_code ignored;
      if (std::filesystem::equivalent(paths[i], paths[j], ignored)) {
        return fail(ErrorCode::InvalidArgument, fmt::format("{} is given twice; give different recordings.", paths[i]));
      }
    }
    auto file = recording::Recording::open(paths[i]);
    if (!file) return std::unexpected(file.error());
    files.push_back(std::move(*file));
  }
  return files;
}

Result<int> run(const Options& options, const Globals& globals) {
  const auto files = openAll(options.paths);
  if (!files) return std::unexpected(files.error());
  std::vector<const recording::Recording*> all;
  for (const auto& file : *files) all.push_back(file.get());
  const InterruptStop stop;
  const auto done = recording::merge(all, options.out, fmt::format("qdctl {}", QD_VERSION), stop.token());
  if (!done) return std::unexpected(done.error());
  if (globals.json) {
    std::size_t leftOut = 0;
    for (const auto& damaged : done->damaged) leftOut += damaged.size();
    printJson(Json{{"file", options.out},
                   {"points", done->points},
                   {"envelopes", done->envelopes},
                   {"duplicates", done->duplicates},
                   {"left_out", leftOut}});
  } else {
    print(fmt::format("{}: {} points; {} entries stood in more than one recording\n", options.out, done->points,
                      done->duplicates));
  }
  for (std::size_t i = 0; i < all.size(); ++i) complainOfDamage(options.paths[i], done->damaged[i].size());
  return 0;
}

}  // namespace

void addMerge(Program& program) {
  CLI::App* verb = program.verb("merge", "Recordings of several consoles as one; what several have stands there once");
  auto options = std::make_shared<Options>();
  verb->add_option("FILE", options->paths, "the recordings; the names of the first one count")
      ->required()
      ->expected(2, 1000);
  verb->add_option("--out", options->out, "file to create (.qdrec)")->required();
  program.onRun(verb, [options](const Globals& globals) { return run(*options, globals); });
}

}  // namespace qd::cli
