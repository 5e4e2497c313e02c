// SPDX-License-Identifier: Apache-2.0
#include "agent/debug/protocol.h"

#include <algorithm>
#include <array>

namespace qd::debug {
namespace {

constexpr std::size_t kLongestLine = std::size_t{4} << 20;
constexpr std::array<const char*, 6> kCauses = {"breakpoint",      "step",   "exception",
                                                "condition-error", "linked", "unknown"};

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

std::uint64_t unsignedOf(const Json& json, const char* key) {
  return static_cast<std::uint64_t>(integerOf(json, key));
}

Json jsonOf(const SourceBreakpoint& b) {
  return {{"id", b.id},           {"revision", b.revision},   {"file", b.file},   {"function", b.function},
          {"line", b.line},       {"condition", b.condition}, {"after", b.after}, {"log", b.logText},
          {"capture", b.capture}, {"exception", b.exception}};
}

SourceBreakpoint breakpointIn(const Json& json) {
  return {textOf(json, "id"),
          unsignedOf(json, "revision"),
          textOf(json, "file"),
          textOf(json, "function"),
          static_cast<int>(integerOf(json, "line")),
          textOf(json, "condition"),
          unsignedOf(json, "after"),
          textOf(json, "log"),
          flagOf(json, "exception"),
          flagOf(json, "capture")};
}

StopCause causeIn(const std::string& name) {
  for (std::size_t i = 0; i < kCauses.size(); ++i) {
    if (name == kCauses[i]) return static_cast<StopCause>(i);
  }
  return StopCause::Unknown;
}

Json jsonOf(const std::vector<Frame>& frames) {
  Json out = Json::array();
  for (const Frame& f : frames) {
    out.push_back({{"function", f.function}, {"file", f.file}, {"line", f.line}, {"id", f.id}});
  }
  return out;
}

std::vector<Frame> framesIn(const Json& list) {
  std::vector<Frame> out;
  for (const Json& f : list) {
    out.push_back(
        {textOf(f, "function"), textOf(f, "file"), static_cast<int>(integerOf(f, "line")), integerOf(f, "id")});
  }
  return out;
}

Json jsonOf(const std::vector<Variable>& variables) {
  Json out = Json::array();
  for (const Variable& v : variables) {
    out.push_back({{"name", v.name}, {"value", v.value}, {"type", v.type}, {"reference", v.reference}});
  }
  return out;
}

std::vector<Variable> variablesIn(const Json& list) {
  std::vector<Variable> out;
  for (const Json& v : list) {
    out.push_back({textOf(v, "name"), textOf(v, "value"), textOf(v, "type"), integerOf(v, "reference")});
  }
  return out;
}

Json jsonOf(const Context& context) {
  return {{"told", "context"},
          {"epoch", context.epoch},
          {"frames", jsonOf(context.frames)},
          {"locals", jsonOf(context.locals)},
          {"thread", context.thread}};
}

Context contextIn(const Json& json) {
  return {unsignedOf(json, "epoch"), framesIn(below(json, "frames")), variablesIn(below(json, "locals")),
          textOf(json, "thread")};
}

Json jsonOf(const Inspect& inspect) {
  return {{"order", "inspect"},
          {"request", inspect.request},
          {"look", static_cast<int>(inspect.look)},
          {"epoch", inspect.epoch},
          {"thread", inspect.thread},
          {"frame", inspect.frame},
          {"reference", inspect.reference},
          {"expression", inspect.expression}};
}

Inspect inspectIn(const Json& json) {
  const auto look = static_cast<Look>(std::clamp<std::int64_t>(integerOf(json, "look"), 0, 3));
  return {unsignedOf(json, "request"), look,
          unsignedOf(json, "epoch"),   integerOf(json, "thread"),
          integerOf(json, "frame"),    integerOf(json, "reference"),
          textOf(json, "expression")};
}

Json jsonOf(const Seen& seen) {
  Json out = {{"told", "seen"},          {"request", seen.request},       {"epoch", seen.epoch},
              {"error", seen.error},     {"frames", jsonOf(seen.frames)}, {"variables", jsonOf(seen.variables)},
              {"threads", Json::array()}};
  for (const Thread& t : seen.threads) {
    out["threads"].push_back({{"id", t.id}, {"name", t.name}, {"current", t.current}});
  }
  return out;
}

Seen seenIn(const Json& json) {
  Seen out{unsignedOf(json, "request"),     unsignedOf(json, "epoch"),
           textOf(json, "error"),           {},
           framesIn(below(json, "frames")), variablesIn(below(json, "variables"))};
  for (const Json& t : below(json, "threads")) {
    out.threads.push_back({integerOf(t, "id"), textOf(t, "name"), flagOf(t, "current")});
  }
  return out;
}

Stopped stoppedIn(const Json& json) {
  Stopped out{unsignedOf(json, "epoch"), causeIn(textOf(json, "cause")), {},
              unsignedOf(json, "stop"),  integerOf(json, "time_ns"),     textOf(json, "text")};
  for (const Json& id : below(json, "breakpoints")) {
    if (id.is_string()) out.breakpoints.push_back(id.get<std::string>());
  }
  return out;
}

Result<Json> parsed(const std::string& line) {
  Json json = Json::parse(line, nullptr, false);
  if (json.is_discarded() || !json.is_object()) {
    return fail(ErrorCode::Corrupt, "A line between agent and guardian is no JSON object.");
  }
  return json;
}

}  // namespace

std::string lineOf(const Order& order) {
  const Json json =
      std::visit(Overloaded{[](const SetAll& set) {
                              Json out = {{"order", "set"}, {"breakpoints", Json::array()}};
                              for (const auto& b : set.breakpoints) out["breakpoints"].push_back(jsonOf(b));
                              return out;
                            },
                            [](const Stop& stop) {
                              return Json{{"order", "stop"}, {"stop", stop.stopId}};
                            },
                            [](const Continue& go) {
                              return Json{{"order", "continue"}, {"epoch", go.epoch}, {"stop", go.stopId}};
                            },
                            [](const Step& step) {
                              return Json{{"order", "step"},
                                          {"stop", step.stopId},
                                          {"kind", static_cast<int>(step.kind)},
                                          {"thread", step.thread}};
                            },
                            [](const Inspect& inspect) { return jsonOf(inspect); },
                            [](const Detach&) {
                              return Json{{"order", "detach"}};
                            }},
                 order);
  return dumped(json) + "\n";
}

Result<Order> orderIn(const std::string& line) {
  auto json = parsed(line);
  if (!json) return std::unexpected(json.error());
  const std::string what = textOf(*json, "order");
  if (what == "stop") return Stop{unsignedOf(*json, "stop")};
  if (what == "continue") return Continue{unsignedOf(*json, "epoch"), unsignedOf(*json, "stop")};
  if (what == "detach") return Detach{};
  if (what == "inspect") return inspectIn(*json);
  if (what == "step") {
    const auto kind = static_cast<StepKind>(std::clamp<std::int64_t>(integerOf(*json, "kind"), 0, 2));
    return Step{unsignedOf(*json, "stop"), kind, integerOf(*json, "thread")};
  }
  if (what != "set") return fail(ErrorCode::Unsupported, "The guardian does not know the order " + what + ".");
  SetAll set;
  for (const Json& b : below(*json, "breakpoints")) set.breakpoints.push_back(breakpointIn(b));
  return set;
}

std::string lineOf(const Told& told) {
  const Json json =
      std::visit(Overloaded{[](const Attached& a) {
                              return Json{{"told", "attached"}, {"frozen_ns", a.frozenNs}, {"debugger", a.debugger}};
                            },
                            [](const Bound& b) {
                              return Json{{"told", "bound"}, {"id", b.id},     {"revision", b.revision},
                                          {"ok", b.ok},      {"line", b.line}, {"reason", b.reason}};
                            },
                            [](const Stopped& s) {
                              return Json{{"told", "stopped"},
                                          {"epoch", s.epoch},
                                          {"cause", kCauses[static_cast<std::size_t>(s.cause)]},
                                          {"breakpoints", s.breakpoints},
                                          {"stop", s.stopId},
                                          {"time_ns", s.timeNs},
                                          {"text", s.text}};
                            },
                            [](const Context& c) { return jsonOf(c); },
                            [](const Resumed& r) {
                              return Json{{"told", "resumed"}, {"epoch", r.epoch}, {"time_ns", r.timeNs}};
                            },
                            [](const Output& o) {
                              return Json{{"told", "output"}, {"text", o.text}, {"logpoint", o.logpoint}};
                            },
                            [](const Seen& s) { return jsonOf(s); },
                            [](const Gone& g) {
                              return Json{{"told", "gone"}, {"exited", g.exited}, {"reason", g.reason}};
                            }},
                 told);
  return dumped(json) + "\n";
}

Result<Told> toldIn(const std::string& line) {
  auto json = parsed(line);
  if (!json) return std::unexpected(json.error());
  const std::string what = textOf(*json, "told");
  if (what == "attached") return Attached{integerOf(*json, "frozen_ns"), textOf(*json, "debugger")};
  if (what == "bound") {
    return Bound{textOf(*json, "id"), unsignedOf(*json, "revision"), flagOf(*json, "ok"),
                 static_cast<int>(integerOf(*json, "line")), textOf(*json, "reason")};
  }
  if (what == "stopped") return stoppedIn(*json);
  if (what == "context") return contextIn(*json);
  if (what == "seen") return seenIn(*json);
  if (what == "resumed") return Resumed{unsignedOf(*json, "epoch"), integerOf(*json, "time_ns")};
  if (what == "output") return Output{textOf(*json, "text"), flagOf(*json, "logpoint")};
  if (what == "gone") return Gone{flagOf(*json, "exited"), textOf(*json, "reason")};
  return fail(ErrorCode::Unsupported, "The guardian told something unknown: " + what + ".");
}

Result<std::vector<std::string>> LineReader::feed(const char* bytes, std::size_t count) {
  buffer_.append(bytes, count);
  std::vector<std::string> out;
  std::size_t begin = 0;
  for (auto end = buffer_.find('\n'); end != std::string::npos; end = buffer_.find('\n', begin)) {
    out.push_back(buffer_.substr(begin, end - begin));
    begin = end + 1;
  }
  buffer_.erase(0, begin);
  if (buffer_.size() > kLongestLine) return fail(ErrorCode::Corrupt, "A line between agent and guardian is too long.");
  return out;
}

}  // namespace qd::debug
