// SPDX-License-Identifier: Apache-2.0
#include "core/control/link_group.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace qd::control {

using ingest::GroupState;
using ingest::MemberState;

LinkGroup::LinkGroup(std::string id, std::vector<MemberSpec> members, LinkTimes times, std::string home)
    : times_(times) {
  view_.id = std::move(id);
  view_.home = std::move(home);
  const auto server = std::find_if(members.begin(), members.end(),
                                   [](const MemberSpec& spec) { return spec.kind == ingest::ProcessKind::Server; });
  if (!members.empty()) view_.domain = server != members.end() ? server->domain : members.front().domain;
  for (MemberSpec& spec : members) {
    view_.members.push_back({.process = spec.process});
    members_.push_back(Member{.spec = std::move(spec), .epoch = 0, .closedEpoch = std::nullopt});
  }
}

LinkGroup::Member* LinkGroup::find(const ProcessId& process) {
  const auto it =
      std::find_if(members_.begin(), members_.end(), [&](const Member& m) { return m.spec.process == process; });
  return it == members_.end() ? nullptr : &*it;
}

ingest::GroupMember& LinkGroup::viewOf(const Member& member) {
  return view_.members[static_cast<std::size_t>(&member - members_.data())];
}

bool LinkGroup::has(const ProcessId& process) const {
  return std::any_of(members_.begin(), members_.end(), [&](const Member& m) { return m.spec.process == process; });
}

bool LinkGroup::holds(const ProcessId& process) const {
  if (view_.state == GroupState::Resuming) {
    // A member that waits for its turn, and the hit that opens the next stop.
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (members_[i].spec.process == process) return view_.members[i].state == MemberState::Stopped;
    }
    return false;
  }
  for (const ingest::GroupMember& member : view_.members) {
    if (member.process != process) continue;
    return member.state == MemberState::Stopping || member.state == MemberState::Stopped;
  }
  return false;
}

bool LinkGroup::sameDomain(const Member& member) const {
  const auto leader =
      std::find_if(members_.begin(), members_.end(), [&](const Member& m) { return m.spec.process == view_.leader; });
  return leader != members_.end() && leader->spec.domain == member.spec.domain;
}

bool LinkGroup::closed(const Member& member, std::uint64_t epoch) const {
  return member.closedEpoch && epoch <= *member.closedEpoch;
}

ingest::HitMember& LinkGroup::hitMember(const ProcessId& process) {
  for (ingest::HitMember& member : hit_.members) {
    if (member.state.process == process) return member;
  }
  hit_.members.push_back({});
  hit_.members.back().state.process = process;
  return hit_.members.back();
}

// --- opening a stop --------------------------------------------------------------------------------------------------

void LinkGroup::open(Member& leader, const std::string& breakpoint, const std::string& cause, Tick tick, TimeNs now,
                     DebugActions& out) {
  hit_ = {};
  hit_.id = fmt::format("{}-hit-{}", view_.id, ++hitCount_);
  hit_.group = view_.id;
  hit_.breakpoint = breakpoint;
  hit_.leader = leader.spec.process;
  hit_.cause = cause;
  hit_.tick = tick;
  hit_.time = now;
  for (Member& member : members_) {
    hitMember(member.spec.process);
    const auto early = std::exchange(member.early, std::nullopt);
    if (early && !closed(member, early->epoch)) keep(*early);
  }
  view_.leader = leader.spec.process;
  view_.breakpoint = breakpoint;
  view_.hitId = hit_.id;
  view_.tick = tick;
  view_.stoppedAt = now;
  view_.leaseUntil = now + leaseNs();
  deadline_ = now + times_.gather;
  pending_ = std::nullopt;
  const bool user = cause == "user";
  setState(GroupState::Gathering,
           user ? fmt::format("{} asked for a pause.", breakpoint.empty() ? "Somebody" : breakpoint)
                : fmt::format("{} hit {} at tick {}.", leader.spec.process.value, breakpoint, tick),
           out);
}

// Members that run are told to stop: those of the leader's domain at its tick, others at once.
void LinkGroup::orderFollowers(std::optional<Tick> tick, DebugActions& out) {
  for (Member& member : members_) {
    ingest::GroupMember& shown = viewOf(member);
    if (shown.state != MemberState::Running || member.spec.process == view_.leader) continue;
    shown.state = MemberState::Stopping;
    member.stopId = nextStopId_++;
    out.emplace_back(
        OrderStop{member.spec.process, member.stopId, sameDomain(member) ? tick : std::nullopt, byDebugger_});
  }
}

