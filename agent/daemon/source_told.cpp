// SPDX-License-Identifier: Apache-2.0
// What guardians tell a SourceDriver, as the events that the debug desk understands.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "agent/daemon/source_driver.h"
#include "core/base/clock.h"

namespace qd::daemon {
namespace {

constexpr int kLinesAround = 40;

// As whoever looks knows the file.
ingest::StackFrame frameOf(const DebuggerRule& rule, const debug::Frame& f) {
  return {f.function, fileHere(rule, f.file), f.line};
}

std::vector<ingest::StackFrame> framesOf(const DebuggerRule& rule, const debug::Context& context) {
  std::vector<ingest::StackFrame> out;
  for (const debug::Frame& f : context.frames) out.push_back(frameOf(rule, f));
  return out;
}

// Around the top frame, and around the first whose source is here if that is another.
std::vector<ingest::SourceText> sourcesOf(const DebuggerRule& rule, const debug::Context& context) {
  std::vector<ingest::SourceText> out;
  for (const debug::Frame& f : context.frames) {
    if (f.line <= 0) continue;
    auto text = sourceFor(rule, fileHere(rule, f.file), std::max(f.line - kLinesAround, 1), 2 * kLinesAround + 1);
    if (!text) continue;
    out.push_back(std::move(*text));
    break;
  }
  return out;
}

Fields localsOf(const debug::Context& context) {
  Fields out;
  for (const debug::Variable& v : context.locals) out.emplace_back(v.name, Value(v.value));
  return out;
}

}  // namespace

void SourceDriver::readable(const ProcessId& process) {
  const auto it = debuggees_.find(process);
  if (it == debuggees_.end() || !it->second.link) return;
  auto told = it->second.link->readable();
  if (!told) return gone(process, told.error().message, false);
  for (const debug::Told& one : *told) on(process, one);
}

void SourceDriver::on(const ProcessId& process, const debug::Told& told) {
  const auto it = debuggees_.find(process);
  if (it == debuggees_.end()) return;
  Debuggee& debuggee = it->second;
  if (const auto* attached = std::get_if<debug::Attached>(&told)) {
    debuggee.attached = true;
    debuggee.attachedAt = monotonicNs();
    spdlog::info("debugging: {} is attached to {}, which stood {} ms for it", attached->debugger, process.value,
                 attached->frozenNs / kNsPerMs);
  } else if (const auto* one = std::get_if<debug::Bound>(&told)) {
    bound(process, *one);
  } else if (const auto* stop = std::get_if<debug::Stopped>(&told)) {
    stopped(process, *stop);
  } else if (const auto* around = std::get_if<debug::Context>(&told)) {
    context(process, *around);
  } else if (const auto* resumed = std::get_if<debug::Resumed>(&told)) {
    debuggee.stands = debuggee.stopping = false;
    debuggee.epoch = resumed->epoch;
    port_.tell(control::Resumed{process, resumed->epoch, resumed->timeNs, true, ""});
    if (const auto again = debuggees_.find(process); again != debuggees_.end()) letGoIfIdle(process, again->second);
  } else if (const auto* output = std::get_if<debug::Output>(&told)) {
    if (output->logpoint) port_.log(process, "logpoint", output->text);
  } else if (const auto* look = std::get_if<debug::Seen>(&told)) {
    if (const DebuggerRule* rule = ruleFor(process)) seen(debuggee, *rule, *look);
  } else if (const auto* end = std::get_if<debug::Gone>(&told)) {
    gone(process, end->reason, end->exited);
  }
}

void SourceDriver::bound(const ProcessId& process, const debug::Bound& told) {
  const int asked = debuggees_.at(process).armed.contains(told.id)
                        ? debuggees_.at(process).armed.at(told.id).breakpoint.line
                        : told.line;
  const bool moved = told.ok && asked != 0 && told.line != 0 && told.line != asked;
  port_.tell(control::ArmAnswer{process, told.id, told.revision, told.ok, told.reason, moved ? told.line : 0});
}

void SourceDriver::stopped(const ProcessId& process, const debug::Stopped& told) {
  Debuggee& debuggee = debuggees_.at(process);
  const bool again = debuggee.stands && debuggee.epoch == told.epoch;
  debuggee.stands = true;
  debuggee.epoch = told.epoch;
  debuggee.stopping = debuggee.stepping = false;
  debuggee.tick = port_.tickOf(process);
  if (again) {  // the answer to an order that it had obeyed already
    return port_.tell(control::Parked{process, told.epoch, told.stopId, "", debuggee.tick, told.timeNs});
  }
  const auto hit = std::find_if(told.breakpoints.begin(), told.breakpoints.end(),
                                [&](const std::string& id) { return debuggee.armed.contains(id); });
  const bool byOurs = (told.cause == debug::StopCause::Breakpoint || told.cause == debug::StopCause::Exception) &&
                      hit != told.breakpoints.end();
  if (byOurs && debuggee.armed.at(*hit).breakpoint.capture) {
    debuggee.capturing = *hit;  // runs on as soon as its context is known
    return;
  }
  const Tick tick = debuggee.tick;
  if (byOurs) {
    const std::uint64_t hits = ++debuggee.armed.at(*hit).hits;
    control::SiteHit event{process, told.epoch, *hit, hits, true, tick, told.timeNs, {}, {}};
    event.byDebugger = true;
    port_.tell(event);
  }
  port_.tell(control::Parked{process, told.epoch, told.stopId, byOurs ? *hit : "", tick, told.timeNs});
}

void SourceDriver::context(const ProcessId& process, const debug::Context& told) {
  Debuggee& debuggee = debuggees_.at(process);
  const DebuggerRule* rule = ruleFor(process);
  if (!rule) return;
  if (debuggee.capturing.empty()) {
    return port_.tell(control::StopContext{process, told.epoch, framesOf(*rule, told), localsOf(told), told.thread,
                                           sourcesOf(*rule, told)});
  }
  const std::string id = std::exchange(debuggee.capturing, {});
  debuggee.armed.erase(id);
  send(process, debuggee);
  resume(process);
  port_.tell(control::SiteHit{process, told.epoch, id, 1, false, debuggee.tick, utcNowNs(), framesOf(*rule, told),
                              localsOf(told), true, told.thread, sourcesOf(*rule, told)});
  port_.tell(control::Disarmed{process, id, "It has captured what it should."});
}

// The debugger is off it, in whatever way: nothing is armed there any more, and it does not stand by it.
void SourceDriver::gone(const ProcessId& process, const std::string& reason, bool exited) {
  const auto it = debuggees_.find(process);
  if (it == debuggees_.end()) return;
  Debuggee lost = std::move(it->second);
  debuggees_.erase(it);
  if (lost.link) loop_.unwatch(lost.link->fd());
  spdlog::warn("debugging: no debugger is on {} any more: {}", process.value, reason);
  for (auto& [request, done] : lost.looks) done(fail(ErrorCode::Unavailable, reason));
  for (const auto& [id, armed] : lost.armed) refuse(process, armed.breakpoint, reason);
  if (lost.stands || lost.stopping) port_.tell(control::Resumed{process, UINT64_MAX, utcNowNs(), false, reason});
  if (!exited) tellOfRetry(process, lost, reason);
}

// In the process's own log, where whoever looks at it sees why a stop of the others no longer reaches it.
void SourceDriver::tellOfRetry(const ProcessId& process, const Debuggee& lost, const std::string& reason) {
  const std::int64_t now = monotonicNs();
  const auto wait = retry_.ended(process, lost.attachedAt != 0 ? now - lost.attachedAt : 0, now);
  if (!followers_.contains(process)) return;
  port_.log(process, "debugger",
            wait ? fmt::format("{} The debugger is attached again in {} s; until then a stop of the others "
                               "reaches this process at its next tick.",
                               reason, *wait / kNsPerSecond)
                 : fmt::format("{} The debugger is not attached again before somebody sets a breakpoint here: "
                               "it has ended {} times in a row.",
                               reason, SourceRetry::kTimes + 1));
}

}  // namespace qd::daemon
