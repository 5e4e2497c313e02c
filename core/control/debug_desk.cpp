// SPDX-License-Identifier: Apache-2.0
#include "core/control/debug_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace qd::control {
namespace {

void append(DebugActions more, DebugActions& out) {
  std::move(more.begin(), more.end(), std::back_inserter(out));
}

MemberSpec specOf(const ProcessUp& process) {
  return {process.process, process.domain, process.kind, process.tickHz};
}

}  // namespace

Result<std::string> DebugDesk::execute(SessionId session, const std::string& who, const DebugOrder& order, TimeNs now,
                                       DebugActions& out) {
  DebugActions actions;
  Result<std::string> answer = std::string();
  const auto withGroup = [&](const std::string& id, auto act) {
    auto group = one(id);
    if (!group) {
      answer = std::unexpected(group.error());
    } else if (auto done = act(**group); !done) {
      answer = std::unexpected(done.error());
    } else {
      answer = (*group)->view().id;
    }
  };
  if (const auto* breakpoint = std::get_if<BreakpointOrder>(&order)) {
    answer = set(*breakpoint, actions);
  } else if (const auto* remove = std::get_if<RemoveOrder>(&order)) {
    const auto removed = registry_.remove(remove->id, actions);
    answer = removed ? Result<std::string>(remove->id) : std::unexpected(removed.error());
    planAll(actions);
  } else if (const auto* link = std::get_if<LinkOrder>(&order)) {
    answer = this->link(link->members, actions);
  } else if (const auto* unlink = std::get_if<UnlinkOrder>(&order)) {
    answer = this->unlink(unlink->group, actions);
  } else if (const auto* pause = std::get_if<PauseOrder>(&order)) {
    withGroup(pause->group, [&](LinkGroup& group) { return group.pause(who, now, actions); });
  } else if (const auto* resume = std::get_if<ResumeOrder>(&order)) {
    answer = this->resume(resume->group, who, now, actions);
  } else if (const auto* step = std::get_if<StepOrder>(&order)) {
    withGroup(step->group, [&](LinkGroup& group) { return group.step(step->ticks, now, actions); });
  } else {
    const TimeNs until = leases_.renew(session, who, std::get<RenewLeaseOrder>(order).ttl.ns, now);
    for (auto& [id, group] : groups_) append(group.renewLease(until), actions);
  }
  take(std::move(actions), out);
  return answer;
}

// --- events ----------------------------------------------------------------------------------------------------------

LinkGroup* DebugDesk::groupOf(const ProcessId& process) {
  for (auto& [id, group] : groups_) {
    if (group.has(process)) return &group;
  }
  return nullptr;
}

// Whether this process was armed with it, so that its stop is meant.
bool DebugDesk::isArmed(const std::string& breakpoint, const ProcessId& process) const {
  const ingest::Breakpoint* known = registry_.find(breakpoint);
  if (!known || !known->enabled) return false;
  return std::any_of(known->members.begin(), known->members.end(), [&](const auto& member) {
    return member.process == process &&
           (member.ack == ingest::MemberAck::Sent || member.ack == ingest::MemberAck::Verified);
  });
}

