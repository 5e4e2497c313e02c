// SPDX-License-Identifier: Apache-2.0
#include "app/cli/overview.h"

#include <future>

namespace qd::cli {
namespace {

using namespace ingest;

const char* kindName(ProcessKind kind) {
  return kind == ProcessKind::Server ? "server" : kind == ProcessKind::Editor ? "editor" : "other";
}
const char* stateName(ProcessState state) {
  return state == ProcessState::Running ? "running" : state == ProcessState::Parked ? "parked" : "gone";
}
const char* riskName(Risk risk) {
  return risk == Risk::Safe ? "safe" : risk == Risk::Guarded ? "guarded" : "dangerous";
}

Json optional(const std::optional<double>& v) {
  return v ? Json(*v) : Json();
}

const ParameterValue* valueOf(const link::AgentDescription& description, const ProcessInfo& info,
                              const std::string& name) {
  for (const ParameterChange& change : description.parameters) {
    if (change.process.id != info.id || change.process.instance != info.instance) continue;
    for (const ParameterValue& value : change.values) {
      if (value.name == name) return &value;
    }
  }
  return nullptr;
}

Json pairs(const std::vector<std::pair<std::string, std::string>>& list) {
  Json out = Json::object();
  for (const auto& [key, value] : list) out[key] = value;
  return out;
}

Json seriesJson(const std::vector<SeriesInfo>& list) {
  Json out = Json::array();
  for (const SeriesInfo& s : list) {
    out.push_back({{"name", s.name},
                   {"unit", s.unit},
                   {"derived", s.derived},
                   {"type", s.integer ? "i64" : "f64"},
                   {"scale", s.scale},
                   {"budget", optional(s.budget)},
                   {"description", s.description},
                   {"dimensions", pairs(s.dimensions)}});
  }
  return out;
}

Json processJson(const link::AgentDescription& description, const ProcessInfo& p) {
  Json parameters = Json::array(), sites = Json::array(), actions = Json::array();
  for (const ParameterSpec& spec : p.parameters) {
    parameters.push_back(parameterJson(spec, valueOf(description, p, spec.name)));
  }
  for (const SiteInfo& s : p.sites) sites.push_back({{"name", s.name}, {"file", s.file}, {"line", s.line}});
  for (const ActionSpec& a : p.actions) {
    actions.push_back({{"name", a.name}, {"description", a.description}, {"risk", riskName(a.risk)}});
  }
  return {{"id", p.id.value},
          {"instance", p.instance.value},
          {"kind", kindName(p.kind)},
          {"name", p.name},
          {"pid", p.pid},
          {"state", stateName(p.state)},
          {"domain", p.domain},
          {"labels", pairs(p.labels)},
          {"build", {{"version", p.build.version}, {"commit", p.build.commit}, {"id", p.build.id}}},
          {"tick", p.tick},
          {"tick_hz", p.tickHz},
          {"started", p.started},
          {"series", seriesJson(p.series)},
          {"parameters", parameters},
          {"sites", sites},
          {"actions", actions}};
}

}  // namespace

Json parameterJson(const ParameterSpec& spec, const ParameterValue* value) {
  return {{"name", spec.name},
          {"type", std::string(name(spec.type))},
          {"unit", spec.unit},
          {"min", optional(spec.min)},
          {"max", optional(spec.max)},
          {"step", optional(spec.step)},
          {"choices", spec.choices},
          {"default", toJson(spec.defaultValue)},
          {"value", toJson(value ? value->value : spec.defaultValue)},
          {"version", value ? value->version : 0},
          {"risk", riskName(spec.risk)},
          {"group", spec.group},
          {"description", spec.description}};
}

Json processesJson(const link::AgentDescription& description) {
  Json out = Json::array();
  for (const ProcessInfo& p : description.processes) out.push_back(processJson(description, p));
  return out;
}

std::vector<Result<link::AgentOverview>> lookAtAll(const Globals& globals) {
  std::vector<std::future<Result<link::AgentOverview>>> running;
  for (const std::string& endpoint : globals.agents) {
    running.push_back(std::async(std::launch::async, [&, endpoint] { return link::describe(endpoint, globals.tls); }));
  }
  std::vector<Result<link::AgentOverview>> out;
  for (auto& one : running) out.push_back(one.get());
  return out;
}

}  // namespace qd::cli
