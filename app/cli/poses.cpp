// SPDX-License-Identifier: Apache-2.0
// qdctl poses and qdctl events: what a recording holds beside samples, one line of JSON each, exact. With them anybody
// can compute the joined metrics again.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "app/cli/files.h"

namespace qd::cli {
namespace {

struct Options {
  std::string path, out;
  std::vector<std::string> processes, names;
};

bool wanted(const std::vector<std::string>& some, const std::string& name) {
  return some.empty() || std::find(some.begin(), some.end(), name) != some.end();
}

// One line a frame. Positions µm, velocities µm/s; a rendered frame's render_tick is 48.16 fixed point.
void write(const ingest::EntityFrame& frame, std::string& line) {
  Json json{{"process", frame.process.id.value},
            {"kind", frame.rendered ? "rendered" : "authoritative"},
            {"tick", frame.tick},
            {"time_ns", frame.time},
            {"domain", frame.domain}};
  if (frame.rendered) json["render_tick_48_16"] = frame.renderTick48_16;
  json["id"] = frame.ids;
  json["x_um"] = frame.x;
  json["y_um"] = frame.y;
  json["z_um"] = frame.z;
  json["vx_um_s"] = frame.vx;
  json["vy_um_s"] = frame.vy;
  json["vz_um_s"] = frame.vz;
  json["flags"] = frame.flags;
  line = json.dump();
}

void write(const ingest::GameEvent& event, std::string& line) {
  Json fields = Json::object();
  for (const auto& [name, value] : event.fields) fields[name] = toJson(value);
  line = Json{{"process", event.process.id.value},
              {"tick", event.tick},
              {"time_ns", event.time},
              {"name", event.name},
              {"fields", fields}}
             .dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool writeIf(const ingest::Event& event, bool poses, const Options& options, std::string& line) {
  const auto* frame = std::get_if<ingest::EntityFrame>(&event);
  const auto* happened = std::get_if<ingest::GameEvent>(&event);
  if (poses && frame != nullptr && wanted(options.processes, frame->process.id.value)) {
    write(*frame, line);
    return true;
  }
  if (poses || happened == nullptr || !wanted(options.processes, happened->process.id.value) ||
      !wanted(options.names, happened->name)) {
    return false;
  }
  write(*happened, line);
  return true;
}

Result<int> run(const Options& options, bool poses) {
  const auto file = recording::Recording::open(options.path);
  if (!file) return std::unexpected(file.error());
  const auto cursor = (*file)->cursor();
  if (!cursor) return std::unexpected(cursor.error());
  std::error_code ignored;
  if (!options.out.empty() && std::filesystem::equivalent(options.out, options.path, ignored)) {
    return fail(ErrorCode::InvalidArgument, options.out + " is the recording itself; write to another name.");
  }
  FILE* to = options.out.empty() ? stdout : std::fopen(options.out.c_str(), "w");
  int error = to == nullptr ? errno : 0;
  std::string line;
  while (error == 0) {
    const auto next = (*cursor)->next();
    if (!next) break;
    if (!writeIf(next->envelope->event, poses, options, line)) continue;
    line += '\n';
    if (std::fwrite(line.data(), 1, line.size(), to) != line.size()) error = errno;
  }
  if (to != nullptr && (to == stdout ? std::fflush(to) : std::fclose(to)) != 0 && error == 0) error = errno;
  if (error != 0) {
    return fail(ErrorCode::Io, "Cannot write " + (options.out.empty() ? "the output" : options.out) + " (" +
                                   std::generic_category().message(error) + "); choose another place.");
  }
  complainOfDamage(options.path, (*cursor)->damaged().size());
  return 0;
}

}  // namespace

void addPoses(Program& program) {
  for (const bool poses : {true, false}) {
    CLI::App* verb = program.verb(poses ? "poses" : "events",
                                  poses ? "Entity frames of a recording as JSON lines: where each was, and was drawn"
                                        : "Game events of a recording as JSON lines, such as combat.hit");
    auto options = std::make_shared<Options>();
    verb->add_option("FILE", options->path, "the recording")->required();
    addEach(verb, "--process", options->processes, "only this process; once for each (default all)");
    if (!poses) addEach(verb, "--name", options->names, "only events of this name; once for each (default all)");
    verb->add_option("--out", options->out, "file to write (default: the output)");
    program.onRun(verb, [options, poses](const Globals&) { return run(*options, poses); });
  }
}

}  // namespace qd::cli
