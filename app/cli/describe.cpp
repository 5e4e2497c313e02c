// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <optional>

#include "app/cli/overview.h"

namespace qd::cli {
namespace {

Json agentJson(const link::AgentOverview& agent) {
  Json clock = nullptr;
  if (agent.clock) {
    clock = {{"offset_ms", static_cast<double>(agent.clock->offsetNs) / kNsPerMs},
             {"uncertainty_ms", static_cast<double>(agent.clock->uncertaintyNs) / kNsPerMs}};
  }
  return {{"endpoint", agent.endpoint},
          {"version", agent.description.version},
          {"clock", clock},
          {"processes", processesJson(agent.description)}};
}

std::string text(const Json& v) {
  return v.is_null() ? "" : v.is_string() ? v.get<std::string>() : v.dump();
}

std::string agentText(const Json& agent) {
  std::string out = fmt::format("agent {}  version {}", text(agent["endpoint"]), text(agent["version"]));
  if (!agent["clock"].is_null()) {
    out += fmt::format("  clock {:+.3f} ms ± {:.3f}", agent["clock"]["offset_ms"].get<double>(),
                       agent["clock"]["uncertainty_ms"].get<double>());
  }
  out += "\n";
  for (const Json& p : agent["processes"]) {
    out += fmt::format("\n{}  {}  {}  tick {}  {} Hz  pid {}  {}\n", text(p["id"]), text(p["kind"]), text(p["state"]),
                       text(p["tick"]), text(p["tick_hz"]), text(p["pid"]), text(p["name"]));
    std::vector<std::vector<std::string>> rows{{"  series", "unit", ""}};
    for (const Json& s : p["series"]) {
      rows.push_back({"  " + text(s["name"]), text(s["unit"]), s["derived"].get<bool>() ? "derived" : ""});
    }
    if (rows.size() > 1) out += table(rows);
    rows = {{"  parameter", "value", "unit", "min", "max", "version"}};
    for (const Json& v : p["parameters"]) {
      rows.push_back({"  " + text(v["name"]), text(v["value"]), text(v["unit"]), text(v["min"]), text(v["max"]),
                      text(v["version"])});
    }
    if (rows.size() > 1) out += table(rows);
    rows = {{"  site", "at"}};
    for (const Json& s : p["sites"]) rows.push_back({"  " + text(s["name"]), text(s["file"]) + ":" + text(s["line"])});
    if (rows.size() > 1) out += table(rows);
  }
  return out;
}

// Those that answer are printed even when another does not.
Result<int> run(const Globals& globals) {
  Json agents = Json::array();
  std::optional<Error> missing;
  for (const Result<link::AgentOverview>& agent : lookAtAll(globals)) {
    if (agent) {
      agents.push_back(agentJson(*agent));
    } else if (!missing) {
      missing = agent.error();
    }
  }
  if (!agents.empty() && globals.json) printJson(Json{{"agents", agents}});
  if (!globals.json) {
    for (const Json& agent : agents) print(agentText(agent));
  }
  if (missing) return std::unexpected(*missing);
  return 0;
}

}  // namespace

void addDescribe(Program& program) {
  CLI::App* verb = program.verb("describe", "Agents, processes, series, parameters and sites, as of now");
  program.onRun(verb, [](const Globals& globals) { return run(globals); });
}

}  // namespace qd::cli
