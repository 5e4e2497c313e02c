// SPDX-License-Identifier: Apache-2.0
#include "core/recording/keep_stretch.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "core/recording/copy_out.h"
#include "core/recording/merge.h"
#include "core/recording/notes.h"
#include "core/recording/rolling.h"

namespace qd::recording {
namespace {

namespace fs = std::filesystem;

// Removed again whatever happens.
struct Parts {
  std::vector<std::string> paths;
  ~Parts() {
    for (const std::string& path : paths) removeRecording(path);
  }
};

struct CutFiles {
  Parts parts;
  CopyReport sum;
  std::optional<Error> nothing;  // why the newest file gave nothing
};

Result<std::string> target(const KeepOptions& options) {
  const bool says = std::ranges::any_of(options.name, [](unsigned char c) { return std::isalnum(c) || c >= 0x80; });
  if (!says) return fail(ErrorCode::InvalidArgument, "A session that is kept needs a name; give it one.");
  std::error_code error;
  fs::create_directories(options.folder, error);
  if (error) {
    return fail(ErrorCode::Io,
                fmt::format("Cannot make the folder {} ({}); nothing was kept.", options.folder, error.message()));
  }
  std::string path = fmt::format("{}/{}.qdrec", options.folder, fileNameOf(options.name));
  if (fs::exists(path, error)) {
    return fail(ErrorCode::Conflict, fmt::format("There is a session {} already; give another name.", path));
  }
  return path;
}

Result<> cutEach(const std::vector<std::string>& files, const KeepOptions& options, const std::string& out,
                 const std::string& program, const std::stop_token& stop, CutFiles& into) {
  for (const std::string& path : files) {
    const auto file = Recording::open(path);
    Result<CopyReport> done = file ? Result<CopyReport>() : std::unexpected(file.error());
    const std::string part = fmt::format("{}.part-{}", out, into.parts.paths.size() + 1);
    if (file) done = cut(**file, options.cut, part, program, stop);
    if (!done && done.error().code == ErrorCode::NotFound) {
      into.nothing = done.error();
      continue;
    }
    if (!done) return std::unexpected(done.error());
    into.parts.paths.push_back(part);
    into.sum.points += done->points;
    into.sum.damaged.insert(into.sum.damaged.end(), done->damaged.begin(), done->damaged.end());
  }
  if (!into.parts.paths.empty()) return {};
  if (into.nothing) return std::unexpected(*into.nothing);
  return fail(ErrorCode::NotFound, "There is no recording to keep something of.");
}

// Under its name in one step, so that nobody finds half a session there.
Result<> publish(CutFiles& cuts, const std::string& out, const std::string& program, const std::stop_token& stop) {
  std::string whole = cuts.parts.paths.front();
  if (cuts.parts.paths.size() > 1) {
    std::vector<std::unique_ptr<Recording>> open;
    std::vector<const Recording*> files;
    for (const std::string& path : cuts.parts.paths) {
      auto file = Recording::open(path);
      if (!file) return std::unexpected(file.error());
      files.push_back(open.emplace_back(std::move(*file)).get());
    }
    whole = out + ".whole";
    const auto merged = merge(files, whole, program, stop);
    if (!merged) return std::unexpected(merged.error());
    cuts.parts.paths.push_back(whole);
    cuts.sum.points = merged->points;
  }
  std::error_code error;
  fs::create_hard_link(whole, out, error);  // never over what is there
  if (error == std::errc::file_exists) {
    return fail(ErrorCode::Conflict, fmt::format("There is a session {} already; give another name.", out));
  }
  if (error) {
    error.clear();
    fs::rename(whole, out, error);  // a file system without links
  }
  if (error) return fail(ErrorCode::Io, fmt::format("Cannot write {} ({}); nothing was kept.", out, error.message()));
  return {};
}

Result<> keepNotes(const std::vector<std::string>& files, const CutOptions& stretch, const std::string& out) {
  std::vector<Note> kept;
  for (const std::string& path : files) {
    const auto notes = loadNotes(path);
    if (!notes) return std::unexpected(notes.error());
    std::ranges::copy_if(*notes, std::back_inserter(kept),
                         [&](const Note& n) { return n.time >= stretch.from && n.time <= stretch.to; });
  }
  return saveNotes(out, kept);
}

}  // namespace

std::string keptFolderOf(const std::string& file) {
  const fs::path folder = fs::absolute(file).parent_path();
  return folder.filename() == "kept" ? folder.string() : (folder / "kept").string();
}

Result<KeptStretch> keepStretch(const std::vector<std::string>& files, const KeepOptions& options,
                                const std::string& program, const std::stop_token& stop) {
  const Result<std::string> out = target(options);
  if (!out) return std::unexpected(out.error());
  CutFiles cuts;
  if (Result<> done = cutEach(files, options, *out, program, stop, cuts); !done) return std::unexpected(done.error());
  if (Result<> done = publish(cuts, *out, program, stop); !done) return std::unexpected(done.error());
  if (Result<> done = keepNotes(files, options.cut, *out); !done) return std::unexpected(done.error());
  return KeptStretch{*out, cuts.sum.points, cuts.sum.damaged.size()};
}

}  // namespace qd::recording
