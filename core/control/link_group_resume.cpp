// SPDX-License-Identifier: Apache-2.0
// How a LinkGroup runs on again: resume in two phases, members that vanish or come back, leases and deadlines.
#include <fmt/format.h>

#include <algorithm>

#include "core/control/link_group.h"

namespace qd::control {

using ingest::GroupState;
using ingest::MemberState;

namespace {

constexpr int kConfirmRounds = 3;

void forgetStop(ingest::GroupMember& member) {
  member.skewTicks = member.skewNs = member.stoppedSkewNs = 0;
  member.ack = ingest::StopAck::None;
}

}  // namespace

Result<> LinkGroup::resume(const std::string& who, TimeNs now, DebugActions& out) {
  if (view_.state == GroupState::Running || view_.state == GroupState::Resuming) return {};
  startResume(fmt::format("{} continued.", who.empty() ? "Somebody" : who), now, out);
  return {};
}

void LinkGroup::orderResume(Member& member, DebugActions& out) {
  const bool stands = member.parked || member.hit;
  const std::uint64_t stopId = std::exchange(member.stopId, 0);
  if (stands || stopId != 0) out.emplace_back(OrderResume{member.spec.process, member.epoch, stands ? 0 : stopId});
  if (stands) member.closedEpoch = std::max(member.closedEpoch.value_or(0), member.epoch);
  if (view_.state != GroupState::Resuming) return;
  // One that was only told to stop and has not yet simply runs on; one that stands, or will, must confirm.
  viewOf(member).state = stands ? MemberState::Resuming : MemberState::Running;
}

void LinkGroup::startResume(const std::string& reason, TimeNs now, DebugActions& out) {
  view_.state = GroupState::Resuming;
  view_.reason = reason;
  leaderOrdered_ = false;
  awaitLeader_ = false;
  confirmRounds_ = 0;
  pending_ = std::nullopt;
  deadline_ = now + times_.confirm;
  for (Member& member : members_) {
    ingest::GroupMember& shown = viewOf(member);
    forgetStop(shown);
    member.again = false;
    if (shown.state != MemberState::Exited && member.spec.process != view_.leader) orderResume(member, out);
  }
  out.emplace_back(PublishGroup{view_});
  advanceResume(now, out);
}

// Followers first, then the leader, then the group runs.
void LinkGroup::advanceResume(TimeNs now, DebugActions& out) {
  if (view_.state != GroupState::Resuming) return;
  const auto confirmed = [this](const Member& member) {
    const MemberState state = viewOf(member).state;
    const bool hitAgain = member.hit && !closed(member, member.epoch);
    return state == MemberState::Running || state == MemberState::Exited || state == MemberState::Wedged || hitAgain;
  };
  for (const Member& member : members_) {
    if (member.spec.process != view_.leader && !confirmed(member)) return;
  }
  Member* leader = find(view_.leader);
  if (leader && !leaderOrdered_) {
    leaderOrdered_ = true;
    confirmRounds_ = 0;
    deadline_ = now + times_.confirm;
    // One that ran already, and has hit anew since, stays: that hit opens the next stop.
    if (viewOf(*leader).state != MemberState::Exited && !leader->again) orderResume(*leader, out);
  }
  if (!leader || confirmed(*leader)) finishResume(now, out);
}

void LinkGroup::finishResume(TimeNs now, DebugActions& out) {
  const Tick last = view_.tick;
  ++view_.epoch;
  view_.hitId.clear();
  view_.breakpoint.clear();
  view_.leader = ProcessId();
  view_.stoppedAt = 0;
  view_.leaseUntil = 0;
  deadline_ = 0;
  leaderOrdered_ = awaitLeader_ = false;
  setState(GroupState::Running, view_.reason, out);
  if (pending_) {
    const SiteHit hit = *std::exchange(pending_, std::nullopt);
    Member* member = find(hit.process);
    const bool parked = member && member->parked;
    for (DebugAction& action : on(hit, now)) out.push_back(std::move(action));
    if (!parked) return;
    viewOf(*member).state = MemberState::Stopped;
    settle(now, out);
  } else if (plannedTick_ > last) {
    planStop(plannedBreakpoint_, plannedTick_, out);
  }
}

DebugActions LinkGroup::on(const Resumed& event, TimeNs now) {
  DebugActions out;
  Member* member = find(event.process);
  if (!member) return out;
  member->epoch = std::max(member->epoch, event.epoch);
  if (event.epoch > 0) member->closedEpoch = std::max(member->closedEpoch.value_or(0), event.epoch - 1);
  member->parked = member->again = false;
  member->early.reset();
  member->hit = false;
  ingest::GroupMember& shown = viewOf(*member);
  if (shown.state == MemberState::Exited) return out;
  if (view_.state == GroupState::Resuming || view_.state == GroupState::Running) {
    const bool news = std::exchange(shown.state, MemberState::Running) != MemberState::Running;
    if (pending_ && pending_->process == event.process) pending_ = std::nullopt;
    if (news) out.emplace_back(PublishGroup{view_});
    advanceResume(now, out);
    return out;
  }
  if (shown.state != MemberState::Stopped) return out;  // a step has begun
  shown.state = MemberState::Running;
  forgetStop(shown);
  const std::string alone = std::exchange(member->alone, {});
  const bool anyStands = std::any_of(view_.members.begin(), view_.members.end(), [](const auto& other) {
    return other.state == MemberState::Stopped || other.state == MemberState::Stopping;
  });
  if (!alone.empty()) {
    view_.reason = fmt::format("{} let {} run on alone.", alone, event.process.value);
    if (!anyStands) {
      finishResume(now, out);
      return out;
    }
    setState(view_.state == GroupState::Stopped ? GroupState::Partial : view_.state, view_.reason, out);
    return out;
  }
  const std::string why = event.reason.empty() ? "" : " (" + event.reason + ")";
  const GroupState state = view_.state == GroupState::Stopped ? GroupState::Partial : view_.state;
  setState(state, fmt::format("{} runs again by itself{}.", event.process.value, why), out);
  return out;
}

DebugActions LinkGroup::on(const ProcessDown& event, TimeNs now) {
  DebugActions out;
  Member* member = find(event.process);
  if (!member || viewOf(*member).state == MemberState::Exited) return out;
  viewOf(*member).state = MemberState::Exited;
  forgetStop(viewOf(*member));
  member->parked = member->hit = false;
  member->stopId = 0;
  if (pending_ && pending_->process == event.process) pending_ = std::nullopt;
  view_.reason = fmt::format("{} is gone{}.", event.process.value, event.reason.empty() ? "" : ": " + event.reason);
  if (view_.state == GroupState::Running) {
    out.emplace_back(PublishGroup{view_});
  } else if (view_.state == GroupState::Resuming) {
    advanceResume(now, out);
  } else {
    if (awaitLeader_ && event.process == view_.leader) {
      awaitLeader_ = false;
      orderFollowers(std::nullopt, out);
    }
    settle(now, out);
  }
  return out;
}

DebugActions LinkGroup::onBack(const MemberSpec& back, bool newInstance, TimeNs now) {
  DebugActions out;
  Member* member = find(back.process);
  if (!member) return out;
  if (viewOf(*member).state != MemberState::Exited) {
    if (!newInstance) return out;
    out = on(ProcessDown{back.process, "started again"}, now);
  }
  member->spec = back;
  if (newInstance) {
    member->epoch = 0;
    member->closedEpoch = member->answered = std::nullopt;
  }
  viewOf(*member) = {.process = back.process};
  if (view_.state == GroupState::Stopped) {
    setState(GroupState::Partial, fmt::format("{} is back and runs.", back.process.value), out);
  } else {
    out.emplace_back(PublishGroup{view_});
  }
  if (view_.state == GroupState::Running && plannedTick_ > 0) planStop(plannedBreakpoint_, plannedTick_, out);
  return out;
}

DebugActions LinkGroup::onTime(TimeNs now) {
  DebugActions out;
  const bool stopped = view_.state != GroupState::Running && view_.state != GroupState::Resuming;
  if (stopped && now >= view_.leaseUntil) {
    if (!view_.breakpoint.empty()) {
      out.emplace_back(SwitchOff{view_.breakpoint, "The lease of its stop ran out."});
    }
    out.emplace_back(
        Audit{fmt::format("The lease of group {} ran out at tick {}; everything resumes.", view_.id, view_.tick)});
    startResume("The lease ran out.", now, out);
    return out;
  }
  if (deadline_ == 0 || now < deadline_) return out;
  if (stopped) {
    deadline_ = 0;
    if (std::exchange(awaitLeader_, false)) orderFollowers(std::nullopt, out);
    setState(GroupState::Partial, fmt::format("Still running: {}.", stillRunning()), out);
    publishHit(out);
    return out;
  }
  confirmLate(now, out);
  return out;
}

// The members that have been told to resume and have not confirmed are told again, then given up on: unheld, a probe
// frees itself.
void LinkGroup::confirmLate(TimeNs now, DebugActions& out) {
  const bool last = ++confirmRounds_ >= kConfirmRounds;
  deadline_ = now + times_.confirm;
  for (Member& member : members_) {
    ingest::GroupMember& shown = viewOf(member);
    if (shown.state != MemberState::Resuming) continue;
    out.emplace_back(OrderResume{member.spec.process, member.epoch});
    if (!last) continue;
    shown.state = member.parked ? MemberState::Wedged : MemberState::Running;
    if (member.parked) view_.reason = fmt::format("{} has not confirmed that it runs.", member.spec.process.value);
  }
  advanceResume(now, out);
}

std::optional<TimeNs> LinkGroup::nextDeadline() const {
  std::optional<TimeNs> out;
  if (view_.state != GroupState::Running && view_.state != GroupState::Resuming) out = view_.leaseUntil;
  if (deadline_ != 0) out = std::min(out.value_or(deadline_), deadline_);
  return out;
}

}  // namespace qd::control
