// SPDX-License-Identifier: Apache-2.0
#include "core/control/breakpoint_registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "core/control/metric_watch.h"

namespace qd::control {
namespace {

using ingest::BreakpointKind;
using ingest::MemberAck;

constexpr std::size_t kMost = 1000;

bool contains(const std::vector<ProcessId>& ids, const ProcessId& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

Result<> check(const ingest::Breakpoint& wanted, const std::vector<ProcessId>& members) {
  if (!wanted.armWhen.empty()) {
    if (auto trigger = triggerIn(wanted.armWhen); !trigger) return std::unexpected(trigger.error());
  }
  if (wanted.kind == BreakpointKind::Metric) {
    if (wanted.armWhen.empty()) {
      return fail(ErrorCode::InvalidArgument,
                  "A metric breakpoint needs what it waits for: --when \"net.rtt > 200 ms\".");
    }
    const bool more = !wanted.condition.empty() || !wanted.logText.empty() || wanted.capture || wanted.after > 1;
    if (more || members.empty()) {
      return fail(ErrorCode::InvalidArgument,
                  "A metric breakpoint only stops: leave out condition, log, capture, after.");
    }
    return {};
  }
  if (members.empty()) return fail(ErrorCode::NotFound, fmt::format("No process has the site {}.", wanted.site));
  if (wanted.kind == BreakpointKind::Tick) {
    if (wanted.tick <= 0) return fail(ErrorCode::InvalidArgument, "A tick breakpoint needs a tick above 0.");
    if (!wanted.condition.empty() || !wanted.logText.empty() || wanted.capture || wanted.after > 1) {
      return fail(ErrorCode::InvalidArgument,
                  "A tick breakpoint only stops: leave out condition, log, capture, after.");
    }
    return {};
  }
  if (wanted.kind == BreakpointKind::Exception) return {};
  if (wanted.site.empty()) return fail(ErrorCode::InvalidArgument, "A breakpoint needs a site or a FILE:LINE.");
  if (!wanted.logText.empty() && wanted.capture) {
    return fail(ErrorCode::InvalidArgument, "A breakpoint either logs or captures: choose one.");
  }
  return {};
}

ingest::BreakpointMember* memberOf(ingest::Breakpoint& breakpoint, const ProcessId& process) {
  const auto it = std::find_if(breakpoint.members.begin(), breakpoint.members.end(),
                               [&](const auto& member) { return member.process == process; });
  return it == breakpoint.members.end() ? nullptr : &*it;
}

std::string waitText(const ingest::Breakpoint& breakpoint) {
  if (!breakpoint.afterHitOf.empty()) return fmt::format("It waits until {} is hit.", breakpoint.afterHitOf);
  return fmt::format("It waits for {}.", breakpoint.armWhen);
}

std::uint64_t numberIn(const std::string& id) {
  std::uint64_t out = 0;
  const std::size_t dash = id.rfind('-');
  if (dash != std::string::npos) std::from_chars(id.data() + dash + 1, id.data() + id.size(), out);
  return out;
}

}  // namespace

Result<std::string> BreakpointRegistry::set(const BreakpointOrder& order, const std::vector<ProcessId>& members,
                                            const std::vector<ProcessId>& live, DebugActions& out) {
  if (auto checked = check(order.wanted, members); !checked) return std::unexpected(checked.error());
  if (auto chained = checkChain(order.wanted); !chained) return std::unexpected(chained.error());
  ingest::Breakpoint next = order.wanted;
  std::vector<ingest::BreakpointMember> before;
  if (next.id.empty()) {
    if (breakpoints_.size() >= kMost) {
      return fail(ErrorCode::Exhausted, "There are 1000 breakpoints already; remove some.");
    }
    next.id = fmt::format("bp-{}", nextId_++);
    next.revision = 0;
  } else {
    const ingest::Breakpoint* current = find(next.id);
    if (!current) return fail(ErrorCode::NotFound, fmt::format("There is no breakpoint {}.", next.id));
    if (current->revision != next.revision) {
      return fail(ErrorCode::Conflict, fmt::format("Somebody changed {} meanwhile (revision {}, not {}); look again.",
                                                   next.id, current->revision, next.revision));
    }
    before = current->members;
    for (const ingest::BreakpointMember& member : before) {
      if (!contains(members, member.process) || !next.enabled) disarmAt(*current, member.process, out);
    }
  }
  ++next.revision;
  next.removed = false;
  next.waiting = next.enabled && (!next.armWhen.empty() || !next.afterHitOf.empty());
  next.members.clear();
  for (const ProcessId& process : members) {
    ingest::BreakpointMember member{process, MemberAck::Draft, "", 0};
    for (const auto& old : before) {
      if (old.process == process) member.hits = old.hits;
    }
    next.members.push_back(std::move(member));
  }
  ingest::Breakpoint& kept = breakpoints_[next.id] = std::move(next);
  for (ingest::BreakpointMember& member : kept.members) {
    if (contains(live, member.process)) sendTo(kept, member, out);
  }
  publish(kept, out);
  return kept.id;
}

void BreakpointRegistry::sendTo(ingest::Breakpoint& breakpoint, ingest::BreakpointMember& member, DebugActions& out) {
  member.reason.clear();
  if (!breakpoint.enabled || breakpoint.waiting) {
    member.ack = MemberAck::Draft;
    if (breakpoint.waiting) member.reason = waitText(breakpoint);
  } else if (breakpoint.kind == BreakpointKind::Tick) {
    member.ack = MemberAck::Verified;  // needs nothing in the process
  } else {
    member.ack = MemberAck::Sent;
    out.emplace_back(ArmSite{member.process, breakpoint});
  }
}

void BreakpointRegistry::disarmAt(const ingest::Breakpoint& breakpoint, const ProcessId& process, DebugActions& out) {
  const bool sent = breakpoint.kind != BreakpointKind::Tick && breakpoint.kind != BreakpointKind::Metric;
  if (sent && !breakpoint.waiting) out.emplace_back(DisarmSite{process, breakpoint.id});
}

void BreakpointRegistry::publish(ingest::Breakpoint& breakpoint, DebugActions& out) {
  breakpoint.armed = breakpoint.enabled && !breakpoint.waiting && !breakpoint.removed && !breakpoint.members.empty() &&
                     std::all_of(breakpoint.members.begin(), breakpoint.members.end(),
                                 [](const auto& member) { return member.ack == MemberAck::Verified; });
  out.emplace_back(PublishBreakpoint{breakpoint});
}

Result<> BreakpointRegistry::remove(const std::string& id, DebugActions& out) {
  const auto it = breakpoints_.find(id);
  if (it == breakpoints_.end()) return fail(ErrorCode::NotFound, fmt::format("There is no breakpoint {}.", id));
  ingest::Breakpoint& breakpoint = it->second;
  for (const auto& member : breakpoint.members) disarmAt(breakpoint, member.process, out);
  breakpoint.removed = true;
  publish(breakpoint, out);
  breakpoints_.erase(it);
  return {};
}

Result<> BreakpointRegistry::switchOff(const std::string& id, const std::string& reason, DebugActions& out) {
  const auto it = breakpoints_.find(id);
  if (it == breakpoints_.end()) return fail(ErrorCode::NotFound, fmt::format("There is no breakpoint {}.", id));
  ingest::Breakpoint& breakpoint = it->second;
  if (!breakpoint.enabled) return {};
  breakpoint.enabled = false;
  ++breakpoint.revision;
  for (auto& member : breakpoint.members) {
    disarmAt(breakpoint, member.process, out);
    member.ack = MemberAck::Draft;
    member.reason = reason;
  }
  breakpoint.waiting = false;
  publish(breakpoint, out);
  return {};
}

void BreakpointRegistry::removeGroup(const std::string& group, DebugActions& out) {
  std::vector<std::string> ids;
  for (const auto& [id, breakpoint] : breakpoints_) {
    if (breakpoint.group == group) ids.push_back(id);
  }
  for (const std::string& id : ids) (void)remove(id, out);
}

// "B after A": A must be there, and must not wait for B itself.
Result<> BreakpointRegistry::checkChain(const ingest::Breakpoint& wanted) const {
  std::string next = wanted.afterHitOf;
  for (std::size_t steps = 0; !next.empty(); ++steps) {
    const ingest::Breakpoint* before = find(next);
    if (!before) return fail(ErrorCode::NotFound, fmt::format("There is no breakpoint {} to wait for.", next));
    if (next == wanted.id || steps > kMost) {
      return fail(ErrorCode::InvalidArgument, fmt::format("{} would wait for itself.", wanted.id));
    }
    next = before->afterHitOf;
  }
  return {};
}

DebugActions BreakpointRegistry::trigger(const std::string& id) {
  DebugActions out;
  const auto it = breakpoints_.find(id);
  if (it == breakpoints_.end() || !it->second.waiting || !it->second.enabled) return out;
  if (it->second.kind == BreakpointKind::Metric) {
    (void)switchOff(id, "It has stopped once; switch it on for the next time.", out);
    return out;
  }
  it->second.waiting = false;
  for (ingest::BreakpointMember& member : it->second.members) {
    member.reason.clear();
    if (live_.contains(member.process)) sendTo(it->second, member, out);
  }
  publish(it->second, out);
  return out;
}

DebugActions BreakpointRegistry::cannotTrigger(const std::string& id, const std::string& why) {
  DebugActions out;
  const auto it = breakpoints_.find(id);
  if (it == breakpoints_.end() || !it->second.waiting) return out;
  for (ingest::BreakpointMember& member : it->second.members) {
    if (member.ack == MemberAck::Rejected && member.reason == why) return out;
    member.ack = MemberAck::Rejected;
    member.reason = why;
  }
  publish(it->second, out);
  return out;
}

DebugActions BreakpointRegistry::on(const ProcessUp& event) {
  DebugActions out;
  live_.insert(event.process);
  for (auto& [id, breakpoint] : breakpoints_) {
    ingest::BreakpointMember* member = memberOf(breakpoint, event.process);
    if (!member || !breakpoint.enabled) continue;
    sendTo(breakpoint, *member, out);
    publish(breakpoint, out);
  }
  return out;
}

DebugActions BreakpointRegistry::on(const ProcessDown& event) {
  DebugActions out;
  live_.erase(event.process);
  for (auto& [id, breakpoint] : breakpoints_) {
    ingest::BreakpointMember* member = memberOf(breakpoint, event.process);
    if (!member || member->ack == MemberAck::Draft) continue;
    member->ack = MemberAck::Draft;
    member->reason = fmt::format("{} is gone.", event.process.value);
    publish(breakpoint, out);
  }
  return out;
}

DebugActions BreakpointRegistry::on(const ArmAnswer& event) {
  DebugActions out;
  const auto it = breakpoints_.find(event.breakpoint);
  if (it == breakpoints_.end() || it->second.revision != event.revision || !it->second.enabled || it->second.waiting) {
    return out;
  }
  ingest::BreakpointMember* member = memberOf(it->second, event.process);
  if (!member) return out;
  member->ack = event.ok ? MemberAck::Verified : MemberAck::Rejected;
  member->reason = event.reason;
  if (event.ok && event.movedLine != 0 && event.movedLine != it->second.line) {
    member->ack = MemberAck::Moved;
    member->reason = fmt::format("It was bound to line {}.", event.movedLine);
    disarmAt(it->second, event.process, out);  // nobody wants a stop there
  }
  publish(it->second, out);
  return out;
}

DebugActions BreakpointRegistry::on(const Disarmed& event) {
  DebugActions out;
  const auto it = breakpoints_.find(event.breakpoint);
  if (it == breakpoints_.end() || !it->second.enabled) return out;
  if (it->second.capture) {
    (void)switchOff(event.breakpoint, "It has captured what it should.", out);
    return out;
  }
  ingest::BreakpointMember* member = memberOf(it->second, event.process);
  if (!member) return out;
  member->ack = MemberAck::Draft;
  member->reason = event.reason;
  publish(it->second, out);
  return out;
}

DebugActions BreakpointRegistry::on(const SiteHit& event) {
  DebugActions out;
  const auto it = breakpoints_.find(event.breakpoint);
  if (it == breakpoints_.end()) return out;
  ingest::Breakpoint& breakpoint = it->second;
  ingest::BreakpointMember* member = memberOf(breakpoint, event.process);
  if (!member) return out;
  member->hits = std::max(event.hits, member->hits + 1);
  if (breakpoint.capture && !event.stops) {
    ingest::Hit hit;
    hit.id = fmt::format("{}-hit-{}", breakpoint.id, ++captures_);
    hit.group = breakpoint.group;
    hit.breakpoint = breakpoint.id;
    hit.leader = event.process;
    hit.tick = event.tick;
    hit.time = event.time;
    hit.cause = "capture";
    hit.members.push_back({});
    hit.members.back().state.process = event.process;
    hit.members.back().state.tick = event.tick;
    hit.members.back().frames = event.frames;
    hit.members.back().locals = event.locals;
    hit.members.back().thread = event.thread;
    hit.members.back().sources = event.sources;
    out.emplace_back(PublishHit{std::move(hit)});
  }
  // A log point may be hit often: its count is told now and then.
  const bool tell = breakpoint.logText.empty() || member->hits < 16 || member->hits % 64 == 0;
  if (tell) publish(breakpoint, out);
  // Those that wait for this one. Ids are taken first: triggering changes nothing of the map, but publishes.
  std::vector<std::string> waiting;
  for (const auto& [id, other] : breakpoints_) {
    if (other.waiting && other.afterHitOf == event.breakpoint) waiting.push_back(id);
  }
  for (const std::string& id : waiting) {
    DebugActions armed = trigger(id);
    std::move(armed.begin(), armed.end(), std::back_inserter(out));
  }
  return out;
}

const ingest::Breakpoint* BreakpointRegistry::find(const std::string& id) const {
  const auto it = breakpoints_.find(id);
  return it == breakpoints_.end() ? nullptr : &it->second;
}

std::vector<ingest::Breakpoint> BreakpointRegistry::all() const {
  std::vector<ingest::Breakpoint> out;
  for (const auto& [id, breakpoint] : breakpoints_) out.push_back(breakpoint);
  return out;
}

void BreakpointRegistry::restore(std::vector<ingest::Breakpoint> kept) {
  for (ingest::Breakpoint& breakpoint : kept) {
    if (breakpoint.removed || breakpoint.id.empty() || breakpoints_.size() >= kMost) continue;
    // What was wanted is kept; nothing stops a game before somebody who watches asks for it again.
    breakpoint.armed = false;
    breakpoint.enabled = breakpoint.waiting = false;
    for (auto& member : breakpoint.members) {
      member.ack = MemberAck::Draft;
      member.reason = "The agent was restarted: switch it on again.";
    }
    nextId_ = std::max(nextId_, numberIn(breakpoint.id) + 1);
    breakpoints_[breakpoint.id] = std::move(breakpoint);
  }
}

DebugActions BreakpointRegistry::onTime(TimeNs now) {
  DebugActions out;
  std::vector<std::string> expired;
  for (const auto& [id, breakpoint] : breakpoints_) {
    if (breakpoint.expires != 0 && breakpoint.expires <= now) expired.push_back(id);
  }
  for (const std::string& id : expired) {
    out.emplace_back(Audit{fmt::format("Breakpoint {} has expired.", id)});
    (void)remove(id, out);
  }
  return out;
}

std::optional<TimeNs> BreakpointRegistry::nextDeadline() const {
  std::optional<TimeNs> out;
  for (const auto& [id, breakpoint] : breakpoints_) {
    if (breakpoint.expires != 0) out = std::min(out.value_or(breakpoint.expires), breakpoint.expires);
  }
  return out;
}

}  // namespace qd::control
