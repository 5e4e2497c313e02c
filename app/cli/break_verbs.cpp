// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "app/cli/break_wait.h"
#include "app/cli/breaks.h"
#include "app/cli/session.h"

namespace qd::cli {
namespace {

using namespace ingest;
using Order = std::function<void(Session&, control::DebugDone)>;

struct SetOptions {
  std::string place, condition, log, group, when, afterHit, confirm;
  std::vector<std::string> processes;
  std::uint64_t after = 0;
  bool capture = false;
  Duration expires;
};

Result<std::string> order(Session& session, const Order& send) {
  return session.ask<std::string>([&](control::DebugDone done) { send(session, std::move(done)); });
}

// Sends one order and prints the id that comes back under `key`.
Result<int> simple(const Globals& globals, const char* key, const Order& send) {
  const Result<std::unique_ptr<Session>> session = Session::open(globals, {});
  if (!session) return std::unexpected(session.error());
  const Result<std::string> id = order(**session, send);
  if (!id) return std::unexpected(id.error());
  globals.json ? printJson(Json{{"ok", true}, {key, *id}})
               : print(id->empty() ? "done\n" : fmt::format("{} {}\n", key, *id));
  return 0;
}

Breakpoint wanted(const SetOptions& options) {
  Breakpoint b;
  b.site = options.place;
  constexpr std::string_view kFunction = "function:", kTick = "tick:";
  const std::size_t colon = options.place.rfind(':');
  if (colon != std::string::npos && colon > 0) {
    const char* end = options.place.data() + options.place.size();
    std::int32_t line = 0;
    const auto [stop, error] = std::from_chars(options.place.data() + colon + 1, end, line);
    if (error == std::errc{} && stop == end && line > 0) {
      b.kind = BreakpointKind::Source;
      b.site = options.place.substr(0, colon);
      b.line = line;
    }
  }
  if (options.place.starts_with(kFunction)) {
    b.kind = BreakpointKind::Function;
    b.site = options.place.substr(kFunction.size());
    b.line = 0;
  } else if (options.place == "exception") {
    b.kind = BreakpointKind::Exception;
  } else if (options.place == "metric") {
    b.kind = BreakpointKind::Metric;
    b.site = options.when;
  } else if (options.place.starts_with(kTick) && b.kind == BreakpointKind::Source) {
    b.kind = BreakpointKind::Tick;
    b.tick = std::exchange(b.line, 0);
    b.site.clear();
  }
  b.armWhen = options.when;
  b.afterHitOf = options.afterHit;
  b.group = options.group;
  b.condition = options.condition;
  b.after = options.after;
  b.logText = options.log;
  b.capture = options.capture;
  if (options.expires.ns > 0) b.expires = utcNowNs() + options.expires.ns;
  return b;
}

std::optional<Breakpoint> find(const Session& session, const std::string& id) {
  for (const Breakpoint& b : session.registry().breakpoints()) {
    if (b.id == id) return b;
  }
  return std::nullopt;
}

const BreakpointMember* rejecting(const Breakpoint& b) {
  const auto found = std::find_if(b.members.begin(), b.members.end(),
                                  [](const BreakpointMember& m) { return m.ack == MemberAck::Rejected; });
  return found == b.members.end() ? nullptr : &*found;
}

// Of one that is not armed: what it waits for, where it was moved to.
std::string stateOf(const std::optional<Breakpoint>& made) {
  if (!made) return "not armed yet";
  for (const BreakpointMember& m : made->members) {
    if (!m.reason.empty()) return fmt::format("not armed: {}", m.reason);
  }
  return "not armed yet";
}

Result<int> set(const SetOptions& options, const Globals& globals) {
  const Result<std::unique_ptr<Session>> opened = Session::open(globals, {});
  if (!opened) return std::unexpected(opened.error());
  Session& session = **opened;
  control::BreakpointOrder wish{wanted(options), {}, options.confirm};
  for (const std::string& id : options.processes) wish.members.push_back(ProcessId(id));
  const Result<std::string> id =
      order(session, [&](Session& s, control::DebugDone done) { s.cluster().setBreakpoint(wish, std::move(done)); });
  if (!id) return std::unexpected(id.error());
  // Every process has its say; one that does not answer within 3 s is shown as it stands.
  std::optional<Breakpoint> made;
  (void)session.waiter().waitFor(3 * kNsPerSecond, [&] {
    made = find(session, *id);
    return made && (made->armed || made->waiting || rejecting(*made) != nullptr);
  });
  if (!made) made = find(session, *id);
  if (made && rejecting(*made) != nullptr) {
    const BreakpointMember member = *rejecting(*made);
    (void)order(session,
                [&](Session& s, control::DebugDone done) { s.cluster().removeBreakpoint(*id, std::move(done)); });
    return fail(ErrorCode::InvalidArgument,
                fmt::format("Process {} rejected the breakpoint at {}, so it is not set: {}", member.process.value,
                            options.place, member.reason));
  }
  const bool armed = made && made->armed;
  if (globals.json) {
    printJson(Json{{"id", *id}, {"armed", armed}, {"breakpoint", made ? breakpointJson(*made) : Json()}});
  } else {
    print(fmt::format("{} at {}: {}\n", *id, options.place, armed ? "armed" : stateOf(made)));
  }
  return 0;
}

Result<int> list(const Globals& globals) {
  const Result<std::unique_ptr<Session>> session = Session::open(globals, {});
  if (!session) return std::unexpected(session.error());
  Json breakpoints = Json::array(), groups = Json::array();
  std::vector<std::vector<std::string>> rows{{"id", "group", "at", "state", "members"}};
  for (const Breakpoint& b : (*session)->registry().breakpoints()) {
    breakpoints.push_back(breakpointJson(b));
    std::string members;
    for (const BreakpointMember& m : b.members) members += fmt::format("{} ({} hits) ", m.process.value, m.hits);
    rows.push_back({b.id, b.group, b.line > 0 ? fmt::format("{}:{}", b.site, b.line) : b.site,
                    b.armed ? "armed" : "not armed", members});
  }
  for (const LinkGroup& g : (*session)->registry().groups()) groups.push_back(groupJson(g));
  if (globals.json) {
    printJson(Json{{"breakpoints", breakpoints}, {"groups", groups}});
    return 0;
  }
  print(table(rows));
  rows = {{"group", "state", "tick", "members"}};
  for (const Json& g : groups) {
    std::string members;
    for (const Json& m : g["members"]) members += m["process"].get<std::string>() + " ";
    rows.push_back({g["id"], g["state"], g["tick"].dump(), members});
  }
  print("\n" + table(rows));
  return 0;
}

void addSet(Program& program, CLI::App* under) {
  CLI::App* verb = program.verb("set", "Arms a breakpoint at a site or FILE:LINE of a linked group", under);
  auto o = std::make_shared<SetOptions>();
  verb->add_option("PLACE", o->place, "SITE, FILE:LINE, function:NAME, exception, tick:N or metric")->required();
  addEach(verb, "--process", o->processes, "member; once for each (default: every one that has it)")->type_name("ID");
  verb->add_option("--if", o->condition, "stops only when this holds, e.g. damage > 10")->type_name("EXPR");
  verb->add_option("--when", o->when, "armed (metric: stops) only when this holds, e.g. \"p99 tick.duration > 16 ms\"")
      ->type_name("GUARD");
  verb->add_option("--after-hit", o->afterHit, "armed only when that breakpoint was hit")->type_name("ID");
  verb->add_option("--confirm", o->confirm, "on a live process: its name")->type_name("PROCESS");
  verb->add_option("--after", o->after, "stops from the Nth hit on")->type_name("N");
  verb->add_option("--log", o->log, "logs this instead of stopping")->type_name("TEXT");
  verb->add_flag("--capture", o->capture, "captures once instead of stopping");
  verb->add_option("--group", o->group, "link group (default: the only one)")->type_name("ID");
  addDuration(verb, "--expires", o->expires, "removed by itself after this long");
  program.onRun(verb, [o](const Globals& g) { return set(*o, g); });
}

void addWait(Program& program, CLI::App* under) {
  CLI::App* verb = program.verb("wait", "Waits for a stop, prints it, and keeps the lease for --hold", under);
  auto longest = std::make_shared<Duration>(), hold = std::make_shared<Duration>();
  CLI::Option* within = addDuration(verb, "--for", *longest, "how long at most (default: until Ctrl-C)");
  addDuration(verb, "--hold", *hold, "goes on renewing the lease this long after answering");
  program.onRun(verb, [=](const Globals& g) {
    return waitForStop(g, within->count() > 0 ? std::optional(*longest) : std::nullopt, *hold);
  });
}

}  // namespace

void addBreak(Program& program) {
  CLI::App* under = program.verb("break", "Linked breakpoints: stop both sides at the same tick");
  under->require_subcommand(1);
  addSet(program, under);
  program.onRun(program.verb("list", "Breakpoints and link groups", under), [](const Globals& g) { return list(g); });
  auto id = std::make_shared<std::string>();
  CLI::App* remove = program.verb("remove", "Removes a breakpoint", under);
  remove->add_option("ID", *id, "of the breakpoint")->required();
  program.onRun(remove, [id](const Globals& g) {
    return simple(g, "breakpoint",
                  [&](Session& s, control::DebugDone done) { s.cluster().removeBreakpoint(*id, std::move(done)); });
  });
  auto members = std::make_shared<std::vector<std::string>>();
  CLI::App* link = program.verb("link", "Makes a group that stops together", under);
  link->add_option("PROCESS", *members, "process ids (default: one server and its editors)");
  program.onRun(link, [members](const Globals& g) {
    return simple(g, "group", [&](Session& s, control::DebugDone done) {
      s.cluster().link({members->begin(), members->end()}, std::move(done));
    });
  });
  auto group = std::make_shared<std::string>();
  const auto withGroup = [&](const char* name, const char* help, auto send) {
    CLI::App* verb = program.verb(name, help, under);
    verb->add_option("--group", *group, "link group (default: the only one)")->type_name("ID");
    program.onRun(verb, [group, send](const Globals& g) {
      return simple(g, "group",
                    [&](Session& s, control::DebugDone done) { send(s.cluster(), *group, std::move(done)); });
    });
    return verb;
  };
  withGroup("unlink", "Takes a group apart",
            [](link::Cluster& c, const std::string& g, control::DebugDone done) { c.unlink(g, std::move(done)); });
  withGroup("pause", "Stops a group at the next tick",
            [](link::Cluster& c, const std::string& g, control::DebugDone done) { c.pause(g, std::move(done)); });
  withGroup("continue", "Lets a stopped group run on (default: every one)",
            [](link::Cluster& c, const std::string& g, control::DebugDone done) { c.resume(g, std::move(done)); });
  auto ticks = std::make_shared<std::uint32_t>(1);
  CLI::App* step = withGroup(
      "step", "Lets a stopped group run for some ticks",
      [ticks](link::Cluster& c, const std::string& g, control::DebugDone done) { c.step(g, *ticks, std::move(done)); });
  step->add_option("--ticks", *ticks, "how many (default 1)")->check(CLI::Range(1, 1'000'000));
  addWait(program, under);
}

}  // namespace qd::cli
