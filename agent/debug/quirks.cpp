// SPDX-License-Identifier: Apache-2.0
#include "agent/debug/quirks.h"

#include <fmt/format.h>

#include <charconv>
#include <sstream>
#include <string_view>

namespace qd::debug {

namespace {

// How lldb prints a frame for framesIn(): a mark, then parts behind unit separators, which no name has.
constexpr const char* kFrameFormat =
    "settings set frame-format \"qd\x1f${thread.id%tid}\x1f${thread.index}\x1f${frame.index}\x1f{${line.number}}"
    "\x1f{${line.file.fullpath}}\x1f{${function.name}}\x1f{${frame.pc}}\\n\"";
constexpr int kThreadShift = 19;  // lldb-dap's number of a frame: its thread's index, then its own

std::vector<std::string> partsOf(std::string_view line) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at != std::string_view::npos;) {
    const auto end = line.find('\x1f', at);
    out.emplace_back(line.substr(at, end - at));
    at = end == std::string_view::npos ? end : end + 1;
  }
  return out;
}

std::int64_t numberIn(const std::string& text) {
  std::int64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

}  // namespace

std::optional<DebuggerKind> debuggerNamed(const std::string& name) {
  if (name == "dlv" || name == "delve") return DebuggerKind::Delve;
  if (name == "lldb") return DebuggerKind::Lldb;
  return std::nullopt;
}

std::string_view nameOf(DebuggerKind kind) {
  return kind == DebuggerKind::Delve ? "dlv" : "lldb";
}

std::vector<std::vector<std::string>> Quirks::commands() const {
  if (kind_ == DebuggerKind::Delve) return {{"dlv", "dap", "--listen=127.0.0.1:0"}};
  return {{"lldb-dap-19"}, {"lldb-dap"}, {"lldb-vscode-16"}};
}

std::optional<int> Quirks::portIn(const std::string& line) {
  constexpr std::string_view kSays = "DAP server listening at:";
  const auto at = line.find(kSays);
  const auto colon = line.rfind(':');
  if (at == std::string::npos || colon == std::string::npos || colon < at + kSays.size()) return std::nullopt;
  int port = 0;
  const auto [rest, error] = std::from_chars(line.data() + colon + 1, line.data() + line.size(), port);
  if (error != std::errc() || port <= 0 || port > 65535) return std::nullopt;
  return port;
}

// `dlv dap` kills the target on disconnect after a *launch*: it is always attached. Both leave it running afterwards.
Json Quirks::attachArguments(std::int64_t pid) const {
  if (kind_ == DebuggerKind::Delve) return {{"mode", "local"}, {"processId", pid}, {"stopOnEntry", false}};
  return {{"pid", pid}, {"stopOnEntry", false}, {"waitFor", false}, {"initCommands", {kFrameFormat}}};
}

// delve knows operators, lldb a bare count: with an operator it would silently stop at the first hit.
Json Quirks::hitCondition(std::uint64_t after) const {
  if (after <= 1) return nullptr;
  return kind_ == DebuggerKind::Delve ? fmt::format(">= {}", after) : fmt::format("{}", after);
}

Json Quirks::exceptionFilters(const Json& capabilities) const {
  Json out = Json::array();
  for (const Json& offered : below(capabilities, "exceptionBreakpointFilters")) {
    if (textOf(offered, "filter") == "cpp_throw") out.push_back("cpp_throw");
  }
  return out;
}

std::string Quirks::threadName(std::int64_t thread) const {
  return fmt::format("{} {}", kind_ == DebuggerKind::Delve ? "goroutine" : "thread", thread);
}

std::vector<std::string> Quirks::stackCommands(std::int64_t thread, int levels) const {
  if (kind_ != DebuggerKind::Lldb) return {};
  return {fmt::format("`thread select -t {}", thread), fmt::format("`thread backtrace -c {}", levels)};
}

