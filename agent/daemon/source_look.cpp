// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/source_look.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/daemon/source_driver.h"
#include "agent/debug/source_text.h"

namespace qd::daemon {
namespace {

constexpr std::size_t kMostLooks = 64;  // of one process, unanswered

std::string moved(const std::string& file, const std::string& from, const std::string& to) {
  return !from.empty() && file.starts_with(from) ? to + file.substr(from.size()) : file;
}

}  // namespace

Result<DebuggerRule> debuggerRuleIn(const std::string& text) {
  DebuggerRule rule;
  const auto equals = text.find('=');
  const auto comma = text.find(',', equals == std::string::npos ? 0 : equals);
  const std::string name = equals == std::string::npos ? "" : text.substr(equals + 1, comma - equals - 1);
  const auto kind = debug::debuggerNamed(name);
  if (equals == std::string::npos || equals == 0 || !kind) {
    return fail(ErrorCode::InvalidArgument,
                fmt::format("\"{}\" is no debugger rule; it is PROCESS=dlv or PROCESS=lldb, with an optional "
                            ",FROM:TO for where the sources lie.",
                            text));
  }
  rule.process = text.substr(0, equals);
  rule.debugger = *kind;
  if (comma != std::string::npos) {
    const auto colon = text.find(':', comma);
    if (colon == std::string::npos) {
      return fail(ErrorCode::InvalidArgument, fmt::format("The source map of \"{}\" is FROM:TO.", text));
    }
    rule.from = text.substr(comma + 1, colon - comma - 1);
    rule.to = text.substr(colon + 1);
  }
  return rule;
}

std::string fileThere(const DebuggerRule& rule, const std::string& here) {
  return moved(here, rule.from, rule.to);
}

std::string fileHere(const DebuggerRule& rule, const std::string& there) {
  return moved(there, rule.to, rule.from);
}

Result<ingest::SourceText> sourceFor(const DebuggerRule& rule, const std::string& here, int firstLine, int count) {
  auto lines = debug::sourceLines(fileThere(rule, here), firstLine, count);
  if (!lines && fileThere(rule, here) != here) lines = debug::sourceLines(here, firstLine, count);
  if (!lines) return std::unexpected(lines.error());
  return ingest::SourceText{here, lines->firstLine, std::move(lines->text)};
}

void SourceDriver::inspect(const control::InspectOrder& order, control::InspectDone done) {
  const DebuggerRule* rule = ruleFor(order.process);
  if (!rule) {
    return done(fail(ErrorCode::PermissionDenied,
                     fmt::format("No debugger is configured for {} at its agent.", order.process.value)));
  }
  if (order.what == control::InspectWhat::Source) {
    auto text = sourceFor(*rule, order.text, order.firstLine, order.count);
    if (!text) return done(std::unexpected(text.error()));
    control::Inspected out;
    out.source = std::move(*text);
    return done(std::move(out));
  }
  const auto it = debuggees_.find(order.process);
  if (it == debuggees_.end() || !it->second.link || !it->second.stands) {
    return done(fail(ErrorCode::Conflict, fmt::format("{} does not stand by a debugger: there is nothing to look into.",
                                                      order.process.value)));
  }
  if (it->second.looks.size() >= kMostLooks) {
    return done(fail(ErrorCode::Exhausted, "Its debugger has not answered 64 questions yet; try again."));
  }
  const std::uint64_t request = nextLook_++;
  it->second.looks.emplace(request, std::move(done));
  debug::Look look = debug::Look::Threads;
  if (order.what == control::InspectWhat::Stack) look = debug::Look::Stack;
  if (order.what == control::InspectWhat::Variables) look = debug::Look::Variables;
  if (order.what == control::InspectWhat::Evaluate) look = debug::Look::Evaluate;
  it->second.link->order(
      debug::Inspect{request, look, order.epoch, order.thread, order.frame, order.reference, order.text});
}

void SourceDriver::seen(Debuggee& debuggee, const DebuggerRule& rule, const debug::Seen& told) {
  auto asked = debuggee.looks.extract(told.request);
  if (asked.empty()) return;
  if (!told.error.empty()) return asked.mapped()(fail(ErrorCode::Conflict, told.error));
  control::Inspected out;
  out.epoch = told.epoch;
  for (const debug::Thread& t : told.threads) out.threads.push_back({t.id, t.name, t.current});
  for (const debug::Frame& f : told.frames) {
    out.frames.push_back({f.id, {f.function, fileHere(rule, f.file), f.line}});
  }
  for (const debug::Variable& v : told.variables) out.variables.push_back({v.name, v.value, v.type, v.reference});
  asked.mapped()(std::move(out));
}

void SourceDriver::step(const control::OrderSourceStep& order) {
  const auto it = debuggees_.find(order.process);
  if (it == debuggees_.end() || !it->second.link) return;
  debug::StepKind kind = debug::StepKind::Over;
  if (order.how == control::StepHow::Into) kind = debug::StepKind::Into;
  if (order.how == control::StepHow::Out) kind = debug::StepKind::Out;
  it->second.stepping = true;
  it->second.link->order(debug::Step{order.stopId, kind, order.thread});
}

}  // namespace qd::daemon
