// SPDX-License-Identifier: Apache-2.0
#include "app/cli/change_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <map>

#include "app/cli/confirm.h"
#include "core/control/guard_text.h"
#include "core/ingest/describe.h"

namespace qd::cli {
namespace {

using namespace ingest;

std::unexpected<Error> bad(std::string sentence) {
  return fail(ErrorCode::InvalidArgument, std::move(sentence));
}

Result<std::pair<std::string, std::string>> split(const std::string& word, std::string_view form) {
  const std::size_t at = word.find('=');
  if (at == std::string::npos || at == 0) return bad(fmt::format("\"{}\" is not {}.", word, form));
  return std::pair(word.substr(0, at), word.substr(at + 1));
}

const ParameterSpec* specOf(const ProcessInfo& process, const std::string& name) {
  const auto found = std::find_if(process.parameters.begin(), process.parameters.end(),
                                  [&](const ParameterSpec& spec) { return spec.name == name; });
  return found == process.parameters.end() ? nullptr : &*found;
}

// 14:30, 14:30:05 (today, or tomorrow where that is past), 2026-11-27T14:30:05Z, or +90s from now.
Result<TimeNs> readTime(const std::string& text) {
  if (text.starts_with('+')) {
    const auto after = parseDuration(text.substr(1));
    if (!after) return std::unexpected(after.error());
    return utcNowNs() + after->ns;
  }
  const std::time_t now = utcNowNs() / kNsPerSecond;
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  const char* rest = nullptr;
  if (text.size() > 8 && text[4] == '-') {
    parts = {};
    rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    if (rest != nullptr && *rest == 'Z') ++rest;
  } else {
    parts.tm_sec = 0;
    rest = ::strptime(text.c_str(), text.size() > 5 ? "%H:%M:%S" : "%H:%M", &parts);
  }
  if (rest == nullptr || *rest != '\0') {
    return bad(fmt::format("\"{}\" is no time; write 14:30, 2026-11-27T14:30:05Z (both UTC) or +90s.", text));
  }
  std::time_t at = ::timegm(&parts);
  if (at < now && text[2] == ':') at += 24 * 3600;
  if (at < now) return bad(fmt::format("{} is past.", text));
  return at * kNsPerSecond;
}

Result<std::vector<ProcessInfoPtr>> targetsOf(const ChangeOptions& options, const ChangeSession& session) {
  std::vector<ProcessInfoPtr> out;
  const auto& directory = session.session->directory();
  for (const std::string& id : options.processes) {
    const ProcessInfoPtr process = directory.process(ProcessId(id));
    if (!process || process->state == ProcessState::Gone) {
      return fail(ErrorCode::NotFound, fmt::format("There is no process {}; qdctl describe lists them.", id));
    }
    out.push_back(process);
  }
  if (!out.empty()) return out;
  std::vector<std::pair<std::string, std::string>> labels;
  for (const std::string& word : options.labels) {
    auto label = split(word, "a label; write --label KEY=VALUE");
    if (!label) return std::unexpected(label.error());
    labels.push_back(std::move(*label));
  }
  for (const ProcessInfoPtr& process : directory.processes()) {
    if (process->state == ProcessState::Gone) continue;
    const bool labelled = std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
      return std::find(process->labels.begin(), process->labels.end(), label) != process->labels.end();
    });
    const bool all = std::all_of(options.assignments.begin(), options.assignments.end(), [&](const std::string& word) {
      return specOf(*process, word.substr(0, word.find('='))) != nullptr;
    });
    if (labelled && all) out.push_back(process);
  }
  if (!out.empty()) return out;
  return fail(ErrorCode::NotFound,
              "No process has all these parameters and labels; qdctl params list shows what there is.");
}

Result<> readValues(const ChangeOptions& options, const std::vector<ProcessInfoPtr>& targets, ChangePlan& plan) {
  std::map<std::string, std::uint64_t> versions;
  for (const std::string& word : options.expects) {
    const auto parts = split(word, "an expected version; write --expect NAME=VERSION");
    if (!parts) return std::unexpected(parts.error());
    const auto version = parseValue(ValueType::Int, parts->second);
    if (!version) return bad(fmt::format("The version in \"{}\" is no whole number.", word));
    versions[parts->first] = static_cast<std::uint64_t>(std::get<std::int64_t>(*version));
  }
  for (const std::string& word : options.assignments) {
    const auto parts = split(word, "an assignment; write NAME=VALUE");
    if (!parts) return std::unexpected(parts.error());
    const ParameterSpec* spec = specOf(*targets.front(), parts->first);
    if (spec == nullptr) {
      return fail(ErrorCode::NotFound, fmt::format("{} has no parameter {}.", targets.front()->id.value, parts->first));
    }
    auto value = parseValue(spec->type, parts->second);
    if (!value) return fail(value.error().code, fmt::format("{}: {}", parts->first, value.error().message));
    for (const ProcessInfoPtr& target : targets) {
      const ParameterSpec* theirs = specOf(*target, parts->first);
      if (theirs == nullptr) {
        return fail(ErrorCode::NotFound, fmt::format("{} has no parameter {}.", target->id.value, parts->first));
      }
      if (auto ok = params::ParamBook::validate(*theirs, *value); !ok) return ok;
    }
    plan.values.push_back({parts->first, std::move(*value), std::nullopt});
    if (versions.contains(parts->first)) plan.values.back().expectedVersion = versions[parts->first];
  }
  return {};
}

}  // namespace