std::optional<std::vector<Frame>> Quirks::framesIn(const std::string& printed, std::int64_t thread) {
  constexpr std::size_t kParts = 8;
  std::vector<Frame> out;
  std::stringstream lines(printed);
  for (std::string line; std::getline(lines, line);) {
    const auto mark = line.find("qd\x1f");
    if (mark == std::string::npos) continue;
    const auto parts = partsOf(std::string_view(line).substr(mark));
    if (parts.size() != kParts || numberIn(parts[1]) != thread) return std::nullopt;
    Frame frame{parts[6], parts[5], static_cast<int>(numberIn(parts[4])),
                (numberIn(parts[2]) << kThreadShift) | numberIn(parts[3])};
    constexpr std::string_view kInlined = " [inlined] ";
    const auto inlined = frame.function.rfind(kInlined);
    if (inlined != std::string::npos) frame.function.erase(0, inlined + kInlined.size());
    if (frame.function.empty()) frame.function = parts[7];
    out.push_back(std::move(frame));
  }
  return out.empty() ? std::nullopt : std::optional(std::move(out));
}

std::string Quirks::refusal(const SourceBreakpoint& b, const Json& capabilities) const {
  const auto lacks = [&](const char* capability) { return !flagOf(capabilities, capability); };
  if (!b.function.empty() && lacks("supportsFunctionBreakpoints")) {
    return fmt::format("{} offers no function breakpoints; name a file and line.", nameOf(kind_));
  }
  if (b.exception && kind_ == DebuggerKind::Lldb && exceptionFilters(capabilities).empty()) {
    return fmt::format("{} offers no stop where something is thrown.", nameOf(kind_));
  }
  if (b.exception && (!b.condition.empty() || b.after > 1 || !b.logText.empty())) {
    return "A stop where something is thrown has no condition, count or log text.";
  }
  if (!b.condition.empty() && lacks("supportsConditionalBreakpoints")) {
    return fmt::format("{} offers no conditions; leave the condition out.", nameOf(kind_));
  }
  if (b.after > 1 && kind_ == DebuggerKind::Lldb && lacks("supportsHitConditionalBreakpoints")) {
    return fmt::format("{} offers no hit counts; leave the count out.", nameOf(kind_));
  }
  if (!b.logText.empty() && lacks("supportsLogPoints")) {
    return fmt::format("{} offers no logpoints.", nameOf(kind_));
  }
  return {};
}

bool Quirks::isOurSignal(const Json& body) const {
  return kind_ == DebuggerKind::Lldb && textOf(body, "description").find("SIGSTOP") != std::string::npos;
}

std::vector<std::int64_t> Quirks::hitNumbers(const Json& body) const {
  std::vector<std::int64_t> out;
  for (const Json& id : below(body, "hitBreakpointIds")) {
    if (id.is_number_integer()) out.push_back(id.get<std::int64_t>());
  }
  if (!out.empty()) return out;
  // lldb 16 has no ids; it says "breakpoint ID.LOCATION".
  constexpr std::string_view kSays = "breakpoint ";
  const std::string text = textOf(body, "description");
  const auto at = text.find(kSays);
  if (kind_ != DebuggerKind::Lldb || at == std::string::npos) return out;
  std::int64_t id = 0;
  const char* begin = text.data() + at + kSays.size();
  if (std::from_chars(begin, text.data() + text.size(), id).ec == std::errc()) out.push_back(id);
  return out;
}

StopCause Quirks::causeOf(const Json& body, bool ordered) const {
  const std::string reason = textOf(body, "reason");
  const std::string text = textOf(body, "text");
  if (kind_ == DebuggerKind::Delve && reason == "exception" && text.find("error evaluating") != std::string::npos) {
    return StopCause::ConditionError;
  }
  // delve's own breakpoint at what panics has a number too, -1.
  if (kind_ == DebuggerKind::Delve && reason == "exception") return StopCause::Exception;
  if (reason.find("breakpoint") != std::string::npos || !hitNumbers(body).empty()) return StopCause::Breakpoint;
  if (reason == "step") return StopCause::Step;
  // delve says "pause"; lldb calls the SIGSTOP that we sent an exception.
  if (ordered && (reason == "pause" || isOurSignal(body))) return StopCause::Linked;
  if (reason == "exception" || reason == "panic" || reason == "fatal error") return StopCause::Exception;
  return StopCause::Unknown;
}

}  // namespace qd::debug
