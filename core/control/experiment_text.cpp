// SPDX-License-Identifier: Apache-2.0
#include "core/control/experiment_text.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/control/value_type.h"
#include "core/ingest/describe.h"

namespace qd::control {
namespace {

using Json = nlohmann::ordered_json;
using ingest::Guard;

Json guards(const std::vector<Guard>& list) {
  Json out = Json::array();
  for (const Guard& guard : list) {
    out.push_back({{"series", guard.series},
                   {"statistic", static_cast<int>(guard.statistic)},
                   {"above", guard.above},
                   {"basis", static_cast<int>(guard.basis)},
                   {"threshold", guard.threshold},
                   {"ticks", guard.ticks}});
  }
  return out;
}

std::vector<Guard> guardsFrom(const Json& list) {
  std::vector<Guard> out;
  for (const Json& item : list) {
    Guard guard;
    guard.series = item.at("series").get<std::string>();
    const int statistic = item.at("statistic").get<int>(), basis = item.at("basis").get<int>();
    guard.statistic = static_cast<ingest::GuardStatistic>(statistic < 0 || statistic > 5 ? 2 : statistic);
    guard.basis = static_cast<ingest::GuardBasis>(basis < 0 || basis > 2 ? 0 : basis);
    guard.above = item.at("above").get<bool>();
    guard.threshold = item.at("threshold").get<double>();
    guard.ticks = item.at("ticks").get<std::uint32_t>();
    out.push_back(std::move(guard));
  }
  return out;
}

Json planJson(const ExperimentPlan& plan) {
  const auto ids = [](const std::vector<ProcessId>& list) {
    Json out = Json::array();
    for (const ProcessId& id : list) out.push_back(id.value);
    return out;
  };
  Json peers = Json::array(), fault = Json::array();
  for (const auto& peer : plan.peers) {
    peers.push_back({{"endpoint", peer.endpoint}, {"targets", ids(peer.targets)}});
  }
  for (const auto& value : plan.fault) {
    fault.push_back(
        {{"name", value.name}, {"type", std::string(name(typeOf(value.value)))}, {"value", toText(value.value)}});
  }
  return {{"id", plan.id},
          {"name", plan.name},
          {"hypothesis", plan.hypothesis},
          {"who", plan.who},
          {"from", plan.from},
          {"comment", plan.comment},
          {"confirmed", plan.confirmed},
          {"targets", ids(plan.targets)},
          {"peers", peers},
          {"fault", fault},
          {"time_ns", plan.time.ns},
          {"aborts", guards(plan.aborts)},
          {"refutes", guards(plan.refutes)},
          {"most_processes", plan.mostProcesses},
          {"most_players", plan.mostPlayers}};
}

ExperimentPlan planFrom(const Json& json) {
  ExperimentPlan plan;
  plan.id = json.at("id").get<std::string>();
  plan.name = json.at("name").get<std::string>();
  plan.hypothesis = json.at("hypothesis").get<std::string>();
  plan.who = json.value("who", "");
  plan.from = json.value("from", "");
  plan.comment = json.value("comment", "");
  plan.confirmed = json.value("confirmed", "");
  for (const Json& target : json.at("targets")) plan.targets.emplace_back(target.get<std::string>());
  for (const Json& item : json.value("peers", Json::array())) {
    auto& peer = plan.peers.emplace_back();
    peer.endpoint = item.at("endpoint").get<std::string>();
    for (const Json& target : item.at("targets")) peer.targets.emplace_back(target.get<std::string>());
  }
  for (const Json& item : json.at("fault")) {
    auto value = parseValue(typeNamed(item.at("type").get<std::string>()), item.at("value").get<std::string>());
    if (!value) throw std::invalid_argument(value.error().message);
    plan.fault.push_back({item.at("name").get<std::string>(), std::move(*value), std::nullopt});
  }
  plan.time.ns = json.at("time_ns").get<std::int64_t>();
  plan.aborts = guardsFrom(json.at("aborts"));
  plan.refutes = guardsFrom(json.at("refutes"));
  plan.mostProcesses = json.value("most_processes", 0U);
  plan.mostPlayers = json.value("most_players", 0U);
  return plan;
}

Json optional(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

std::optional<double> optionalFrom(const Json& json) {
  return json.is_number() ? std::optional(json.get<double>()) : std::nullopt;
}

// In a cell of a table nothing of a game or a person may end it.
std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return out;
}

std::string number(const std::optional<double>& value) {
  return value ? fmt::format("{:.4g}", *value) : "—";
}

std::string radius(const ExperimentPlan& plan) {
  const auto limit = [](std::uint32_t n) { return n == 0 ? "any number of" : fmt::format("at most {}", n); };
  return fmt::format("{} processes, {} players", limit(plan.mostProcesses), limit(plan.mostPlayers));
}

std::string measures(const ExperimentState& state) {
  std::string out =
      "| metric | process | before | during | after | its breach |\n| --- | --- | --- | --- | --- | --- |\n";
  const auto& aborts = state.plan.aborts;
  for (const Measure& measure : state.measures) {
    if (measure.metric >= aborts.size() + state.plan.refutes.size()) continue;
    const bool abort = measure.metric < aborts.size();
    const Guard& guard = abort ? aborts[measure.metric] : state.plan.refutes[measure.metric - aborts.size()];
    out += fmt::format("| {} | {} | {} | {} | {} | {} |\n", cell(ingest::describe(guard)), cell(measure.process.value),
                       number(measure.before), number(measure.during), number(measure.after),
                       abort ? "aborts" : "refutes");
  }
  return out;
}

std::string targets(const ExperimentState& state) {
  std::string out = "| process | state | tick | |\n| --- | --- | --- | --- |\n";
  for (const auto& target : state.targets) {
    out += fmt::format("| {} | {} | {} | {} |\n", cell(target.process.value), ingest::name(target.state), target.tick,
                       cell(target.reason));
  }
  return out;
}

}  // namespace

std::string encode(const ExperimentState& state) {
  Json targets = Json::array(), measures = Json::array();
  for (const auto& target : state.targets) {
    targets.push_back({{"process", target.process.value},
                       {"state", static_cast<int>(target.state)},
                       {"tick", target.tick},
                       {"reason", target.reason}});
  }
  for (const Measure& measure : state.measures) {
    measures.push_back({{"metric", measure.metric},
                        {"process", measure.process.value},
                        {"before", optional(measure.before)},
                        {"during", optional(measure.during)},
                        {"after", optional(measure.after)}});
  }
  const Json json = {{"plan", planJson(state.plan)},   {"phase", static_cast<int>(state.phase)},
                     {"since", state.since},           {"until", state.until},
                     {"reason", state.reason},         {"outcome", state.outcome},
                     {"restored", state.restored},     {"targets", targets},
                     {"measures", measures},           {"breach_tick", state.breachTick},
                     {"revert_tick", state.revertTick}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<ExperimentState> experimentFrom(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    ExperimentState out;
    out.plan = planFrom(json.at("plan"));
    const int phase = json.value("phase", 0);
    out.phase = static_cast<ExperimentPhase>(phase < 0 || phase > 3 ? 0 : phase);
    out.since = json.value("since", std::int64_t{0});
    out.until = json.value("until", std::int64_t{0});
    out.reason = json.value("reason", "");
    out.outcome = json.value("outcome", "");
    out.restored = json.value("restored", "");
    for (const Json& item : json.value("targets", Json::array())) {
      auto& target = out.targets.emplace_back();
      target.process = ProcessId(item.at("process").get<std::string>());
      const int state = item.at("state").get<int>();
      target.state = static_cast<ingest::TargetState>(state < 0 || state > 7 ? 6 : state);
      target.tick = item.at("tick").get<std::int64_t>();
      target.reason = item.value("reason", "");
    }
    for (const Json& item : json.value("measures", Json::array())) {
      out.measures.push_back({item.at("metric").get<std::uint32_t>(), ProcessId(item.at("process").get<std::string>()),
                              optionalFrom(item.at("before")), optionalFrom(item.at("during")),
                              optionalFrom(item.at("after"))});
    }
    out.breachTick = json.value("breach_tick", std::int64_t{0});
    out.revertTick = json.value("revert_tick", std::int64_t{0});
    return out;
  } catch (const std::exception& error) {
    return fail(ErrorCode::InvalidArgument, fmt::format("This is no experiment: {}.", error.what()));
  }
}

std::string experimentKey(const ExperimentPlan& plan) {
  return fmt::format("{}{}/{}", kExperimentPrefix, plan.targets.empty() ? "" : plan.targets.front().value, plan.id);
}

std::string processInKey(const std::string& key) {
  const std::string_view prefix = kExperimentPrefix;
  const std::size_t slash = key.rfind('/');
  if (!key.starts_with(prefix) || slash == std::string::npos || slash < prefix.size()) return {};
  return key.substr(prefix.size(), slash - prefix.size());
}

std::string report(const ExperimentState& state) {
  std::string fault;
  for (const auto& value : state.plan.fault) {
    fault += fmt::format("{}`{}` = {}", fault.empty() ? "" : ", ", value.name, toText(value.value));
  }
  std::string out = fmt::format("# Experiment: {}\n\n**Hypothesis**: {}\n\n", state.plan.name, state.plan.hypothesis);
  out += fmt::format("**Outcome**: {}\n\n", state.outcome.empty() ? "it is still under way" : state.outcome);
  out += fmt::format("- Fault: {}, for {}, then back by itself\n", fault, toText(state.plan.time));
  out += fmt::format("- Blast radius: {}; targets: {}\n", radius(state.plan), targetsOf(state.plan).size());
  out += fmt::format("- By {}{}\n", state.plan.who.empty() ? "somebody" : state.plan.who,
                     state.plan.comment.empty() ? "" : ": " + state.plan.comment);
  out += fmt::format("- State: {}{}\n", name(state.phase), state.reason.empty() ? "" : ", " + state.reason);
  out += fmt::format("- Restored: {}\n", state.restored.empty() ? "not yet" : state.restored);
  if (state.breachTick != 0) {
    out += fmt::format("- Aborted at tick {}, back at tick {}\n", state.breachTick, state.revertTick);
  }
  return out + "\n## Measured\n\n" + measures(state) + "\n## Targets\n\n" + targets(state);
}

}  // namespace qd::control
