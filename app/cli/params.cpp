// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "app/cli/change_options.h"
#include "app/cli/overview.h"
#include "app/cli/session.h"
#include "app/cli/settled_push.h"
#include "core/control/conflict.h"
#include "core/params/param_book.h"

namespace qd::cli {
namespace {

using namespace ingest;

struct SetOptions {
  std::vector<std::string> assignments, expects, processes;
  std::string comment, confirm;
};

const char* statusName(PushStatus status) {
  switch (status) {
    case PushStatus::Applied:
      return "applied";
    case PushStatus::Rejected:
      return "rejected";
    default:
      return "unknown";
  }
}

Result<std::pair<std::string, std::string>> split(const std::string& word, std::string_view expected) {
  const std::size_t at = word.find('=');
  if (at == std::string::npos || at == 0) {
    return fail(ErrorCode::InvalidArgument, fmt::format("\"{}\" is not {}.", word, expected));
  }
  return std::pair(word.substr(0, at), word.substr(at + 1));
}

const ParameterSpec* specOf(const ProcessInfo& process, const std::string& name) {
  const auto found = std::find_if(process.parameters.begin(), process.parameters.end(),
                                  [&](const ParameterSpec& spec) { return spec.name == name; });
  return found == process.parameters.end() ? nullptr : &*found;
}

// Rejected before it is sent: nothing reaches any process.
PushResult rejectedHere(const ProcessId& process, const std::string& name, const std::string& reason) {
  PushResult out;
  out.process.id = process;
  out.status = PushStatus::Rejected;
  out.reason = reason;
  ParameterResult parameter;
  parameter.name = name;
  parameter.reason = reason;
  out.parameters.push_back(std::move(parameter));
  return out;
}

class Setter {
 public:
  Setter(const SetOptions& options, Session& session, const params::ParamBook& book)
      : options_(options), session_(session), book_(book) {}

  Result<int> run(const Globals& globals) {
    Result<std::vector<ProcessInfoPtr>> targets = findTargets();
    if (!targets) return std::unexpected(targets.error());
    if (Result<> read = readVersions(); !read) return std::unexpected(read.error());
    control::PushOrder& order = order_;
    order.pushId = control::newPushId();
    order.comment = options_.comment;
    order.who = whoAmI();
    std::vector<PushResult> results;
    for (const ProcessInfoPtr& target : *targets) {
      order.targets.push_back(target->id);
      if (Result<> taken = assign(*target, order, results); !taken) return std::unexpected(taken.error());
    }
    if (results.empty()) {
      if (auto sure = confirm(globals); !sure) return std::unexpected(sure.error());
      auto answer = pushAndSettle(session_, order);
      if (!answer) return std::unexpected(answer.error());
      results = std::move(*answer);
    }
    return report(order.pushId, results, globals.json);
  }

 private:
  Result<> confirm(const Globals& globals) {
    ToConfirm what{order_.targets, {}, order_.comment, options_.confirm};
    for (const control::Assignment& assignment : order_.assignments) what.names.push_back(assignment.name);
    auto text = confirmed(what, book_, session_, globals);
    if (!text) return std::unexpected(text.error());
    order_.confirmed = std::move(*text);
    return {};
  }

  // Those that were named, else every process that has all the parameters.
  Result<std::vector<ProcessInfoPtr>> findTargets() {
    std::vector<ProcessInfoPtr> out;
    for (const std::string& id : options_.processes) {
      const ProcessInfoPtr process = session_.directory().process(ProcessId(id));
      if (!process || process->state == ProcessState::Gone) {
        return fail(ErrorCode::NotFound, fmt::format("There is no process {}; qdctl describe lists them.", id));
      }
      out.push_back(process);
    }
    if (!out.empty()) return out;
    std::string missing;
    for (const ProcessInfoPtr& process : session_.directory().processes()) {
      bool all = process->state != ProcessState::Gone;
      for (const std::string& word : options_.assignments) {
        const std::string name = word.substr(0, word.find('='));
        if (all && specOf(*process, name) == nullptr) missing = name;
        all = all && specOf(*process, name) != nullptr;
      }
      if (all) out.push_back(process);
    }
    if (!out.empty()) return out;
    return fail(ErrorCode::NotFound, fmt::format("No process has {}; qdctl params list shows what there is.",
                                                 missing.empty() ? "these parameters" : "a parameter " + missing));
  }

