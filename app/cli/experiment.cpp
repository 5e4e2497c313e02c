// SPDX-License-Identifier: Apache-2.0
// experiment start|watch|abort|report|list: a fault on purpose, with a hypothesis, a blast radius, what aborts it, and
// a report. The agent runs it to its end, also without this program.
#include <fmt/format.h>

#include <fstream>

#include "app/cli/change_options.h"
#include "core/control/experiment_text.h"
#include "core/ingest/describe.h"

namespace qd::cli {
namespace {

using namespace ingest;
using control::ExperimentPhase;
using control::ExperimentState;

struct ExperimentOptions {
  ChangeOptions change;  // of which: values, processes, labels, guards, time, comment, id, confirmation
  std::string name, hypothesis;
  std::vector<std::string> refutes;
  std::uint32_t mostProcesses = 0, mostPlayers = 0;
  bool detach = false;
};

Json experimentJson(const ExperimentState& state) {
  Json targets = Json::array(), measures = Json::array();
  for (const ChangeTarget& target : state.targets) {
    targets.push_back({{"process", target.process.value},
                       {"state", name(target.state)},
                       {"tick", target.tick},
                       {"reason", target.reason}});
  }
  const auto number = [](const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); };
  const std::size_t aborts = state.plan.aborts.size();
  for (const control::Measure& m : state.measures) {
    if (m.metric >= aborts + state.plan.refutes.size()) continue;
    const Guard& guard = m.metric < aborts ? state.plan.aborts[m.metric] : state.plan.refutes[m.metric - aborts];
    measures.push_back({{"metric", describe(guard)},
                        {"role", m.metric < aborts ? "aborts" : "refutes"},
                        {"process", m.process.value},
                        {"before", number(m.before)},
                        {"during", number(m.during)},
                        {"after", number(m.after)}});
  }
  return {{"experiment", state.plan.id},
          {"name", state.plan.name},
          {"hypothesis", state.plan.hypothesis},
          {"phase", name(state.phase)},
          {"reason", state.reason},
          {"outcome", state.outcome},
          {"restored", state.restored},
          {"who", state.plan.who},
          {"comment", state.plan.comment},
          {"breach_tick", state.breachTick},
          {"revert_tick", state.revertTick},
          {"targets", targets},
          {"measures", measures}};
}

std::vector<ExperimentState> all(const ChangeSession& session) {
  std::vector<ExperimentState> out;
  for (const SharedItem& item : session.changes.shared(control::kExperimentPrefix)) {
    if (auto state = control::experimentFrom(item.value)) out.push_back(std::move(*state));
  }
  return out;
}

Result<ExperimentState> find(const ChangeSession& session, const std::string& id) {
  for (ExperimentState& state : all(session)) {
    if (state.plan.id == id) return std::move(state);
  }
  return fail(ErrorCode::NotFound, fmt::format("There is no experiment {}; qdctl experiment list shows them.", id));
}

Result<control::ExperimentPlan> planOf(const ExperimentOptions& options, const ChangeSession& session,
                                       const Globals& globals) {
  auto change = planFrom(options.change, session);
  if (!change) return std::unexpected(change.error());
  std::vector<ProcessInfoPtr> targets;
  for (const ProcessId& target : change->targets) targets.push_back(session.session->directory().process(target));
  control::ExperimentPlan plan;
  plan.id = options.change.id.empty() ? "experiment-" + control::newPushId().substr(5) : options.change.id;
  plan.name = options.name;
  plan.hypothesis = options.hypothesis;
  plan.comment = options.change.comment;
  plan.targets = change->targets;
  plan.fault = change->values;
  plan.time = change->lease;
  plan.aborts = change->guards;
  plan.mostProcesses = options.mostProcesses;
  plan.mostPlayers = options.mostPlayers;
  for (const std::string& text : options.refutes) {
    auto guard = readGuard(text, targets);
    if (!guard) return std::unexpected(guard.error());
    plan.refutes.push_back(*guard);
  }
  if (auto sound = control::ExperimentRun::check(plan); !sound) return std::unexpected(sound.error());
  if (auto sure = confirmPlan(*change, options.change.confirm, session, globals); !sure)
    return std::unexpected(sure.error());
  plan.confirmed = change->confirmed;
  return plan;
}

// Until it is over. Held and refuted are both an answer.
Result<int> follow(ChangeSession& session, const std::string& id, const Globals& globals) {
  std::string told;
  while (true) {
    const auto state = find(session, id);
    if (!state) return std::unexpected(state.error());
    const std::string text = fmt::format("{}{}", name(state->phase), state->reason.empty() ? "" : "  " + state->reason);
    if (text != told && !globals.json) print(fmt::format("{}  {}\n", utcText(utcNowNs()), text));
    told = text;
    if (state->phase == ExperimentPhase::Over) {
      if (globals.json) {
        printJson(experimentJson(*state));
      } else {
        print(fmt::format("The hypothesis: {}. {}.\n", state->outcome, state->restored));
      }
      if (state->outcome == "held" || state->outcome.starts_with("refuted")) return 0;
      return fail(ErrorCode::Conflict, fmt::format("Experiment {} gave no answer: {}.", id, state->outcome));
    }
    const auto news = [&] {
      const auto now = find(session, id);
      return now && (now->phase != state->phase || now->reason != state->reason);
    };
    if (session.session->waiter().waitFor(kNsPerSecond, news) == Waiter::Outcome::Interrupted) {
      return fail(ErrorCode::Unavailable, fmt::format("Interrupted; {} goes on at its agent.", id));
    }
  }
}

Result<int> write(ChangeSession& session, control::SharedWrite item) {
  item.item.who = whoAmI();
  const auto done = session.session->ask<std::vector<SharedItem>>(
      [&](control::SharedDone answer) { session.session->cluster().share(item, std::move(answer)); });
  if (!done) return std::unexpected(done.error());
  return 0;
}

Result<int> start(const ExperimentOptions& options, const Globals& globals) {
  auto session = ChangeSession::open(globals);
  if (!session) return std::unexpected(session.error());
  const auto plan = planOf(options, **session, globals);
  if (!plan) return std::unexpected(plan.error());
  ExperimentState state;
  state.plan = *plan;
  control::SharedWrite item;
  item.item.key = control::experimentKey(*plan);
  item.item.value = control::encode(state);
  if (auto begun = write(**session, item); !begun) return begun;
  if (!globals.json) print(fmt::format("{} on {} processes\n", plan->id, plan->targets.size()));
  const auto there = [&] { return find(**session, plan->id).has_value(); };
  if ((*session)->session->waiter().waitFor(5 * kNsPerSecond, there) != Waiter::Outcome::Condition) {
    return fail(ErrorCode::Timeout, fmt::format("Its agent took {}, and tells nothing of it.", plan->id));
  }
  if (!options.detach) return follow(**session, plan->id, globals);
  if (globals.json) printJson(experimentJson(*find(**session, plan->id)));
  return 0;
}

Result<int> watch(const std::string& id, const Globals& globals) {
  auto session = ChangeSession::open(globals);
  if (!session) return std::unexpected(session.error());
  return follow(**session, id, globals);
}

Result<int> abort(const std::string& id, const std::string& comment, const Globals& globals) {
  auto session = ChangeSession::open(globals);
  if (!session) return std::unexpected(session.error());
  const auto state = find(**session, id);
  if (!state) return std::unexpected(state.error());
  if (state->phase == ExperimentPhase::Over) return 0;
  control::SharedWrite item;
  item.item.key = control::experimentKey(state->plan);
  item.item.value = comment;
  item.item.removed = true;
  return write(**session, item);
}

Result<int> report(const std::string& id, const std::string& out, const Globals& globals) {
  auto session = ChangeSession::open(globals);
  if (!session) return std::unexpected(session.error());
  const auto state = find(**session, id);
  if (!state) return std::unexpected(state.error());
  const std::string text = control::report(*state);
  if (globals.json) {
    Json json = experimentJson(*state);
    json["report"] = text;
    printJson(json);
  } else if (out.empty()) {
    print(text);
  }
  if (out.empty()) return 0;
  std::ofstream file(out, std::ios::trunc);
  if (!(file << text) || !file.flush()) return fail(ErrorCode::Io, fmt::format("{} cannot be written.", out));
  return 0;
}

Result<int> list(const Globals& globals) {
  auto session = ChangeSession::open(globals);
  if (!session) return std::unexpected(session.error());
  Json out = Json::array();
  std::vector<std::vector<std::string>> rows{{"experiment", "name", "phase", "outcome", "who"}};
  for (const ExperimentState& state : all(**session)) {
    out.push_back(experimentJson(state));
    rows.push_back({state.plan.id, state.plan.name, name(state.phase), state.outcome, state.plan.who});
  }
  globals.json ? printJson(Json{{"experiments", out}}) : print(table(rows));
  return 0;
}

void addStart(Program& program, CLI::App* under) {
  auto o = std::make_shared<ExperimentOptions>();
  CLI::App* verb = program.verb("start", "Waits for a steady state, sets the fault, and takes it back", under);
  verb->add_option("NAME=VALUE", o->change.assignments, "the fault")->required();
  verb->add_option("--name", o->name, "of the experiment")->required();
  verb->add_option("--hypothesis", o->hypothesis, "what should hold although the fault is there")->required();
  addEach(verb, "--refuted-by", o->refutes, "such as \"p99 tick.duration > 10 ms for 120 ticks\"; once for each")
      ->required();
  addEach(verb, "--abort", o->change.guards, "takes the fault back at once, in the same form; once for each")
      ->required();
  addDuration(verb, "--for", o->change.lease, "then the fault goes away by itself")->required();
  addEach(verb, "--process", o->change.processes, "target; once for each")->type_name("ID");
  addEach(verb, "--label", o->change.labels, "only processes with this label")->type_name("KEY=VALUE");
  verb->add_option("--most-processes", o->mostProcesses, "its blast radius");
  verb->add_option("--most-players", o->mostPlayers, "its blast radius");
  verb->add_option("--comment", o->change.comment, "why; required for dangerous parameters");
  verb->add_option("--confirm", o->change.confirm, "for dangerous parameters: names the processes and their players");
  verb->add_option("--id", o->change.id, "of the experiment, unique");
  verb->add_flag("--detach", o->detach, "do not follow it");
  program.onRun(verb, [o](const Globals& g) { return start(*o, g); });
}

}  // namespace

void addExperiment(Program& program) {
  CLI::App* under = program.verb("experiment", "A fault on purpose, and what it shows");
  under->require_subcommand(1);
  addStart(program, under);
  auto id = std::make_shared<std::string>();
  auto text = std::make_shared<std::string>();
  const auto verb = [&](const char* word, const char* help) {
    CLI::App* made = program.verb(word, help, under);
    made->add_option("EXPERIMENT", *id, "its id")->required();
    return made;
  };
  program.onRun(verb("watch", "Follows one to its outcome"), [id](const Globals& g) { return watch(*id, g); });
  CLI::App* aborting = verb("abort", "Takes the fault back at once");
  aborting->add_option("--comment", *text, "why, for the audit");
  program.onRun(aborting, [id, text](const Globals& g) { return abort(*id, *text, g); });
  CLI::App* reporting = verb("report", "What came of it, as Markdown");
  reporting->add_option("--out", *text, "file to write (default: standard output)");
  program.onRun(reporting, [id, text](const Globals& g) { return report(*id, *text, g); });
  program.onRun(program.verb("list", "All that the agents know of", under), [](const Globals& g) { return list(g); });
}

}  // namespace qd::cli