Result<Guard> readGuard(const std::string& text, const std::vector<ProcessInfoPtr>& targets) {
  auto guard = control::parseGuard(text);
  if (!guard) return std::unexpected(guard.error());
  for (const ProcessInfoPtr& target : targets) {
    const auto series = std::find_if(target->series.begin(), target->series.end(),
                                     [&](const SeriesInfo& s) { return s.name == guard->guard.series && !s.derived; });
    if (series == target->series.end()) {
      return fail(ErrorCode::NotFound, fmt::format("{} emits no series {}, so nothing would guard it.",
                                                   target->id.value, guard->guard.series));
    }
    if (!guard->unit.empty() && guard->unit != series->unit) {
      return bad(fmt::format("{} is in {}, not in {}.", series->name, series->unit, guard->unit));
    }
  }
  return guard->guard;
}

Result<std::string> confirmed(const ToConfirm& order, const params::ParamBook& book, const Session& session,
                              const Globals& globals) {
  std::string dangerous;
  for (const ProcessId& target : order.targets) {
    for (const std::string& name : order.names) {
      const auto spec = book.spec(target, name);
      if (spec && spec->risk == Risk::Dangerous) dangerous = name;
    }
  }
  if (dangerous.empty()) return std::string();
  if (order.comment.empty()) return bad(fmt::format("{} is dangerous: say why with --comment.", dangerous));
  return confirm(dangerous + " is dangerous", order.targets, order.given, session, globals);
}

Result<> confirmPlan(ChangePlan& plan, const std::string& given, const ChangeSession& session, const Globals& globals) {
  ToConfirm order{plan.targets, {}, plan.comment, given};
  for (const ChangeValue& value : plan.values) order.names.push_back(value.name);
  auto text = confirmed(order, session.book, *session.session, globals);
  if (!text) return std::unexpected(text.error());
  plan.confirmed = std::move(*text);
  return {};
}

std::shared_ptr<ChangeOptions> addChangeOptions(CLI::App* verb, bool rollout) {
  auto o = std::make_shared<ChangeOptions>();
  verb->add_option("NAME=VALUE", o->assignments, "values to push")->required();
  addEach(verb, "--process", o->processes, "target; once for each (default: every process that has them)")
      ->type_name("ID");
  addEach(verb, "--label", o->labels, "only processes with this label, also those that come later")
      ->type_name("KEY=VALUE");
  addEach(verb, "--expect", o->expects, "rejected unless NAME still has this VERSION")->type_name("NAME=VERSION");
  verb->add_option("--comment", o->comment, "why; required for dangerous parameters");
  verb->add_option("--confirm", o->confirm, "for dangerous parameters: names the processes and their players");
  verb->add_option("--id", o->id, "of the change, unique; repeating it is harmless");
  verb->add_option("--at-tick", o->atTick, "begin at this tick of each process");
  verb->add_option("--at", o->at, "begin at this time: 14:30 or 2026-11-27T14:30:05Z (UTC), or +90s");
  verb->add_option("--ramp", o->ramp, "get there by linear:10s, smooth:1m or steps:5:1m");
  addDuration(verb, "--for", o->lease, "back after this long");
  addDuration(verb, "--hold", o->hold, "this program must stay: it counts as vanished when silent for this long");
  verb->add_option("--on-vanish", o->onVanish, "when it vanishes: go-on or revert")
      ->check(CLI::IsMember({"go-on", "revert"}));
  if (!rollout) return o;
  addEach(verb, "--wave", o->waves, "1:30s (one process, soak 30 s), 10%:1m, 100%; once for each, in their order");
  addEach(verb, "--guard", o->guards, "such as \"p99 tick.duration > 16 ms for 120 ticks\"; once for each");
  verb->add_option("--canary-players", o->canaryPlayers, "the first wave takes servers with at least so many players");
  return o;
}

Result<std::unique_ptr<ChangeSession>> ChangeSession::open(const Globals& globals, Duration backfill) {
  auto out = std::make_unique<ChangeSession>();
  SessionOptions options;
  options.backfill = backfill;
  options.sinks = {&out->book, &out->changes};
  auto session = Session::open(globals, std::move(options));
  if (!session) return std::unexpected(session.error());
  out->session = std::move(*session);
  return out;
}