  Result<> readVersions() {
    for (const std::string& word : options_.expects) {
      const auto parts = split(word, "an expected version; write --expect NAME=VERSION");
      if (!parts) return std::unexpected(parts.error());
      const Result<Value> version = parseValue(ValueType::Int, parts->second);
      if (!version || std::get<std::int64_t>(*version) < 0) {
        return fail(ErrorCode::InvalidArgument, fmt::format("The version in \"{}\" is no whole number.", word));
      }
      versions_[parts->first] = static_cast<std::uint64_t>(std::get<std::int64_t>(*version));
    }
    return {};
  }

  // The values by this process's declarations; all targets of one push get the same ones.
  Result<> assign(const ProcessInfo& target, control::PushOrder& order, std::vector<PushResult>& rejected) {
    std::vector<control::Assignment> assignments;
    for (const std::string& word : options_.assignments) {
      const auto parts = split(word, "an assignment; write NAME=VALUE");
      if (!parts) return std::unexpected(parts.error());
      const auto& [name, text] = *parts;
      const ParameterSpec* spec = specOf(target, name);
      if (spec == nullptr) {
        rejected.push_back(
            rejectedHere(target.id, name, fmt::format("{} has no parameter {}.", target.id.value, name)));
        return {};
      }
      Result<Value> value = parseValue(spec->type, text);
      if (!value) {
        rejected.push_back(rejectedHere(target.id, name, fmt::format("{}: {}", name, value.error().message)));
        return {};
      }
      const auto version = versions_.find(name);
      assignments.push_back(
          {name, std::move(*value), version == versions_.end() ? std::nullopt : std::optional(version->second)});
    }
    if (order.assignments.empty()) {
      order.assignments = std::move(assignments);
      return {};
    }
    for (std::size_t i = 0; i < assignments.size(); ++i) {
      if (assignments[i].value == order.assignments[i].value) continue;
      return fail(ErrorCode::InvalidArgument,
                  fmt::format("{} is of another type in {} than in {}; set them one after the other with --process.",
                              assignments[i].name, target.id.value, order.targets.front().value));
    }
    return {};
  }

  std::optional<control::Conflict> conflictOf(const PushResult& result, const std::string& name) const {
    for (const control::Assignment& asked : order_.assignments) {
      if (asked.name != name) continue;
      return control::conflictIn(asked, result, book_.value(result.process.id, name));
    }
    return std::nullopt;
  }

  Json resultJson(const PushResult& result) const {
    Json parameters = Json::array();
    for (const ParameterResult& p : result.parameters) {
      parameters.push_back({{"name", p.name},
                            {"old", toJson(p.oldValue)},
                            {"new", toJson(p.newValue)},
                            {"version", p.version},
                            {"reason", p.reason}});
    }
    return {{"process", result.process.id.value},
            {"status", statusName(result.status)},
            {"tick", result.tick},
            {"parameters", parameters},
            {"reason", result.reason}};
  }

  std::string reasonOf(const PushResult& result) const {
    for (const ParameterResult& p : result.parameters) {
      if (const auto conflict = conflictOf(result, p.name)) return control::describe(*conflict);
    }
    for (const ParameterResult& p : result.parameters) {
      if (!p.reason.empty()) return p.reason.find(p.name) == std::string::npos ? p.name + ": " + p.reason : p.reason;
    }
    return result.reason.empty() ? "it gave no reason" : result.reason;
  }