DebugActions LinkGroup::on(const SiteHit& event, TimeNs now) {
  DebugActions out;
  Member* member = find(event.process);
  if (!member || !event.stops || closed(*member, event.epoch)) return out;
  member->epoch = std::max(member->epoch, event.epoch);
  member->hit = true;
  ingest::GroupMember& shown = viewOf(*member);
  if (shown.state == MemberState::Exited) return out;
  if (view_.state == GroupState::Resuming) {
    if (!pending_) pending_ = event;  // opens the next stop as soon as this one is over
    shown.state = MemberState::Stopping;
    member->again = true;
    return out;
  }
  if (view_.state == GroupState::Running) {
    shown.state = MemberState::Stopping;
    byDebugger_ = event.byDebugger;
    open(*member, event.breakpoint, "breakpoint", event.tick, now, out);
    orderFollowers(event.tick, out);
  } else if (shown.state == MemberState::Running) {
    shown.state = MemberState::Stopping;
  }
  ingest::HitMember& context = hitMember(event.process);
  if (context.frames.empty()) context.frames = event.frames;
  if (context.locals.empty()) context.locals = event.locals;
  if (context.sources.empty()) context.sources = event.sources;
  out.emplace_back(PublishGroup{view_});
  return out;
}

void LinkGroup::keep(const StopContext& event) {
  ingest::HitMember& context = hitMember(event.process);
  context.frames = event.frames;
  context.locals = event.locals;
  context.thread = event.thread;
  context.sources = event.sources;
}

DebugActions LinkGroup::on(const StopContext& event) {
  DebugActions out;
  Member* member = find(event.process);
  if (!member || closed(*member, event.epoch)) return out;
  member->answered = event.epoch;
  member->answeredAt = event.time;
  if (view_.state == GroupState::Running || view_.state == GroupState::Resuming) {
    member->early = event;
    return out;
  }
  keep(event);
  acknowledge(*member);
  out.emplace_back(PublishGroup{view_});
  if (view_.state != GroupState::Gathering) publishHit(out);  // again, with more
  return out;
}

// --- stopping --------------------------------------------------------------------------------------------------------

void LinkGroup::markParked(Member& member, const Parked& event) {
  member.parked = true;
  member.parkedAt = event.time;
  ingest::GroupMember& shown = viewOf(member);
  shown.state = MemberState::Stopped;
  shown.tick = event.tick;
  const bool asksDebugger = event.byDebugger && member.answered != event.epoch;
  shown.ack = asksDebugger ? ingest::StopAck::Frozen : ingest::StopAck::Stopped;
  if (!event.byDebugger) member.answeredAt = event.time;
  if (member.spec.process == view_.leader) view_.tick = event.tick;
}

// The second acknowledgement, of one that stands.
void LinkGroup::acknowledge(Member& member) {
  ingest::GroupMember& shown = viewOf(member);
  if (shown.state != MemberState::Stopped) return;
  const Member* leader = find(view_.leader);
  shown.ack = ingest::StopAck::Stopped;
  if (leader && leader->parked) shown.stoppedSkewNs = member.answeredAt - leader->parkedAt;
  hitMember(member.spec.process).state = shown;
}

DebugActions LinkGroup::on(const Parked& event, TimeNs now) {
  DebugActions out;
  Member* member = find(event.process);
  if (!member) return out;
  member->epoch = std::max(member->epoch, event.epoch);
  ingest::GroupMember& shown = viewOf(*member);
  const bool planned = plannedStopId_ != 0 && event.stopId == plannedStopId_;
  const bool obeyed = event.stopId != 0 && event.stopId == member->stopId;
  const bool byItself = member->hit && !closed(*member, event.epoch);
  const bool site = !event.breakpoint.empty() && !closed(*member, event.epoch);
  member->parked = true;
  if (site) member->hit = true;
  if (view_.state == GroupState::Resuming) {
    if (byItself || site) {
      markParked(*member, event);
      if (!pending_) {
        pending_ = SiteHit{event.process, event.epoch, event.breakpoint, 0, true, event.tick, event.time, {}, {}};
      }
    } else {
      orderResume(*member, out);
    }
    return out;
  }
  if (view_.state == GroupState::Running) {
    if (!planned && !site && !byItself) {
      orderResume(*member, out);  // a stop that is over, or nobody's
      return out;
    }
    shown.state = MemberState::Stopping;
    const std::string breakpoint = planned ? plannedBreakpoint_ : event.breakpoint;
    open(*member, breakpoint, "breakpoint", event.tick, now, out);
    if (planned) {
      for (Member& other : members_) {
        if (other.stopId != plannedStopId_ || &other == member) continue;
        if (viewOf(other).state == MemberState::Running) viewOf(other).state = MemberState::Stopping;
      }
      plannedTick_ = 0;
      plannedStopId_ = 0;
    }
    orderFollowers(event.tick, out);
  } else if (!obeyed && !site && !byItself && !planned && shown.state == MemberState::Running) {
    // Gathering, stopped or partial: it joins. Whoever parks now is held with the others.
    shown.state = MemberState::Stopping;
  }
  markParked(*member, event);
  if (awaitLeader_ && member->spec.process == view_.leader) {
    awaitLeader_ = false;
    hit_.tick = event.tick;
    orderFollowers(event.tick, out);
  } else if (member->spec.process == view_.leader) {
    correctFollowers(event.tick, out);
  }
  settle(now, out);
  return out;
}

