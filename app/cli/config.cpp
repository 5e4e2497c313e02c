// SPDX-License-Identifier: Apache-2.0
#include "core/params/configuration.h"

#include <fmt/format.h>

#include "app/cli/files.h"
#include "app/cli/when.h"
#include "core/breakpoints/registry_view.h"
#include "core/recording/state_events.h"

namespace qd::cli {
namespace {

struct Options {
  std::string path;
  StretchOptions stretch;  // `to` is the moment
};

Json parameterRow(const params::ConfigurationRow& row) {
  return {{"process", row.process.value},
          {"name", row.spec.name},
          {"value", toJson(row.value.value)},
          {"default", toJson(row.spec.defaultValue)},
          {"changed", row.changed},
          {"version", row.value.version},
          {"tick", row.value.tick},
          {"time_ns", row.value.time},
          {"who", row.value.who},
          {"push", row.value.pushId}};
}

Json breakpointRows(const breakpoints::RegistryView& registry, TimeNs asOf) {
  Json out = Json::array();
  for (const ingest::Breakpoint& b : registry.breakpoints(asOf)) {
    out.push_back({{"id", b.id},
                   {"site", b.site},
                   {"tick", b.tick},
                   {"condition", b.condition},
                   {"enabled", b.enabled},
                   {"armed", b.armed},
                   {"group", b.group}});
  }
  return out;
}

Json stoppedJson(const std::optional<ingest::LinkGroup>& group) {
  if (!group) return nullptr;
  Json members = Json::array();
  for (const ingest::GroupMember& m : group->members) {
    members.push_back({{"process", m.process.value}, {"tick", m.tick}, {"skew_ticks", m.skewTicks}});
  }
  return {{"group", group->id}, {"hit", group->hitId}, {"tick", group->tick}, {"members", members}};
}

void printRows(const std::vector<params::ConfigurationRow>& rows, const breakpoints::RegistryView& registry,
               TimeNs asOf) {
  std::vector<std::vector<std::string>> lines{
      {"process", "parameter", "value", "default", "set by", "at tick", "push"}};
  for (const auto& row : rows) {
    const bool told = row.value.version != 0;
    lines.push_back({row.process.value, row.spec.name, toText(row.value.value), toText(row.spec.defaultValue),
                     !told                   ? "-"
                     : row.value.who.empty() ? "the process itself"
                                             : row.value.who,
                     told ? std::to_string(row.value.tick) : "-", row.value.pushId.empty() ? "-" : row.value.pushId});
  }
  print(fmt::format("as of {}\n", utcText(asOf)) + table(lines));
  for (const ingest::Breakpoint& b : registry.breakpoints(asOf)) {
    print(fmt::format("breakpoint {}{}{}: {}\n", b.site, b.condition.empty() ? "" : " if ", b.condition,
                      !b.enabled ? "disabled"
                      : b.armed  ? "armed"
                                 : "not armed"));
  }
  const auto group = registry.stopped(asOf);
  print(group ? fmt::format("stopped at tick {}: {}\n", group->tick, group->id) : std::string("nothing is stopped\n"));
}

Result<int> run(const Options& options, const Globals& globals) {
  const auto file = recording::Recording::open(options.path);
  if (!file) return std::unexpected(file.error());
  Result<Stretch> stretch = resolve(**file, options.stretch);
  if (!stretch) return std::unexpected(stretch.error());
  const Result<recording::RecordingInfo> info = (*file)->info();
  if (!info) return std::unexpected(info.error());
  const TimeNs asOf = options.stretch.to.empty() ? info->end : stretch->to;
  ingest::Directory directory;
  params::ParamBook book;
  breakpoints::RegistryView registry;
  const auto damaged = recording::readStateEvents(**file, asOf, [&](const ingest::EnvelopePtr& envelope) {
    directory.on(envelope);
    book.on(envelope);
    registry.on(envelope);
  });
  if (!damaged) return std::unexpected(damaged.error());
  std::vector<params::ConfigurationRow> rows = params::configurationAt(book, directory, asOf);
  if (stretch->process) std::erase_if(rows, [&](const auto& row) { return !stretch->process(row.process); });
  if (globals.json) {
    Json list = Json::array();
    for (const auto& row : rows) list.push_back(parameterRow(row));
    printJson(Json{{"time_ns", asOf},
                   {"parameters", std::move(list)},
                   {"breakpoints", breakpointRows(registry, asOf)},
                   {"stopped", stoppedJson(registry.stopped(asOf))}});
  } else {
    printRows(rows, registry, asOf);
  }
  complainOfDamage(options.path, damaged->size());
  return 0;
}

}  // namespace

void addConfig(Program& program) {
  CLI::App* verb =
      program.verb("config", "The effective configuration at a moment of a recording: every parameter and who set it");
  auto options = std::make_shared<Options>();
  verb->add_option("FILE", options->path, "the recording")->required();
  verb->add_option("--at", options->stretch.to, "the moment (UTC time, +10s, -30s, #tick; default: the end)")
      ->type_name("WHEN");
  verb->add_option("--domain", options->stretch.domain, "whose ticks are meant (default: the only server)")
      ->type_name("ID");
  addEach(verb, "--process", options->stretch.processes, "pattern of process ids; once for each (default all)")
      ->type_name("ID");
  program.onRun(verb, [options](const Globals& globals) { return run(*options, globals); });
}

}  // namespace qd::cli