DebugActions DebugDesk::on(const ProcessEvent& event, TimeNs now) {
  DebugActions actions;
  if (const auto* up = std::get_if<ProcessUp>(&event)) {
    const auto known = instances_.find(up->process);
    const bool fresh = known == instances_.end() || known->second != up->instance;
    const bool back = fresh || !processes_.contains(up->process);
    instances_[up->process] = up->instance;
    processes_[up->process] = *up;
    if (LinkGroup* group = groupOf(up->process)) append(group->onBack(specOf(*up), fresh, now), actions);
    if (back) append(registry_.on(*up), actions);
  } else if (const auto* down = std::get_if<ProcessDown>(&event)) {
    processes_.erase(down->process);
    if (LinkGroup* group = groupOf(down->process)) append(group->on(*down, now), actions);
    append(registry_.on(*down), actions);
  } else if (const auto* answer = std::get_if<ArmAnswer>(&event)) {
    actions = registry_.on(*answer);
  } else if (const auto* disarmed = std::get_if<Disarmed>(&event)) {
    actions = registry_.on(*disarmed);
  } else if (const auto* hit = std::get_if<SiteHit>(&event)) {
    const bool meant = isArmed(hit->breakpoint, hit->process);
    actions = registry_.on(*hit);
    LinkGroup* group = groupOf(hit->process);
    if (group && meant && hit->stops) append(group->on(*hit, now), actions);
  } else if (const auto* context = std::get_if<StopContext>(&event)) {
    if (LinkGroup* group = groupOf(context->process)) append(group->on(*context), actions);
  } else if (const auto* parked = std::get_if<Parked>(&event)) {
    Parked checked = *parked;
    if (!isArmed(checked.breakpoint, checked.process)) checked.breakpoint.clear();
    LinkGroup* group = groupOf(parked->process);
    if (group) {
      append(group->on(checked, now), actions);
    } else {
      actions.emplace_back(OrderResume{parked->process});
    }
  } else if (const auto* resumed = std::get_if<Resumed>(&event)) {
    if (LinkGroup* group = groupOf(resumed->process)) append(group->on(*resumed, now), actions);
  }
  DebugActions out;
  take(std::move(actions), out);
  return out;
}

// Does what is the desk's own to do, and passes on the rest.
void DebugDesk::take(DebugActions actions, DebugActions& out) {
  for (DebugAction& action : actions) {
    if (const auto* off = std::get_if<SwitchOff>(&action)) {
      (void)registry_.switchOff(off->breakpoint, off->reason, out);
    } else {
      out.push_back(std::move(action));
    }
  }
}

DebugActions DebugDesk::onTime(TimeNs now) {
  DebugActions actions = registry_.onTime(now);
  const bool removed = !actions.empty();
  for (auto& [id, group] : groups_) append(group.onTime(now), actions);
  leases_.forgetExpired(now);
  DebugActions out;
  take(std::move(actions), out);
  if (removed) planAll(out);
  return out;
}

std::optional<TimeNs> DebugDesk::nextDeadline() const {
  std::optional<TimeNs> out = registry_.nextDeadline();
  for (const auto& [id, group] : groups_) {
    if (const auto next = group.nextDeadline()) out = std::min(out.value_or(*next), *next);
  }
  return out;
}

bool DebugDesk::holds(const ProcessId& process) const {
  return std::any_of(groups_.begin(), groups_.end(), [&](const auto& entry) { return entry.second.holds(process); });
}

std::vector<ingest::LinkGroup> DebugDesk::groups() const {
  std::vector<ingest::LinkGroup> out;
  for (const auto& [id, group] : groups_) out.push_back(group.view());
  return out;
}

void DebugDesk::restore(std::vector<ingest::LinkGroup> groups, std::vector<ingest::Breakpoint> breakpoints) {
  for (const ingest::LinkGroup& kept : groups) {
    if (kept.removed || kept.id.empty()) continue;
    std::vector<MemberSpec> specs;
    for (const auto& member : kept.members) {
      const bool server = member.process.value == kept.domain;
      specs.push_back(
          {member.process, kept.domain, server ? ingest::ProcessKind::Server : ingest::ProcessKind::Editor, 60});
    }
    LinkGroup& group = groups_.try_emplace(kept.id, kept.id, specs, times_).first->second;
    for (const MemberSpec& spec : specs) (void)group.on(ProcessDown{spec.process, ""}, 0);
    std::uint64_t number = 0;
    const std::size_t dash = kept.id.rfind('-');
    if (dash != std::string::npos) std::from_chars(kept.id.data() + dash + 1, kept.id.data() + kept.id.size(), number);
    nextGroup_ = std::max(nextGroup_, number + 1);
  }
  registry_.restore(std::move(breakpoints));
}

}  // namespace qd::control