  Result<int> report(const std::string& pushId, const std::vector<PushResult>& results, bool json) const {
    Json list = Json::array();
    std::string text;
    const PushResult* bad = nullptr;
    for (const PushResult& result : results) {
      list.push_back(resultJson(result));
      if (result.status != PushStatus::Applied) bad = bad ? bad : &result;
      text += fmt::format("{}: {}", result.process.id.value, statusName(result.status));
      if (result.status == PushStatus::Applied) text += fmt::format(" at tick {}", result.tick);
      for (const ParameterResult& p : result.parameters) {
        text += fmt::format("  {} {} → {}", p.name, qd::toText(p.oldValue), qd::toText(p.newValue));
      }
      text += "\n";
    }
    if (json) {
      printJson(Json{{"push", pushId}, {"results", list}});
    } else if (bad == nullptr) {
      print(text);
    }
    if (bad == nullptr) return 0;
    const char* what = bad->status == PushStatus::Rejected ? "rejected" : "did not answer";
    return fail(ErrorCode::InvalidArgument,
                fmt::format("Process {} {} the push: {}", bad->process.id.value, what, reasonOf(*bad)));
  }

  const SetOptions& options_;
  Session& session_;
  const params::ParamBook& book_;
  control::PushOrder order_;
  std::map<std::string, std::uint64_t> versions_;
};

Result<int> set(const SetOptions& options, const Globals& globals) {
  params::ParamBook book;
  SessionOptions listening;
  listening.sinks = {&book};
  const Result<std::unique_ptr<Session>> session = Session::open(globals, std::move(listening));
  if (!session) return std::unexpected(session.error());
  return Setter(options, **session, book).run(globals);
}

// `list` and `get`: what describe knows, flat.
Result<int> show(const std::string& only, const std::vector<std::string>& processes, const Globals& globals) {
  Json list = Json::array();
  std::vector<std::vector<std::string>> rows{{"process", "parameter", "value", "unit", "type", "version"}};
  for (const Result<link::AgentOverview>& agent : lookAtAll(globals)) {
    if (!agent) return std::unexpected(agent.error());
    for (const Json& process : processesJson(agent->description)) {
      const std::string id = process["id"];
      if (!processes.empty() && std::find(processes.begin(), processes.end(), id) == processes.end()) continue;
      for (const Json& parameter : process["parameters"]) {
        if (!only.empty() && parameter["name"] != only) continue;
        Json entry{{"process", id}};
        entry.update(parameter);
        const Json& v = parameter["value"];
        rows.push_back({id, parameter["name"], v.is_string() ? v.get<std::string>() : v.dump(), parameter["unit"],
                        parameter["type"], parameter["version"].dump()});
        list.push_back(std::move(entry));
      }
    }
  }
  if (list.empty() && !only.empty()) {
    return fail(ErrorCode::NotFound,
                fmt::format("No process has a parameter {}; qdctl params list shows what there is.", only));
  }
  globals.json ? printJson(Json{{"parameters", list}}) : print(table(rows));
  return 0;
}

}  // namespace

void addParams(Program& program) {
  CLI::App* params = program.verb("params", "Dynamic parameters of the processes");
  params->require_subcommand(1);
  auto processes = std::make_shared<std::vector<std::string>>();
  auto name = std::make_shared<std::string>();
  CLI::App* list = program.verb("list", "All parameters with their values", params);
  addEach(list, "--process", *processes, "only of this process; once for each");
  program.onRun(list, [processes](const Globals& g) { return show("", *processes, g); });
  CLI::App* get = program.verb("get", "One parameter in every process", params);
  get->add_option("NAME", *name, "of the parameter")->required();
  addEach(get, "--process", *processes, "only of this process; once for each");
  program.onRun(get, [name, processes](const Globals& g) { return show(*name, *processes, g); });
  CLI::App* change = program.verb("set", "Pushes values: all of them at one tick of each process, or none", params);
  auto options = std::make_shared<SetOptions>();
  change->add_option("NAME=VALUE", options->assignments, "values to push")->required();
  addEach(change, "--expect", options->expects, "rejected unless NAME still has this VERSION")
      ->type_name("NAME=VERSION");
  addEach(change, "--process", options->processes, "target; once for each (default: every process that has them)")
      ->type_name("ID");
  change->add_option("--comment", options->comment, "why, for the ledger; required for dangerous parameters");
  change->add_option("--confirm", options->confirm, "for dangerous parameters: names the processes and their players");
  program.onRun(change, [options](const Globals& g) { return set(*options, g); });
  addParamChanges(program, params);
}

}  // namespace qd::cli