// The leader stands at another tick than its hit had said: those that still run to the old one get the true one.
void LinkGroup::correctFollowers(Tick tick, DebugActions& out) {
  if (tick == hit_.tick || hit_.cause == "step") return;
  hit_.tick = tick;
  for (const Member& member : members_) {
    const bool runs = view_.members[static_cast<std::size_t>(&member - members_.data())].state == MemberState::Stopping;
    if (!runs || member.stopId == 0 || !sameDomain(member)) continue;
    out.emplace_back(OrderStop{member.spec.process, member.stopId, tick});
  }
}

// Whether everybody stands; skews are known then.
void LinkGroup::settle(TimeNs, DebugActions& out) {
  if (view_.state == GroupState::Running || view_.state == GroupState::Resuming) return;
  const Member* leader = find(view_.leader);
  bool all = true;
  bool any = false;
  for (const Member& member : members_) {
    ingest::GroupMember& shown = viewOf(member);
    if (shown.state == MemberState::Exited) continue;
    any = any || shown.state == MemberState::Stopped;
    all = all && shown.state == MemberState::Stopped;
    if (shown.state == MemberState::Stopped && leader && leader->parked) {
      shown.skewTicks = sameDomain(member) ? shown.tick - view_.tick : 0;
      shown.skewNs = member.parkedAt - leader->parkedAt;
      if (shown.ack == ingest::StopAck::Stopped) shown.stoppedSkewNs = member.answeredAt - leader->parkedAt;
    }
    hitMember(member.spec.process).state = shown;
  }
  if (!any && all) {  // every member has exited
    finishResume(0, out);
    return;
  }
  if (all) {
    deadline_ = 0;
    awaitLeader_ = false;
    setState(GroupState::Stopped, fmt::format("All stand; the hit was at tick {}.", view_.tick), out);
    publishHit(out);
  } else {
    out.emplace_back(PublishGroup{view_});
    if (view_.state == GroupState::Partial) publishHit(out);
  }
}

std::string LinkGroup::stillRunning() const {
  std::string out;
  for (const ingest::GroupMember& member : view_.members) {
    if (member.state == MemberState::Stopped || member.state == MemberState::Exited) continue;
    out += (out.empty() ? "" : ", ") + member.process.value;
  }
  return out;
}

void LinkGroup::setState(GroupState state, std::string reason, DebugActions& out) {
  view_.state = state;
  view_.reason = std::move(reason);
  out.emplace_back(PublishGroup{view_});
}

void LinkGroup::publishHit(DebugActions& out) {
  hit_.tick = view_.tick;
  out.emplace_back(PublishHit{hit_});
}

Result<> LinkGroup::pause(const std::string& who, TimeNs now, DebugActions& out) {
  if (view_.state == GroupState::Resuming) {
    return fail(ErrorCode::Conflict, fmt::format("Group {} is just resuming; try again.", view_.id));
  }
  if (view_.state != GroupState::Running) return {};  // it stops or stands already
  Member* leader = nullptr;
  for (Member& member : members_) {
    if (viewOf(member).state == MemberState::Exited) continue;
    if (!leader ||
        (member.spec.kind == ingest::ProcessKind::Server && leader->spec.kind != ingest::ProcessKind::Server)) {
      leader = &member;
    }
  }
  if (!leader) return fail(ErrorCode::Unavailable, fmt::format("No member of group {} is running.", view_.id));
  pauseAt(*leader, "", "user", fmt::format("{} asked for a pause.", who.empty() ? "Somebody" : who), now, out);
  return {};
}

