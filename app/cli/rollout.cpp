// SPDX-License-Identifier: Apache-2.0
// rollout start|watch|list|pause|continue|abort|keep|halt
#include <fmt/format.h>

#include "app/cli/change_options.h"

namespace qd::cli {
namespace {

using control::ChangeWord;
using ingest::ChangeState;

Result<int> start(const ChangeOptions& options, bool detach, const Globals& globals) {
  auto session = ChangeSession::open(globals);
  if (!session) return std::unexpected(session.error());
  auto plan = planFrom(options, **session);
  if (!plan) return std::unexpected(plan.error());
  if (auto sure = confirmPlan(*plan, options.confirm, **session, globals); !sure) {
    return std::unexpected(sure.error());
  }
  const auto begun = (*session)->session->ask<ChangeState>(
      [&](control::ChangeDone done) { (*session)->session->cluster().startChange(*plan, std::move(done)); });
  if (!begun) return std::unexpected(begun.error());
  if (!globals.json) print(fmt::format("{} to {} processes\n", plan->id, begun->targets.size()));
  if (detach) {
    if (globals.json) printJson(changeJson(*begun));
    return 0;
  }
  return follow(**session, plan->id, true, plan->holdTtl.ns > 0, globals);
}

Result<int> watch(const std::string& id, const Globals& globals) {
  auto session = ChangeSession::open(globals);
  if (!session) return std::unexpected(session.error());
  if (!(*session)->changes.change(id)) {
    return fail(ErrorCode::NotFound, fmt::format("There is no change {}; qdctl rollout list shows them.", id));
  }
  return follow(**session, id, true, false, globals);
}

Result<int> list(const Globals& globals) {
  auto session = ChangeSession::open(globals);
  if (!session) return std::unexpected(session.error());
  Json out = Json::array();
  std::vector<std::vector<std::string>> rows{{"change", "phase", "wave", "values", "who", "reason"}};
  for (const ChangeState& state : (*session)->changes.changes()) {
    out.push_back(changeJson(state));
    std::string values;
    for (const auto& value : state.plan.values) values += fmt::format("{}={} ", value.name, toText(value.value));
    rows.push_back({state.plan.id, state.verdict.empty() ? name(state.phase) : state.verdict,
                    std::to_string(state.wave + 1), values, state.plan.who, state.reason});
  }
  globals.json ? printJson(Json{{"changes", out}}) : print(table(rows));
  return 0;
}

Result<int> order(const std::string& id, ChangeWord word, const std::string& comment, const Globals& globals) {
  auto session = ChangeSession::open(globals);
  if (!session) return std::unexpected(session.error());
  const auto changed = (*session)->session->ask<std::vector<ChangeState>>([&](control::ChangesDone done) {
    (*session)->session->cluster().orderChange({id, word, whoAmI(), "", comment}, std::move(done));
  });
  if (!changed) return std::unexpected(changed.error());
  Json out = Json::array();
  for (const ChangeState& state : *changed) {
    out.push_back(changeJson(state));
    if (!globals.json) print(state.plan.id + "  " + changeText(state));
  }
  if (globals.json) printJson(Json{{"changes", out}});
  if (changed->empty() && !globals.json) print("No change is under way.\n");
  return 0;
}

void addOrder(Program& program, CLI::App* under, const char* verbName, const char* help, ChangeWord word) {
  CLI::App* verb = program.verb(verbName, help, under);
  auto id = std::make_shared<std::string>();
  auto comment = std::make_shared<std::string>();
  verb->add_option("CHANGE", *id, "its id")->required();
  verb->add_option("--comment", *comment, "why, for the audit");
  program.onRun(verb, [id, word, comment](const Globals& g) { return order(*id, word, *comment, g); });
}

}  // namespace

void addRollout(Program& program) {
  CLI::App* under = program.verb("rollout", "Takes values to many processes in waves, watched by guards");
  under->require_subcommand(1);
  CLI::App* begin = program.verb("start", "Begins, and follows it to its end (it goes on without this program)", under);
  const auto options = addChangeOptions(begin, true);
  auto detach = std::make_shared<bool>(false);
  begin->add_flag("--detach", *detach, "do not follow it");
  program.onRun(begin, [options, detach](const Globals& g) { return start(*options, *detach, g); });
  auto id = std::make_shared<std::string>();
  CLI::App* watching = program.verb("watch", "Follows one that is under way to its end", under);
  watching->add_option("CHANGE", *id, "its id")->required();
  program.onRun(watching, [id](const Globals& g) { return watch(*id, g); });
  program.onRun(program.verb("list", "All that the agents know of", under), [](const Globals& g) { return list(g); });
  addOrder(program, under, "pause", "No further wave; the guards go on", ChangeWord::Pause);
  addOrder(program, under, "continue", "After a pause, or past a hold for want of evidence", ChangeWord::GoOn);
  addOrder(program, under, "abort", "Back everywhere, where it is still ours", ChangeWord::Revert);
  addOrder(program, under, "keep", "Ends it and leaves what is applied", ChangeWord::Keep);
  CLI::App* halt = program.verb("halt", "Pauses every change at every agent", under);
  program.onRun(halt, [](const Globals& g) { return order("", ChangeWord::Pause, "halt", g); });
}

}  // namespace qd::cli
