// SPDX-License-Identifier: Apache-2.0
// params plan|push|revert|history|drift: what `set` does, with a look before, a time, a way back, and a memory.
#include <fmt/format.h>

#include <algorithm>

#include "app/cli/change_options.h"
#include "app/cli/settled_push.h"
#include "core/ingest/describe.h"

namespace qd::cli {
namespace {

using namespace ingest;

constexpr Duration kHistory{1800 * kNsPerSecond};

// What would change where, and what that touches.
Result<int> plan(const ChangeOptions& options, const Globals& globals) {
  auto session = ChangeSession::open(globals);
  if (!session) return std::unexpected(session.error());
  const auto made = planFrom(options, **session);
  if (!made) return std::unexpected(made.error());
  constexpr const char* kRisks[] = {"safe", "guarded", "dangerous"};
  constexpr const char* kEffects[] = {"next_tick", "next_match", "restart"};
  Json list = Json::array();
  std::vector<std::vector<std::string>> rows{{"process", "parameter", "live", "planned", "risk", "takes effect"}};
  for (const ProcessId& target : made->targets) {
    for (const ChangeValue& value : made->values) {
      const auto spec = (*session)->book.spec(target, value.name);
      const auto live = (*session)->book.value(target, value.name);
      if (!spec || (live && live->value == value.value)) continue;
      const Value now = live ? live->value : spec->defaultValue;
      list.push_back({{"process", target.value},
                      {"name", value.name},
                      {"live", toJson(now)},
                      {"planned", toJson(value.value)},
                      {"version", live ? live->version : 0},
                      {"risk", kRisks[static_cast<int>(spec->risk)]},
                      {"effect", kEffects[static_cast<int>(spec->effect)]}});
      rows.push_back({target.value, value.name, qd::toText(now), qd::toText(value.value),
                      kRisks[static_cast<int>(spec->risk)], kEffects[static_cast<int>(spec->effect)]});
    }
  }
  if (globals.json) {
    printJson(Json{{"changes", list}, {"processes", made->targets.size()}});
  } else {
    print(list.empty() ? "Nothing would change.\n" : table(rows));
  }
  return 0;
}

Result<int> push(const ChangeOptions& options, bool wait, const Globals& globals) {
  auto session = ChangeSession::open(globals);
  if (!session) return std::unexpected(session.error());
  auto made = planFrom(options, **session);
  if (!made) return std::unexpected(made.error());
  if (auto sure = confirmPlan(*made, options.confirm, **session, globals); !sure) {
    return std::unexpected(sure.error());
  }
  const auto begun = (*session)->session->ask<ChangeState>(
      [&](control::ChangeDone done) { (*session)->session->cluster().startChange(*made, std::move(done)); });
  if (!begun) return std::unexpected(begun.error());
  return follow(**session, made->id, wait, made->holdTtl.ns > 0, globals);
}

Result<int> revertChange(ChangeSession& session, const std::string& id, const Globals& globals) {
  const auto done = session.session->ask<std::vector<ChangeState>>([&](control::ChangesDone answer) {
    session.session->cluster().orderChange({id, control::ChangeWord::Revert, whoAmI(), "", ""}, std::move(answer));
  });
  if (!done) return std::unexpected(done.error());
  const auto back = [&] {
    const auto now = session.changes.change(id);
    return now && isOver(now->phase) && now->phase != ChangePhase::Done;
  };
  if (session.session->waiter().waitFor(20 * kNsPerSecond, back) != Waiter::Outcome::Condition) {
    return fail(ErrorCode::Timeout, fmt::format("{} is not back yet; qdctl rollout watch {} follows it.", id, id));
  }
  const auto now = *session.changes.change(id);
  globals.json ? printJson(changeJson(now)) : print(changeText(now));
  return now.phase == ChangePhase::Reverted || now.phase == ChangePhase::Failed ? 0 : 1;
}

// A push of before: back where its version still stands. What its agents remember needs no confirmation to go back.
Result<int> revert(const std::string& id, const std::string& sure, const Globals& globals) {
  auto session = ChangeSession::open(globals, kHistory);
  if (!session) return std::unexpected(session.error());
  if ((*session)->changes.change(id)) return revertChange(**session, id, globals);
  const auto orders = (*session)->book.revertOf(id, whoAmI());
  if (!orders) return std::unexpected(orders.error());
  Json list = Json::array();
  std::size_t bad = 0;
  for (control::PushOrder order : *orders) {
    order.confirmed = sure;
    const auto answer = pushAndSettle(*(*session)->session, order);
    if (!answer) return std::unexpected(answer.error());
    for (const PushResult& result : *answer) {
      if (!globals.json) print(describe(result) + "\n");
      list.push_back({{"process", result.process.id.value}, {"tick", result.tick}, {"text", describe(result)}});
      bad += result.status != PushStatus::Applied ? 1 : 0;
    }
  }
  if (globals.json) printJson(Json{{"reverted", id}, {"results", list}});
  if (list.empty() && !globals.json) print("Nothing of it stands any more: nothing was done.\n");
  if (bad == 0) return 0;
  return fail(ErrorCode::Conflict, fmt::format("{} processes did not take the old values back.", bad));
}

Result<int> history(const std::vector<std::string>& processes, const std::string& only, const Globals& globals) {
  auto session = ChangeSession::open(globals, kHistory);
  if (!session) return std::unexpected(session.error());
  Json list = Json::array();
  std::vector<std::vector<std::string>> rows{{"time", "push", "process", "what", "who", "why"}};
  constexpr const char* kStatus[] = {"pending", "applied", "rejected", "unknown"};
  for (const params::PushRecord& record : (*session)->book.pushes()) {
    for (const PushResult& result : record.results) {
      const auto& id = result.process.id.value;
      if (!processes.empty() && std::find(processes.begin(), processes.end(), id) == processes.end()) continue;
      const bool named = only.empty() || std::any_of(result.parameters.begin(), result.parameters.end(),
                                                     [&](const auto& p) { return p.name == only; });
      if (!named) continue;
      Json parameters = Json::array();
      for (const auto& p : result.parameters) {
        parameters.push_back(
            {{"name", p.name}, {"old", toJson(p.oldValue)}, {"new", toJson(p.newValue)}, {"version", p.version}});
      }
      list.push_back({{"push", record.pushId},
                      {"time", record.time},
                      {"process", id},
                      {"status", kStatus[static_cast<int>(result.status)]},
                      {"tick", result.tick},
                      {"parameters", parameters},
                      {"who", record.who},
                      {"comment", record.comment},
                      {"reason", result.reason}});
      rows.push_back({utcText(record.time), record.pushId, id, describe(result), record.who, record.comment});
    }
  }
  globals.json ? printJson(Json{{"pushes", list}}) : print(table(rows));
  return 0;
}

struct Drifted {
  ProcessId process;
  ParameterValue value;
};

std::vector<Drifted> drifted(const ChangeSession& session) {
  std::vector<Drifted> out;
  for (const ProcessInfoPtr& process : session.session->directory().processes()) {
    if (process->state == ProcessState::Gone) continue;
    for (const ParameterSpec& spec : process->parameters) {
      const auto value = session.book.value(process->id, spec.name);
      if (value && value->desired && *value->desired != value->value) out.push_back({process->id, *value});
    }
  }
  return out;
}

Result<int> pushDesired(ChangeSession& session, const std::vector<Drifted>& list, const std::string& sure) {
  for (const Drifted& d : list) {
    control::PushOrder order;
    order.pushId = control::newPushId();
    order.targets = {d.process};
    order.assignments = {{d.value.name, *d.value.desired, d.value.version}};
    order.who = whoAmI();
    order.comment = "drift: back to what is wanted";
    order.confirmed = sure;
    const auto answer = pushAndSettle(*session.session, order);
    if (!answer) return std::unexpected(answer.error());
    for (const PushResult& result : *answer) {
      if (result.status == PushStatus::Applied) continue;
      return fail(ErrorCode::Conflict, describe(result));
    }
  }
  return 0;
}

Result<int> adopt(ChangeSession& session, const std::vector<Drifted>& list) {
  for (const Drifted& d : list) {
    const auto answer = session.session->ask<ParameterChange>([&](control::AdoptDone done) {
      session.session->cluster().adopt({d.process, {d.value.name}, whoAmI(), "", "drift accepted"}, std::move(done));
    });
    if (!answer) return std::unexpected(answer.error());
  }
  return 0;
}

Result<int> drift(bool accept, bool restore, const std::string& sure, const Globals& globals) {
  auto session = ChangeSession::open(globals);
  if (!session) return std::unexpected(session.error());
  const auto list = drifted(**session);
  Json out = Json::array();
  std::vector<std::vector<std::string>> rows{{"process", "parameter", "live", "wanted", "pushed by", "changed by"}};
  for (const Drifted& d : list) {
    const std::string by = d.value.pushId.empty() ? "the process" : d.value.who;
    out.push_back({{"process", d.process.value},
                   {"name", d.value.name},
                   {"live", toJson(d.value.value)},
                   {"wanted", toJson(*d.value.desired)},
                   {"version", d.value.version},
                   {"push", d.value.desiredPush},
                   {"who", d.value.desiredWho},
                   {"changed_by", by}});
    rows.push_back({d.process.value, d.value.name, qd::toText(d.value.value), qd::toText(*d.value.desired),
                    d.value.desiredWho, by});
  }
  globals.json ? printJson(Json{{"drift", out}}) : print(list.empty() ? "Nothing has drifted.\n" : table(rows));
  if (accept) return adopt(**session, list);
  if (restore) return pushDesired(**session, list, sure);
  return 0;
}

}  // namespace

void addParamChanges(Program& program, CLI::App* params) {
  CLI::App* look = program.verb("plan", "What a push would change, without doing it", params);
  const auto planned = addChangeOptions(look, false);
  program.onRun(look, [planned](const Globals& g) { return plan(*planned, g); });
  CLI::App* go = program.verb("push", "Pushes at a time, along a ramp, for a while", params);
  const auto pushed = addChangeOptions(go, false);
  auto wait = std::make_shared<bool>(false);
  go->add_flag("--wait", *wait, "with --for: wait until it is back");
  program.onRun(go, [pushed, wait](const Globals& g) { return push(*pushed, *wait, g); });
  auto id = std::make_shared<std::string>();
  CLI::App* back = program.verb("revert", "Puts back what a push or a change did, where it still stands", params);
  auto sure = std::make_shared<std::string>();
  const char* const confirms = "for dangerous values that the agent does not know any more: names what they touch";
  back->add_option("PUSH", *id, "id of the push or the change")->required();
  back->add_option("--confirm", *sure, confirms);
  program.onRun(back, [id, sure](const Globals& g) { return revert(*id, *sure, g); });
  auto processes = std::make_shared<std::vector<std::string>>();
  auto only = std::make_shared<std::string>();
  CLI::App* past = program.verb("history", "The pushes of the last 30 minutes", params);
  past->add_option("NAME", *only, "only of this parameter");
  addEach(past, "--process", *processes, "only of this process; once for each");
  program.onRun(past, [processes, only](const Globals& g) { return history(*processes, *only, g); });
  CLI::App* drifting = program.verb("drift", "Live values that differ from the last acknowledged push", params);
  auto accept = std::make_shared<bool>(false), restore = std::make_shared<bool>(false);
  auto* a = drifting->add_flag("--adopt", *accept, "the live values are wanted from now on");
  drifting->add_flag("--restore", *restore, "push what is wanted again")->excludes(a);
  drifting->add_option("--confirm", *sure, confirms);
  program.onRun(drifting, [=](const Globals& g) { return drift(*accept, *restore, *sure, g); });
}

}  // namespace qd::cli