Result<ChangePlan> planFrom(const ChangeOptions& options, const ChangeSession& session) {
  const auto targets = targetsOf(options, session);
  if (!targets) return std::unexpected(targets.error());
  ChangePlan plan;
  plan.id = options.id.empty() ? "change-" + control::newPushId().substr(5) : options.id;
  plan.who = whoAmI();
  plan.comment = options.comment;
  for (const ProcessInfoPtr& target : *targets) plan.targets.push_back(target->id);
  if (options.processes.empty()) {
    for (const std::string& word : options.labels) plan.selector.push_back(*split(word, "a label"));
  }
  if (auto read = readValues(options, *targets, plan); !read) return std::unexpected(read.error());
  for (const std::string& text : options.guards) {
    auto guard = readGuard(text, *targets);
    if (!guard) return std::unexpected(guard.error());
    plan.guards.push_back(*guard);
  }
  for (const std::string& text : options.waves) {
    auto wave = control::parseWave(text);
    if (!wave) return std::unexpected(wave.error());
    plan.waves.push_back(*wave);
  }
  if (!options.ramp.empty()) {
    if (auto read = control::parseRamp(options.ramp, plan); !read) return std::unexpected(read.error());
  }
  if (!options.at.empty()) {
    auto at = readTime(options.at);
    if (!at) return std::unexpected(at.error());
    plan.atTime = *at;
  }
  plan.atTick = options.atTick;
  plan.lease = options.lease;
  plan.holdTtl = options.hold;
  plan.onVanish = options.onVanish == "revert" ? OnVanish::Revert : OnVanish::GoOn;
  plan.canaryPlayers = options.canaryPlayers;
  return plan;
}

Json changeJson(const ChangeState& state) {
  Json targets = Json::array(), readings = Json::array();
  for (const ChangeTarget& t : state.targets) {
    targets.push_back({{"process", t.process.value},
                       {"state", name(t.state)},
                       {"wave", t.wave},
                       {"tick", t.tick},
                       {"push", t.pushId},
                       {"reason", t.reason}});
  }
  for (const GuardReading& r : state.readings) {
    readings.push_back({{"guard", r.guard < state.plan.guards.size() ? describe(state.plan.guards[r.guard]) : ""},
                        {"process", r.process.value},
                        {"state", name(r.state)},
                        {"value", r.value},
                        {"reference", r.reference},
                        {"samples", r.samples},
                        {"reason", r.reason}});
  }
  return {{"change", state.plan.id}, {"phase", name(state.phase)},      {"wave", state.wave},
          {"reason", state.reason},  {"verdict", state.verdict},        {"since", state.since},
          {"until", state.until},    {"breach_tick", state.breachTick}, {"revert_tick", state.revertTick},
          {"who", state.plan.who},   {"comment", state.plan.comment},   {"targets", targets},
          {"readings", readings}};
}

std::string changeText(const ChangeState& state) {
  std::size_t there = 0;
  for (const ChangeTarget& t : state.targets) there += t.state == TargetState::Applied ? 1 : 0;
  std::string out =
      fmt::format("{}  {:<9} wave {}/{}  {}/{} applied", utcText(state.since), name(state.phase), state.wave + 1,
                  std::max<std::size_t>(state.plan.waves.size(), 1), there, state.targets.size());
  if (!state.verdict.empty()) out += "  " + state.verdict;
  if (!state.reason.empty()) out += "  " + state.reason;
  return out + "\n";
}

Result<int> follow(ChangeSession& session, const std::string& id, bool toTheEnd, bool hold, const Globals& globals) {
  ChangeState last;
  std::int64_t held = monotonicNs();
  while (true) {
    const auto news = [&] {
      const auto now = session.changes.change(id);
      return now && (now->revision != last.revision || now->phase != last.phase);
    };
    const auto outcome = session.session->waiter().waitFor(kNsPerSecond, news);
    if (outcome == Waiter::Outcome::Interrupted) {
      return fail(ErrorCode::Unavailable, fmt::format("Interrupted; {} goes on at its agent.", id));
    }
    if (hold && monotonicNs() - held > kNsPerSecond / 2) {
      held = monotonicNs();
      session.session->cluster().orderChange({id, control::ChangeWord::Hold, whoAmI(), "", ""}, [](const auto&) {});
    }
    const auto now = session.changes.change(id);
    if (!now || !news()) continue;
    const bool turned = now->phase != last.phase || now->reason != last.reason || now->wave != last.wave;
    last = *now;
    if (turned && !globals.json) print(changeText(last));
    const bool done = isOver(last.phase) || (!toTheEnd && last.phase == ChangePhase::Leased);
    if (!done) continue;
    if (globals.json) printJson(changeJson(last));
    if (last.phase == ChangePhase::Done || last.phase == ChangePhase::Leased) {
      for (const ChangeTarget& t : last.targets) {
        if (t.state != TargetState::Rejected && t.state != TargetState::Unknown) continue;
        return fail(ErrorCode::InvalidArgument,
                    fmt::format("Process {} {} it: {}", t.process.value, name(t.state), t.reason));
      }
      return 0;
    }
    // A lease that ran out is what was asked for.
    if (last.phase == ChangePhase::Reverted && last.plan.lease.ns > 0 && last.reason == "its time is over") return 0;
    return fail(ErrorCode::Conflict, fmt::format("Change {} is {}: {}", id,
                                                 last.verdict.empty() ? name(last.phase) : last.verdict, last.reason));
  }
}

}  // namespace qd::cli
