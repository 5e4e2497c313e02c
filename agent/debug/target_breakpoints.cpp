// SPDX-License-Identifier: Apache-2.0
// Breakpoints of a Target: what is asked of the debugger, and what it has made of that.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/debug/target.h"

namespace qd::debug {

// A request replaces all breakpoints of one file; each costs an lldb target some 100 ms, so it is one a file.
void Target::apply() {
  std::set<std::string> files;
  bool functions = false, exceptions = false;
  for (const SourceBreakpoint& b : wanted_) {
    if (b.exception) {
      exceptions = true;
    } else if (b.function.empty()) {
      files.insert(b.file);
    } else {
      functions = true;
    }
  }
  std::set<std::string> all = files;
  all.insert(files_.begin(), files_.end());
  files_ = std::move(files);
  for (const std::string& file : all) applyFile(file);
  if (functions || functions_) applyFunctions();
  functions_ = functions;
  if (exceptions || exceptions_) applyExceptions();
  exceptions_ = exceptions;
}

Json Target::wireOf(const SourceBreakpoint& b) const {
  Json out = b.function.empty() ? Json{{"line", b.line}} : Json{{"name", b.function}};
  if (!b.condition.empty()) out["condition"] = b.condition;
  if (const Json count = quirks_.hitCondition(b.after); !count.is_null()) out["hitCondition"] = count;
  if (!b.logText.empty()) out["logMessage"] = b.logText;
  return out;
}

// Those that are asked for, as the debugger shall have them; what it cannot do is refused here.
std::vector<SourceBreakpoint> Target::withoutRefused(const std::function<bool(const SourceBreakpoint&)>& counts,
                                                     Json& list) {
  std::vector<SourceBreakpoint> asked;
  list = Json::array();
  for (const SourceBreakpoint& b : wanted_) {
    if (!counts(b)) continue;
    if (std::string no = quirks_.refusal(b, capabilities_); !no.empty()) {
      port_.tell(Bound{b.id, b.revision, false, 0, no});
      continue;
    }
    asked.push_back(b);
    list.push_back(wireOf(b));
  }
  return asked;
}

void Target::applyFile(const std::string& file) {
  Json list;
  auto asked = withoutRefused(
      [&](const SourceBreakpoint& b) { return b.function.empty() && !b.exception && b.file == file; }, list);
  ++binding_;
  dap_.request("setBreakpoints", {{"source", {{"path", file}}}, {"breakpoints", std::move(list)}},
               [this, asked = std::move(asked)](const DapAnswer& answer) { bound(asked, answer); });
}

void Target::applyFunctions() {
  Json list;
  auto asked = withoutRefused([](const SourceBreakpoint& b) { return !b.function.empty(); }, list);
  ++binding_;
  dap_.request("setFunctionBreakpoints", {{"breakpoints", std::move(list)}},
               [this, asked = std::move(asked)](const DapAnswer& answer) { bound(asked, answer); });
}

// Debuggers answer nothing to bind: what they offer to stop at, they stop at.
void Target::applyExceptions() {
  Json list;
  auto asked = withoutRefused([](const SourceBreakpoint& b) { return b.exception; }, list);
  if (!quirks_.hasExceptionFilters()) {
    for (const SourceBreakpoint& b : asked) port_.tell(Bound{b.id, b.revision, true, 0, ""});
    return;
  }
  const Json filters = asked.empty() ? Json::array() : quirks_.exceptionFilters(capabilities_);
  dap_.request("setExceptionBreakpoints", {{"filters", filters}},
               [this, asked = std::move(asked)](const DapAnswer& answer) {
                 for (const SourceBreakpoint& b : asked) {
                   port_.tell(Bound{b.id, b.revision, answer.ok, 0, answer.ok ? "" : answer.error});
                 }
               });
}

// Answers come in the order of the request; they are matched by place and remembered by the debugger's number.
void Target::bound(const std::vector<SourceBreakpoint>& asked, const DapAnswer& answer) {
  const Json& list = below(answer.body, "breakpoints");
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (answer.ok && list.is_array() && i < list.size()) {
      bindOne(asked[i], list[i]);
    } else {
      port_.tell(Bound{asked[i].id, asked[i].revision, false, 0,
                       answer.ok ? "The debugger said nothing of this breakpoint." : answer.error});
    }
  }
  --binding_;
  boundAt_ = port_.nowNs();
  if (early_ && (binding_ == 0 || known(*early_))) onStopped(*std::exchange(early_, std::nullopt));
}

bool Target::known(const Json& stop) const {
  const auto numbers = quirks_.hitNumbers(stop);
  return std::all_of(numbers.begin(), numbers.end(), [&](std::int64_t number) { return ids_.contains(number); });
}

void Target::bindOne(const SourceBreakpoint& asked, const Json& got) {
  if (const std::int64_t number = integerOf(got, "id", -1); number >= 0) ids_[number] = asked.id;
  const bool ok = flagOf(got, "verified");
  std::string reason = textOf(got, "message");
  if (!ok && reason.empty()) {
    reason = asked.function.empty()
                 ? fmt::format(
                       "There is no code at {}:{} in this program; was it built with debug information, and "
                       "from this path?",
                       asked.file, asked.line)
                 : fmt::format("There is no function {} in this program.", asked.function);
  }
  port_.tell(Bound{asked.id, asked.revision, ok, static_cast<int>(integerOf(got, "line")), std::move(reason)});
}

}  // namespace qd::debug
