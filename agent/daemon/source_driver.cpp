// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/source_driver.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>

#include <algorithm>
#include <utility>

#include "agent/daemon/source_look.h"
#include "core/base/clock.h"

namespace qd::daemon {
namespace {

constexpr int kLinesAround = 40;

debug::SourceBreakpoint sourceOf(const DebuggerRule& rule, const ingest::Breakpoint& b) {
  debug::SourceBreakpoint out{b.id, b.revision, "", "", b.line, b.condition, b.after, b.logText};
  if (b.kind == ingest::BreakpointKind::Exception) {
    out.exception = true;
  } else if (b.kind == ingest::BreakpointKind::Function) {
    out.function = b.site;
  } else {
    out.file = fileThere(rule, b.site);
  }
  return out;
}

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

SourceDriver::SourceDriver(EventLoop& loop, std::vector<DebuggerRule> rules, std::string guardian, Port port)
    : loop_(loop), rules_(std::move(rules)), guardian_(std::move(guardian)), port_(std::move(port)) {}

// The guardians see their sockets close, clear up and end by themselves.
SourceDriver::~SourceDriver() {
  for (auto& [process, debuggee] : debuggees_) {
    if (debuggee.link) loop_.unwatch(debuggee.link->fd());
  }
}

const DebuggerRule* SourceDriver::ruleFor(const ProcessId& process) const {
  for (const DebuggerRule& rule : rules_) {
    const bool prefix = rule.process.ends_with('*');
    const std::string_view name = std::string_view(rule.process).substr(0, rule.process.size() - (prefix ? 1 : 0));
    if (prefix ? process.value.starts_with(name) : process.value == name) return &rule;
  }
  return nullptr;
}

bool SourceDriver::attached(const ProcessId& process) const {
  const auto it = debuggees_.find(process);
  return it != debuggees_.end() && it->second.attached;
}

bool SourceDriver::stands(const ProcessId& process) const {
  const auto it = debuggees_.find(process);
  return it != debuggees_.end() && (it->second.stands || it->second.stopping || it->second.stepping);
}

// --- orders ----------------------------------------------------------------------------------------------------------

Result<> SourceDriver::begin(const ProcessId& process, Debuggee& debuggee) {
  if (debuggee.link) return {};
  const DebuggerRule* rule = ruleFor(process);
  if (!rule) {
    return fail(ErrorCode::PermissionDenied,
                fmt::format("No debugger is configured for {}; its agent allows one with --debugger {}=dlv or "
                            "{}=lldb.",
                            process.value, process.value, process.value));
  }
  const auto pid = port_.pidOf(process);
  if (!pid) return fail(ErrorCode::NotFound, fmt::format("{} is not here.", process.value));
  auto link = debug::GuardianLink::start(guardian_, rule->debugger, *pid);
  if (!link) return std::unexpected(link.error());
  spdlog::info("debugging: {} attaches to {} (pid {}), guardian {}", debug::nameOf(rule->debugger), process.value, *pid,
               (*link)->guardian());
  debuggee.link = std::move(*link);
  return loop_.watch(debuggee.link->fd(), EPOLLIN, [this, process](std::uint32_t) { readable(process); });
}

void SourceDriver::refuse(const ProcessId& process, const ingest::Breakpoint& b, const std::string& why) {
  // Not within the order that armed it: what that order still has to publish would come after its own answer.
  (void)loop_.post(
      [this, answer = control::ArmAnswer{process, b.id, b.revision, false, why, 0}] { port_.tell(answer); });
}

void SourceDriver::arm(const ProcessId& process, const ingest::Breakpoint& breakpoint) {
  Debuggee& debuggee = debuggees_[process];
  if (auto begun = begin(process, debuggee); !begun) {
    if (debuggee.armed.empty()) debuggees_.erase(process);
    return refuse(process, breakpoint, begun.error().message);
  }
  debuggee.armed[breakpoint.id].breakpoint = breakpoint;
  send(process, debuggee);
}

bool SourceDriver::disarm(const ProcessId& process, const std::string& breakpoint) {
  const auto it = debuggees_.find(process);
  if (it == debuggees_.end() || it->second.armed.erase(breakpoint) == 0) return false;
  send(process, it->second);
  letGoIfIdle(process, it->second);
  return true;
}

void SourceDriver::attach(const ProcessId& process) {
  if (!mayDebug(process)) return;
  Debuggee& debuggee = debuggees_[process];
  debuggee.follower = true;
  if (auto begun = begin(process, debuggee); !begun) {
    spdlog::warn("debugging: {}", begun.error().message);
    debuggees_.erase(process);
  }
}

void SourceDriver::release(const ProcessId& process) {
  const auto it = debuggees_.find(process);
  if (it == debuggees_.end()) return;
  it->second.follower = false;
  letGoIfIdle(process, it->second);
}

void SourceDriver::send(const ProcessId& process, Debuggee& debuggee) {
  const DebuggerRule* rule = ruleFor(process);
  if (!rule || !debuggee.link) return;
  debug::SetAll set;
  for (const auto& [id, armed] : debuggee.armed) set.breakpoints.push_back(sourceOf(*rule, armed.breakpoint));
  debuggee.link->order(set);
}

void SourceDriver::letGoIfIdle(const ProcessId& process, Debuggee& debuggee) {
  if (!debuggee.link || !debuggee.armed.empty() || debuggee.follower || debuggee.stands || debuggee.stopping ||
      debuggee.stepping) {
    return;
  }
  spdlog::info("debugging: the debugger lets go of {}", process.value);
  loop_.unwatch(debuggee.link->fd());
  debuggees_.erase(process);  // closing the link does the rest
}

void SourceDriver::stop(const ProcessId& process, std::uint64_t stopId) {
  const auto it = debuggees_.find(process);
  if (it == debuggees_.end() || !it->second.link) return;
  it->second.stopping = true;
  it->second.link->order(debug::Stop{stopId});
}

void SourceDriver::resume(const control::OrderResume& order) {
  const auto it = debuggees_.find(order.process);
  if (it != debuggees_.end() && it->second.link) {
    it->second.link->order(debug::Continue{it->second.epoch, order.stopId});
  }
}

void SourceDriver::down(const ProcessId& process) {
  const auto it = debuggees_.find(process);
  if (it == debuggees_.end()) return;
  Debuggee lost = std::move(it->second);
  debuggees_.erase(it);
  if (lost.link) loop_.unwatch(lost.link->fd());
  for (auto& [request, done] : lost.looks) {
    done(fail(ErrorCode::Unavailable, fmt::format("{} is gone.", process.value)));
  }
}

// --- what it tells ---------------------------------------------------------------------------------------------------

void SourceDriver::readable(const ProcessId& process) {
  const auto it = debuggees_.find(process);
  if (it == debuggees_.end() || !it->second.link) return;
  auto told = it->second.link->readable();
  if (!told) return gone(process, told.error().message);
  for (const debug::Told& one : *told) on(process, one);
}

void SourceDriver::on(const ProcessId& process, const debug::Told& told) {
  const auto it = debuggees_.find(process);
  if (it == debuggees_.end()) return;
  Debuggee& debuggee = it->second;
  if (const auto* attached = std::get_if<debug::Attached>(&told)) {
    debuggee.attached = true;
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
    if (output->logpoint) port_.log(process, output->text);
  } else if (const auto* look = std::get_if<debug::Seen>(&told)) {
    if (const DebuggerRule* rule = ruleFor(process)) seen(debuggee, *rule, *look);
  } else if (const auto* end = std::get_if<debug::Gone>(&told)) {
    gone(process, end->reason);
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
void SourceDriver::gone(const ProcessId& process, const std::string& reason) {
  const auto it = debuggees_.find(process);
  if (it == debuggees_.end()) return;
  Debuggee lost = std::move(it->second);
  debuggees_.erase(it);
  if (lost.link) loop_.unwatch(lost.link->fd());
  spdlog::warn("debugging: no debugger is on {} any more: {}", process.value, reason);
  for (auto& [request, done] : lost.looks) done(fail(ErrorCode::Unavailable, reason));
  for (const auto& [id, armed] : lost.armed) refuse(process, armed.breakpoint, reason);
  if (lost.stands || lost.stopping) port_.tell(control::Resumed{process, UINT64_MAX, utcNowNs(), false, reason});
}

}  // namespace qd::daemon
