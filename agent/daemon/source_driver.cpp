// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/source_driver.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "agent/daemon/source_look.h"
#include "core/base/clock.h"

namespace qd::daemon {
namespace {

debug::SourceBreakpoint sourceOf(const DebuggerRule& rule, const ingest::Breakpoint& b) {
  debug::SourceBreakpoint out{b.id, b.revision, "", "", b.line, b.condition, b.after, b.logText};
  out.capture = b.capture;
  if (b.kind == ingest::BreakpointKind::Exception) {
    out.exception = true;
  } else if (b.kind == ingest::BreakpointKind::Function) {
    out.function = b.site;
  } else {
    out.file = fileThere(rule, b.site);
  }
  return out;
}

}  // namespace

SourceDriver::SourceDriver(EventLoop& loop, std::vector<DebuggerRule> rules, std::string guardian, Port port)
    : loop_(loop), rules_(std::move(rules)), guardian_(std::move(guardian)), port_(std::move(port)) {
  if (auto timer = loop_.every(kNsPerSecond, [this] { attachFollowers(); }); !timer) {
    spdlog::error("debugging: a debugger that ends is not attached again: {}", timer.error().message);
  }
}

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

// A guardian is our child; nobody else waits for it.
void SourceDriver::reapAtItsEnd(pid_t guardian) {
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, guardian, 0));
  if (pidfd < 0) return;
  auto watched = loop_.watch(pidfd, EPOLLIN, [this, pidfd, guardian](std::uint32_t) {
    ::waitpid(guardian, nullptr, WNOHANG);
    loop_.unwatch(pidfd);
    ::close(pidfd);
  });
  if (!watched) ::close(pidfd);
}

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
  reapAtItsEnd(debuggee.link->guardian());
  return loop_.watch(debuggee.link->fd(), EPOLLIN, [this, process](std::uint32_t) { readable(process); });
}

void SourceDriver::refuse(const ProcessId& process, const ingest::Breakpoint& b, const std::string& why) {
  // Not within the order that armed it: what that order still has to publish would come after its own answer.
  (void)loop_.post(
      [this, answer = control::ArmAnswer{process, b.id, b.revision, false, why, 0}] { port_.tell(answer); });
}

void SourceDriver::arm(const ProcessId& process, const ingest::Breakpoint& breakpoint) {
  retry_.forget(process);  // somebody wants it now
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
  followers_.insert(process);
  if (!debuggees_.contains(process) && !retry_.mayAttach(process, monotonicNs())) return;
  Debuggee& debuggee = debuggees_[process];
  debuggee.follower = true;
  if (auto begun = begin(process, debuggee); !begun) {
    spdlog::warn("debugging: {}", begun.error().message);
    debuggees_.erase(process);
    (void)retry_.ended(process, 0, monotonicNs());
  }
}

void SourceDriver::attachFollowers() {
  for (const ProcessId& process : std::set(followers_)) {
    if (!debuggees_.contains(process)) attach(process);
  }
}

void SourceDriver::release(const ProcessId& process) {
  followers_.erase(process);
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
  followers_.erase(process);
  retry_.forget(process);
  const auto it = debuggees_.find(process);
  if (it == debuggees_.end()) return;
  Debuggee lost = std::move(it->second);
  debuggees_.erase(it);
  if (lost.link) loop_.unwatch(lost.link->fd());
  for (auto& [request, done] : lost.looks) {
    done(fail(ErrorCode::Unavailable, fmt::format("{} is gone.", process.value)));
  }
}

}  // namespace qd::daemon
