// SPDX-License-Identifier: Apache-2.0
#include "agent/debug/protocol.h"

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
  return {{"id", b.id},     {"revision", b.revision},   {"file", b.file},   {"function", b.function},
          {"line", b.line}, {"condition", b.condition}, {"after", b.after}, {"log", b.logText}};
}

SourceBreakpoint breakpointIn(const Json& json) {
  return {textOf(json, "id"),
          unsignedOf(json, "revision"),
          textOf(json, "file"),
          textOf(json, "function"),
          static_cast<int>(integerOf(json, "line")),
          textOf(json, "condition"),
          unsignedOf(json, "after"),
          textOf(json, "log")};
}

StopCause causeIn(const std::string& name) {
  for (std::size_t i = 0; i < kCauses.size(); ++i) {
    if (name == kCauses[i]) return static_cast<StopCause>(i);
  }
  return StopCause::Unknown;
}

Json jsonOf(const Context& context) {
  Json out = {{"told", "context"}, {"epoch", context.epoch}, {"frames", Json::array()}, {"locals", Json::array()}};
  for (const Frame& f : context.frames) {
    out["frames"].push_back({{"function", f.function}, {"file", f.file}, {"line", f.line}});
  }
  for (const Variable& v : context.locals) {
    out["locals"].push_back({{"name", v.name}, {"value", v.value}, {"type", v.type}});
  }
  return out;
}

Context contextIn(const Json& json) {
  Context out{unsignedOf(json, "epoch"), {}, {}};
  for (const Json& f : below(json, "frames")) {
    out.frames.push_back({textOf(f, "function"), textOf(f, "file"), static_cast<int>(integerOf(f, "line"))});
  }
  for (const Json& v : below(json, "locals")) {
    out.locals.push_back({textOf(v, "name"), textOf(v, "value"), textOf(v, "type")});
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
  const Json json = std::visit(Overloaded{[](const SetAll& set) {
                                            Json out = {{"order", "set"}, {"breakpoints", Json::array()}};
                                            for (const auto& b : set.breakpoints)
                                              out["breakpoints"].push_back(jsonOf(b));
                                            return out;
                                          },
                                          [](const Stop& stop) {
                                            return Json{{"order", "stop"}, {"stop", stop.stopId}};
                                          },
                                          [](const Continue&) {
                                            return Json{{"order", "continue"}};
                                          },
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
  if (what == "continue") return Continue{};
  if (what == "detach") return Detach{};
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