void LinkGroup::pauseAt(Member& leader, const std::string& breakpoint, const std::string& cause,
                        const std::string& reason, TimeNs now, DebugActions& out) {
  viewOf(leader).state = MemberState::Stopping;
  leader.stopId = nextStopId_++;
  byDebugger_ = false;
  out.emplace_back(OrderStop{leader.spec.process, leader.stopId, std::nullopt});
  open(leader, breakpoint, cause, 0, now, out);
  view_.reason = reason;
  // The others' tick is known when the leader stands; members of other domains need not wait.
  awaitLeader_ = true;
  for (Member& member : members_) {
    ingest::GroupMember& shown = viewOf(member);
    if (shown.state != MemberState::Running || sameDomain(member)) continue;
    shown.state = MemberState::Stopping;
    member.stopId = nextStopId_++;
    out.emplace_back(OrderStop{member.spec.process, member.stopId, std::nullopt});
  }
}

Result<> LinkGroup::step(std::uint32_t ticks, TimeNs now, DebugActions& out) {
  if (view_.state != GroupState::Stopped && view_.state != GroupState::Partial) {
    return fail(ErrorCode::Conflict, fmt::format("Group {} does not stand; pause it first.", view_.id));
  }
  const Tick n = std::max<Tick>(ticks, 1);
  double hz = 60;
  for (Member& member : members_) {
    ingest::GroupMember& shown = viewOf(member);
    if (shown.state == MemberState::Exited) continue;
    if (member.spec.process == view_.leader && member.spec.tickHz > 0) hz = member.spec.tickHz;
    const bool stands = shown.state == MemberState::Stopped;
    const Tick own = stands ? shown.tick + 1 : 0;
    const Tick target = sameDomain(member) ? std::max(view_.tick + n, own) : shown.tick + n;
    member.stopId = nextStopId_++;
    shown.state = MemberState::Stopping;
    shown.ack = ingest::StopAck::None;
    if (stands) {
      member.parked = member.hit = false;
      member.closedEpoch = std::max(member.closedEpoch.value_or(0), member.epoch);
      out.emplace_back(OrderStep{member.spec.process, member.stopId, target});
    } else {
      out.emplace_back(OrderStop{member.spec.process, member.stopId, target});
    }
  }
  hit_.id = fmt::format("{}-hit-{}", view_.id, ++hitCount_);
  hit_.cause = "step";
  hit_.time = now;
  for (ingest::HitMember& member : hit_.members) member.locals.clear(), member.frames.clear();
  view_.hitId = hit_.id;
  awaitLeader_ = false;
  deadline_ = now + times_.gather + static_cast<std::int64_t>(2e9 * static_cast<double>(n) / hz);
  setState(GroupState::Gathering, fmt::format("Stepping {} tick{}.", n, n == 1 ? "" : "s"), out);
  return {};
}

void LinkGroup::planStop(const std::string& breakpoint, Tick tick, DebugActions& out) {
  plannedBreakpoint_ = breakpoint;
  plannedTick_ = tick;
  plannedStopId_ = 0;
  if (tick == 0 || view_.state != GroupState::Running) return;
  plannedStopId_ = nextStopId_++;
  for (Member& member : members_) {
    if (viewOf(member).state != MemberState::Running || member.spec.domain != view_.domain) continue;
    member.stopId = plannedStopId_;
    out.emplace_back(OrderStop{member.spec.process, plannedStopId_, tick});
  }
}

std::int64_t LinkGroup::leaseNs() const {
  constexpr std::int64_t kBefore = 5 * kNsPerSecond, kLeast = 2 * kNsPerSecond;
  std::int64_t out = times_.lease;
  for (const Member& member : members_) {
    if (member.spec.healthNs > 0) out = std::min(out, std::max(member.spec.healthNs - kBefore, kLeast));
  }
  return out;
}

DebugActions LinkGroup::renewLease(TimeNs until, TimeNs now) {
  DebugActions out;
  if (view_.state == GroupState::Running || view_.state == GroupState::Resuming) return out;
  const TimeNs allowed = std::min({until, now + leaseNs(), view_.stoppedAt + times_.maximum});
  if (allowed <= view_.leaseUntil) return out;
  view_.leaseUntil = allowed;
  out.emplace_back(PublishGroup{view_});
  return out;
}

}  // namespace qd::control
