// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "app/cli/session.h"

namespace qd::cli {
namespace {

using namespace ingest;

constexpr const char* kNoReplay = "The agent is no replay; start one with qdctl replay FILE --listen.";

Fields withDomain(Fields fields, const std::string& domain) {
  if (!domain.empty()) fields.emplace_back("domain", Value(domain));
  return fields;
}

Result<int> run(const std::string& name, const Fields& arguments, const Globals& globals) {
  const Result<std::unique_ptr<Session>> session = Session::open(globals, {});
  if (!session) return std::unexpected(session.error());
  const auto processes = (*session)->directory().processes();
  if (processes.empty()) return fail(ErrorCode::NotFound, "Nothing is recorded at this moment; it cannot be steered.");
  control::ActionOrder order;
  order.actionId = control::newPushId();
  order.target = processes.front()->id;
  order.name = "replay." + name;
  order.arguments = arguments;
  order.who = whoAmI();
  const auto answer = (*session)->ask<ActionResult>(
      [&](control::ActionDone done) { (*session)->cluster().runAction(order, std::move(done)); });
  if (!answer && answer.error().code == ErrorCode::NotFound &&
      answer.error().message.find(order.name) != std::string::npos) {
    return fail(ErrorCode::Unsupported, kNoReplay);
  }
  if (!answer) return std::unexpected(answer.error());
  const Json where = Json::parse(answer->text, nullptr, false);
  if (!answer->ok || !where.is_object()) {
    return fail(ErrorCode::Unsupported, kNoReplay);
  }
  if (globals.json) {
    printJson(where);
    return 0;
  }
  std::string line = fmt::format("{}  speed {}{}", utcText(where["at"].get<TimeNs>()), where["speed"].get<double>(),
                                 where["paused"].get<bool>() ? ", paused" : "");
  if (where["tick"].is_number()) {
    line += fmt::format(", tick {} of {}", where["tick"].get<Tick>(), where.value("domain", "the server"));
  }
  if (where["loop"].is_array()) {
    line += fmt::format(", repeats {} to {}", utcText(where["loop"][0].get<TimeNs>()),
                        utcText(where["loop"][1].get<TimeNs>()));
  }
  for (const Json& b : where["bookmarks"]) {
    line += fmt::format("\n  {}  {}", utcText(b["time"].get<TimeNs>()), b["text"].get<std::string>());
  }
  print(line + "\n");
  return 0;
}

}  // namespace

void addReplayControl(Program& program) {
  CLI::App* under = program.verb("replay-control", "Steers a replay that qdctl replay serves");
  under->require_subcommand(1);
  const auto add = [&](const std::string& name, const std::string& help, const std::vector<std::string>& takes) {
    CLI::App* verb = program.verb(name, help, under);
    auto given = std::make_shared<std::vector<std::string>>(takes.size());
    for (std::size_t i = 0; i < takes.size(); ++i) verb->add_option(takes[i], (*given)[i])->required();
    return std::pair(verb, given);
  };
  const auto domain = std::make_shared<std::string>();
  const auto takesDomain = [&](CLI::App* verb) {
    verb->add_option("--domain", *domain, "whose ticks are meant (default: the only server)")->type_name("ID");
  };
  const auto plain = [&](const std::string& name, const std::string& help) {
    CLI::App* verb = add(name, help, {}).first;
    program.onRun(verb, [name](const Globals& g) { return run(name, {}, g); });
  };
  const auto texts = [&](const std::string& name, const std::string& help, const std::vector<std::string>& keys,
                         const std::vector<std::string>& takes) {
    const auto [verb, given] = add(name, help, takes);
    program.onRun(verb, [name, keys, given = given, domain](const Globals& g) {
      Fields fields;
      for (std::size_t i = 0; i < keys.size(); ++i) fields.emplace_back(keys[i], Value((*given)[i]));
      return run(name, withDomain(std::move(fields), *domain), g);
    });
    return verb;
  };
  plain("where", "Where it is, how fast it runs, its bookmarks");
  plain("pause", "Time stands still");
  plain("play", "Time goes on");
  plain("unloop", "Ends repeating");
  takesDomain(texts("seek", "Goes to a moment (UTC time, +10s, -30s, #tick, @bookmark)", {"to"}, {"WHEN"}));
  takesDomain(texts("loop", "Repeats a stretch", {"from", "to"}, {"FROM", "TO"}));
  texts("bookmark", "Sets a bookmark here", {"text"}, {"TEXT"});
  auto x = std::make_shared<double>(1);
  CLI::App* speed = program.verb("speed", "How fast time runs, 0.05 to 100", under);
  speed->add_option("X", *x)->required()->check(CLI::Range(0.05, 100.0));
  program.onRun(speed, [x](const Globals& g) { return run("speed", {{"x", Value(*x)}}, g); });
  auto ticks = std::make_shared<std::int64_t>(1);
  CLI::App* step = program.verb("step", "Some ticks on, or back, and pauses", under);
  step->add_option("TICKS", *ticks, "negative: back")->required();
  takesDomain(step);
  program.onRun(step, [ticks, domain](const Globals& g) {
    return run("step", withDomain({{"ticks", Value(*ticks)}}, *domain), g);
  });
}

}  // namespace qd::cli
