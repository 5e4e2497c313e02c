// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "app/cli/cli.h"
#include "core/base/clock.h"
#include "core/recording/recording.h"

namespace qd::cli {
namespace {

// Bytes of a point of one kind: its packed values and its share of the ticks, times and places.
double pointBytes(const recording::RecordingInfo& i, std::uint64_t points, std::uint64_t bytes) {
  const std::uint64_t all = i.integers + i.doubles;
  if (points == 0) return 0;
  return static_cast<double>(bytes) / static_cast<double>(points) +
         static_cast<double>(i.headBytes) / static_cast<double>(all);
}

Json toJson(const recording::RecordingInfo& i, const std::vector<std::string>& notes) {
  return {{"format", i.format},
          {"start", i.start},
          {"end", i.end},
          {"duration_s", static_cast<double>(i.end - i.start) / kNsPerSecond},
          {"points", i.points},
          {"bytes", i.bytes},
          {"bytes_per_point", i.points == 0 ? 0.0 : static_cast<double>(i.bytes) / static_cast<double>(i.points)},
          {"integer_points", i.integers},
          {"integer_bytes_per_point", pointBytes(i, i.integers, i.integerBytes)},
          {"double_points", i.doubles},
          {"double_bytes_per_point", pointBytes(i, i.doubles, i.doubleBytes)},
          {"processes", i.processes},
          {"series", i.series},
          {"events", i.events},
          {"gaps", i.gaps},
          {"complete", i.complete},
          {"program", i.program},
          {"notes", notes}};
}

Result<int> run(const std::string& path, const Globals& globals) {
  const auto file = recording::Recording::open(path);
  if (!file) return std::unexpected(file.error());
  const Result<recording::RecordingInfo> info = (*file)->info();
  if (!info) return std::unexpected(info.error());
  const Json json = toJson(*info, (*file)->notes());
  if (globals.json) {
    printJson(json);
    return 0;
  }
  std::vector<std::vector<std::string>> rows{{path, "format " + std::to_string(info->format)}};
  rows.push_back({"from", utcText(info->start)});
  rows.push_back({"to", utcText(info->end)});
  rows.push_back({"duration", fmt::format("{:.3f} s", json["duration_s"].get<double>())});
  rows.push_back(
      {"points", fmt::format("{} in {} series of {} processes", info->points, info->series, info->processes)});
  rows.push_back({"size", fmt::format("{} bytes, {:.2f} a point with the world and events", info->bytes,
                                      json["bytes_per_point"].get<double>())});
  if (info->integers + info->doubles > 0) {  // none: nothing was folded yet, or format 1 does not say
    rows.push_back({"packed", fmt::format("{:.2f} bytes an integer point, {:.2f} a double",
                                          json["integer_bytes_per_point"].get<double>(),
                                          json["double_bytes_per_point"].get<double>())});
  }
  rows.push_back({"events", fmt::format("{}, {} gaps", info->events, info->gaps)});
  rows.push_back({"complete", info->complete ? "yes" : "no"});
  print(table(rows));
  for (const std::string& note : (*file)->notes()) print(note + "\n");
  return 0;
}

}  // namespace

void addInfo(Program& program) {
  CLI::App* verb = program.verb("info", "What a recording holds");
  auto path = std::make_shared<std::string>();
  verb->add_option("FILE", *path, "the recording")->required();
  program.onRun(verb, [path](const Globals& globals) { return run(*path, globals); });
}

}  // namespace qd::cli
