// SPDX-License-Identifier: Apache-2.0
#include "core/recording/cut.h"

#include <fmt/format.h>

#include "app/cli/files.h"
#include "app/cli/interrupt.h"
#include "app/cli/when.h"
#include "core/recording/notes.h"
#include "core/serve/glob.h"

namespace qd::cli {
namespace {

struct Options {
  std::string path, out;
  StretchOptions stretch;
  std::vector<std::string> globs;
  bool withoutWorld = false, withNotes = false;
};

// Those that lie beside it, of the stretch.
Result<std::vector<recording::Note>> notesOf(const std::string& path, const Stretch& stretch) {
  auto notes = recording::loadNotes(path);
  if (notes) {
    std::erase_if(*notes,
                  [&](const recording::Note& note) { return note.time < stretch.from || note.time > stretch.to; });
  }
  return notes;
}

Result<int> run(const Options& options, const Globals& globals) {
  const auto file = recording::Recording::open(options.path);
  if (!file) return std::unexpected(file.error());
  const Result<Stretch> stretch = resolve(**file, options.stretch);
  if (!stretch) return std::unexpected(stretch.error());
  const Result<std::vector<PickedSeries>> picked = pick(**file, options.globs);  // that something fits
  if (!picked) return std::unexpected(picked.error());
  const Result<serve::GlobSet> series = serve::GlobSet::make(options.globs, "series");
  if (!series) return std::unexpected(series.error());
  recording::CutOptions cut;
  cut.from = stretch->from;
  cut.to = stretch->to;
  cut.process = stretch->process;
  cut.world = !options.withoutWorld;
  if (!series->all()) {
    cut.series = [&](const std::string& name, const std::string& label) {
      return series->matches(name) || series->matches(label);
    };
  }
  const auto notes = notesOf(options.path, *stretch);
  if (!notes && options.withNotes) return std::unexpected(notes.error());
  if (!notes) complain(notes.error().message);  // no reason not to cut
  if (options.withNotes) cut.marks = recording::asMarks(*notes);
  const InterruptStop stop;
  const auto done = recording::cut(**file, cut, options.out, fmt::format("qdctl {}", QD_VERSION), stop.token());
  if (!done) return std::unexpected(done.error());
  if (!options.withNotes && notes) {  // beside the copy, as they were beside the original
    if (Result<> saved = recording::saveNotes(options.out, *notes); !saved) return std::unexpected(saved.error());
  }
  if (globals.json) {
    printJson(Json{{"file", options.out},
                   {"points", done->points},
                   {"envelopes", done->envelopes},
                   {"left_out", done->damaged.size()}});
  } else {
    print(fmt::format("{}: {} points\n", options.out, done->points));
  }
  complainOfDamage(options.path, done->damaged.size());
  return 0;
}

}  // namespace

void addCut(Program& program) {
  CLI::App* verb = program.verb("cut", "A stretch of a recording, some processes or series, as a recording of its own");
  auto options = std::make_shared<Options>();
  verb->add_option("FILE", options->path, "the recording")->required();
  verb->add_option("--out", options->out, "file to create (.qdrec)")->required();
  addStretch(verb, options->stretch);
  addEach(verb, "--series", options->globs, "pattern of names, * and ?; once for each (default all)")
      ->type_name("GLOB");
  verb->add_flag("--without-world", options->withoutWorld, "leave out where entities were");
  verb->add_flag("--with-notes", options->withNotes, "put bookmarks and notes into it, instead of beside it");
  program.onRun(verb, [options](const Globals& globals) { return run(*options, globals); });
}

}  // namespace qd::cli
