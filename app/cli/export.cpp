// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "app/cli/files.h"
#include "app/cli/interrupt.h"
#include "app/cli/when.h"

namespace qd::cli {
namespace {

struct Options {
  std::string path, format = "csv", out;
  std::vector<std::string> globs;
  StretchOptions stretch;
};

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

// Lines collected and written in pieces; the first error of the disk sticks.
class Lines {
 public:
  Lines(FILE* to, bool jsonl) : to_(to), jsonl_(jsonl) {
    if (!jsonl_) buffer_.append(std::string_view("process,series,tick,time_ns,value\n"));
  }
  void begin(const PickedSeries& series) {
    const auto text = [](const std::string& s) { return Json(s).dump(-1, ' ', false, Json::error_handler_t::replace); };
    head_ = jsonl_ ? fmt::format("{{\"process\":{},\"series\":{}", text(series.process.value), text(series.label))
                   : fmt::format("{},{}", quoted(series.process.value), quoted(series.label));
  }
  void add(Tick tick, TimeNs time, const std::string& value, bool finite) {
    ++count_;
    if (!jsonl_) {
      fmt::format_to(std::back_inserter(buffer_), "{},{},{},{}\n", head_, tick, time, value);
    } else {
      const char* quote = finite ? "" : "\"";
      fmt::format_to(std::back_inserter(buffer_), "{},\"tick\":{},\"time_ns\":{},\"value\":{}{}{}}}\n", head_, tick,
                     time, quote, value, quote);
    }
    if (buffer_.size() > kPiece) flush();
  }
  std::uint64_t count() const { return count_; }
  int flush() {
    if (error_ == 0 && std::fwrite(buffer_.data(), 1, buffer_.size(), to_) != buffer_.size()) error_ = errno;
    buffer_.clear();
    if (error_ == 0 && std::fflush(to_) != 0) error_ = errno;
    return error_;
  }

 private:
  static constexpr std::size_t kPiece = std::size_t{1} << 20;
  FILE* to_;
  bool jsonl_;
  int error_ = 0;
  std::uint64_t count_ = 0;
  std::string head_;
  fmt::memory_buffer buffer_;
};

class Exporter {
 public:
  Exporter(Lines& lines, const recording::Recording& file, const Stretch& stretch, const std::stop_token& stop)
      : lines_(lines), file_(file), stretch_(stretch), stop_(stop) {}

  Result<> run(const std::vector<PickedSeries>& all) {
    for (const PickedSeries& series : all) {
      if (stretch_.process && !stretch_.process(series.process)) continue;
      lines_.begin(series);
      for (const recording::RecordedSeries& start : series.starts) {
        const std::int32_t scale = start.info.scale;
        const auto read = file_.read(
            start, true, [&](const recording::SampleRun& some) { write(some, scale); }, stretch_.from, stretch_.to);
        if (!read) return std::unexpected(read.error());
        damaged_ += read->size();
        if (stop_.stop_requested()) return fail(ErrorCode::Unavailable, "Interrupted; the table is not whole.");
      }
    }
    return {};
  }
  std::size_t damaged() const { return damaged_; }

 private:
  void write(const recording::SampleRun& run, std::int32_t scale) {
    if (stop_.stop_requested()) return;
    for (std::size_t i = 0; i < run.ticks.size(); ++i) {
      if (run.times[i] < stretch_.from || run.times[i] > stretch_.to) continue;
      const bool finite = run.integers || std::isfinite((*run.doubles)[i]);
      const std::string value = run.integers ? decimal((*run.integers)[i], scale) : shortest((*run.doubles)[i]);
      lines_.add(run.ticks[i], run.times[i], value, finite);
    }
  }

  Lines& lines_;
  const recording::Recording& file_;
  const Stretch& stretch_;
  std::stop_token stop_;
  std::size_t damaged_ = 0;
};

std::unexpected<Error> cannotWrite(const std::string& where, int error) {
  return fail(ErrorCode::Io, fmt::format("Cannot write {} ({}); choose another place.", where,
                                         std::generic_category().message(error)));
}

// Half a table is none; a device or a pipe is left alone.
void discard(const std::string& out) {
  std::error_code ignored;
  if (!out.empty() && std::filesystem::is_regular_file(out, ignored)) std::filesystem::remove(out, ignored);
}

Result<int> run(const Options& options, const Globals&) {
  const auto file = recording::Recording::open(options.path);
  if (!file) return std::unexpected(file.error());
  const Result<std::vector<PickedSeries>> picked = pick(**file, options.globs);
  if (!picked) return std::unexpected(picked.error());
  const Result<Stretch> stretch = resolve(**file, options.stretch);
  if (!stretch) return std::unexpected(stretch.error());
  std::error_code ignored;
  if (!options.out.empty() && std::filesystem::equivalent(options.out, options.path, ignored)) {
    return fail(ErrorCode::InvalidArgument,
                fmt::format("{} is the recording itself; export to another name.", options.out));
  }
  FILE* to = options.out.empty() ? stdout : std::fopen(options.out.c_str(), "w");
  if (to == nullptr) return cannotWrite(options.out, errno);
  Lines lines(to, options.format == "jsonl");
  const InterruptStop stop;
  Exporter exporter(lines, **file, *stretch, stop.token());
  const Result<> done = exporter.run(*picked);
  int error = lines.flush();
  if (to != stdout && std::fclose(to) != 0 && error == 0) error = errno;
  if (!done || error != 0) discard(options.out);
  if (!done) return std::unexpected(done.error());
  if (error != 0) return cannotWrite(options.out.empty() ? "the output" : options.out, error);
  complainOfDamage(options.path, exporter.damaged());
  if (lines.count() == 0) {
    complain(
        fmt::format("No sample of these series lies in that stretch; qdctl info {} says from when to when it "
                    "reaches.",
                    options.path));
  }
  return 0;
}

}  // namespace

void addExport(Program& program) {
  CLI::App* verb = program.verb("export", "Samples of a recording as csv or jsonl, one line each, exact");
  auto options = std::make_shared<Options>();
  verb->add_option("FILE", options->path, "the recording")->required();
  verb->add_option("--format", options->format, "csv or jsonl")->check(CLI::IsMember({"csv", "jsonl"}));
  addEach(verb, "--series", options->globs, "pattern of names, * and ?; once for each (default all)")
      ->type_name("GLOB");
  addStretch(verb, options->stretch);
  verb->add_option("--out", options->out, "file to write (default: the output)");
  program.onRun(verb, [options](const Globals& globals) { return run(*options, globals); });
}

}  // namespace qd::cli
