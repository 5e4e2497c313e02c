// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "app/cli/confirm.h"
#include "app/cli/session.h"

namespace qd::cli {
namespace {

using namespace ingest;

struct Options {
  std::string name, process, comment, confirm;
  std::vector<std::string> arguments;
};

const ActionSpec* specOf(const ProcessInfo& process, const std::string& name) {
  const auto found = std::find_if(process.actions.begin(), process.actions.end(),
                                  [&](const ActionSpec& spec) { return spec.name == name; });
  return found == process.actions.end() ? nullptr : &*found;
}

// The named process, else the only one that offers the action.
Result<ProcessInfoPtr> target(const Session& session, const Options& options) {
  std::vector<ProcessInfoPtr> offering;
  for (const ProcessInfoPtr& p : session.directory().processes()) {
    const bool meant = options.process.empty() || p->id.value == options.process;
    if (meant && p->state != ProcessState::Gone && specOf(*p, options.name)) offering.push_back(p);
  }
  if (offering.size() == 1) return offering.front();
  if (offering.empty()) {
    return fail(ErrorCode::NotFound,
                fmt::format("{} offers no action {}; qdctl describe --json lists them.",
                            options.process.empty() ? "No process" : options.process, options.name));
  }
  return fail(ErrorCode::InvalidArgument,
              fmt::format("{} processes offer {}; name one with --process.", offering.size(), options.name));
}

Result<Fields> arguments(const ActionSpec& spec, const Options& options) {
  Fields out;
  for (const std::string& word : options.arguments) {
    const std::size_t at = word.find('=');
    const std::string name = word.substr(0, at);
    const auto found = std::find_if(spec.arguments.begin(), spec.arguments.end(),
                                    [&](const ParameterSpec& a) { return a.name == name; });
    if (at == std::string::npos || found == spec.arguments.end()) {
      return fail(ErrorCode::InvalidArgument,
                  fmt::format("{} takes no argument \"{}\"; write NAME=VALUE.", spec.name, word));
    }
    Result<Value> value = parseValue(found->type, word.substr(at + 1));
    if (!value) return fail(value.error().code, fmt::format("{}: {}", name, value.error().message));
    out.emplace_back(name, std::move(*value));
  }
  return out;
}

Result<int> run(const Options& options, const Globals& globals) {
  const Result<std::unique_ptr<Session>> session = Session::open(globals, {});
  if (!session) return std::unexpected(session.error());
  const Result<ProcessInfoPtr> process = target(**session, options);
  if (!process) return std::unexpected(process.error());
  Result<Fields> fields = arguments(*specOf(**process, options.name), options);
  if (!fields) return std::unexpected(fields.error());
  control::ActionOrder order;
  order.actionId = control::newPushId();
  order.target = (*process)->id;
  order.name = options.name;
  order.arguments = std::move(*fields);
  order.who = whoAmI();
  order.why = options.comment;
  if (specOf(**process, options.name)->risk == Risk::Dangerous) {
    if (options.comment.empty()) {
      return fail(ErrorCode::InvalidArgument, fmt::format("{} is dangerous: say why with --comment.", options.name));
    }
    const auto sure = confirm(options.name + " is dangerous", {order.target}, options.confirm, **session, globals);
    if (!sure) return std::unexpected(sure.error());
    order.confirmed = *sure;
  }
  const auto answer = (*session)->ask<ActionResult>(
      [&](control::ActionDone done) { (*session)->cluster().runAction(order, std::move(done)); });
  if (!answer) return std::unexpected(answer.error());
  if (globals.json) {
    printJson(Json{{"action", answer->actionId},
                   {"process", order.target.value},
                   {"name", options.name},
                   {"ok", answer->ok},
                   {"tick", answer->tick},
                   {"text", answer->text}});
  } else if (answer->ok) {
    print(fmt::format("{}: done at tick {}  {}\n", order.target.value, answer->tick, answer->text));
  }
  if (answer->ok) return 0;
  return fail(ErrorCode::InvalidArgument, fmt::format("Process {} refused {}: {}", order.target.value, options.name,
                                                      answer->text.empty() ? "it gave no reason" : answer->text));
}

}  // namespace

void addAction(Program& program) {
  CLI::App* under = program.verb("action", "What processes offer to do");
  under->require_subcommand(1);
  CLI::App* verb = program.verb("run", "Runs an action in one process", under);
  auto options = std::make_shared<Options>();
  verb->add_option("NAME", options->name, "of the action")->required();
  verb->add_option("ARGUMENT=VALUE", options->arguments, "its arguments");
  verb->add_option("--process", options->process, "where (default: the only one that offers it)")->type_name("ID");
  verb->add_option("--comment", options->comment, "why, for the audit; required for a dangerous one");
  verb->add_option("--confirm", options->confirm, "for a dangerous one: names the process and its players");
  program.onRun(verb, [options](const Globals& g) { return run(*options, g); });
}

}  // namespace qd::cli
