// SPDX-License-Identifier: Apache-2.0
// One member of a stopped LinkGroup by itself: it runs on, or goes by a line, while the others stand.
#include <fmt/format.h>

#include <algorithm>

#include "core/control/link_group.h"

namespace qd::control {

using ingest::GroupState;
using ingest::MemberState;

Result<LinkGroup::Member*> LinkGroup::standing(const ProcessId& process) {
  Member* member = find(process);
  if (!member) {
    return fail(ErrorCode::NotFound, fmt::format("{} is no member of group {}.", process.value, view_.id));
  }
  const bool stands = view_.state != GroupState::Running && view_.state != GroupState::Resuming &&
                      viewOf(*member).state == MemberState::Stopped;
  if (!stands) return fail(ErrorCode::Conflict, fmt::format("{} does not stand; pause it first.", process.value));
  return member;
}

Result<> LinkGroup::resumeOne(const ProcessId& process, const std::string& who, TimeNs, DebugActions& out) {
  auto member = standing(process);
  if (!member) return std::unexpected(member.error());
  (*member)->alone = who.empty() ? "Somebody" : who;
  orderResume(**member, out);
  return {};
}

Result<> LinkGroup::stepSource(const ProcessId& process, StepHow how, std::int64_t thread, TimeNs now,
                               DebugActions& out) {
  auto found = standing(process);
  if (!found) return std::unexpected(found.error());
  Member& member = **found;
  member.stopId = nextStopId_++;
  member.parked = member.hit = false;
  member.closedEpoch = std::max(member.closedEpoch.value_or(0), member.epoch);
  viewOf(member).state = MemberState::Stopping;
  viewOf(member).ack = ingest::StopAck::None;
  out.emplace_back(OrderSourceStep{process, member.stopId, how, thread});
  // A new bundle: what the others showed still holds for them.
  hit_.id = fmt::format("{}-hit-{}", view_.id, ++hitCount_);
  hit_.cause = "step";
  hit_.time = now;
  ingest::HitMember& context = hitMember(process);
  context.frames.clear(), context.locals.clear(), context.sources.clear();
  view_.hitId = hit_.id;
  deadline_ = now + times_.gather;
  setState(GroupState::Gathering, fmt::format("{} goes on by a line; the others stand.", process.value), out);
  return {};
}

DebugActions LinkGroup::stopFor(const std::string& breakpoint, const ProcessId& process, TimeNs now) {
  DebugActions out;
  Member* member = find(process);
  if (!member || view_.state != GroupState::Running || viewOf(*member).state == MemberState::Exited) return out;
  pauseAt(*member, breakpoint, "breakpoint", fmt::format("{} has crossed in {}.", breakpoint, process.value), now, out);
  return out;
}

}  // namespace qd::control
