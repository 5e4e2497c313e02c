// SPDX-License-Identifier: Apache-2.0
#include "core/control/debug_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace qd::control {
namespace {

using ingest::BreakpointKind;
using ingest::GroupState;

void append(DebugActions more, DebugActions& out) {
  std::move(more.begin(), more.end(), std::back_inserter(out));
}

bool hasSite(const ProcessUp& process, const std::string& site) {
  return std::find(process.sites.begin(), process.sites.end(), site) != process.sites.end();
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

// --- orders ----------------------------------------------------------------------------------------------------------

Result<LinkGroup*> DebugDesk::one(const std::string& id) {
  if (id.empty()) {
    if (groups_.size() == 1) return &groups_.begin()->second;
    if (groups_.empty()) return fail(ErrorCode::NotFound, "There is no link group; make one with break link.");
    return fail(ErrorCode::InvalidArgument, "There are several link groups; name one.");
  }
  const auto it = groups_.find(id);
  if (it == groups_.end()) return fail(ErrorCode::NotFound, fmt::format("There is no link group {}.", id));
  return &it->second;
}

Result<std::vector<ProcessId>> DebugDesk::defaultMembers() const {
  const auto server = std::find_if(processes_.begin(), processes_.end(),
                                   [](const auto& entry) { return entry.second.kind == ingest::ProcessKind::Server; });
  if (server == processes_.end()) return fail(ErrorCode::NotFound, "There is no server to link.");
  std::vector<ProcessId> out = {server->first};
  for (const auto& [id, process] : processes_) {
    const bool editor = process.kind == ingest::ProcessKind::Editor && process.domain == server->first.value;
    if (editor) out.push_back(id);
  }
  return out;
}

Result<std::string> DebugDesk::link(std::vector<ProcessId> members, DebugActions& out) {
  if (members.empty()) {
    auto some = defaultMembers();
    if (!some) return std::unexpected(some.error());
    members = std::move(*some);
  }
  std::sort(members.begin(), members.end());
  members.erase(std::unique(members.begin(), members.end()), members.end());
  std::vector<MemberSpec> specs;
  for (const ProcessId& id : members) {
    const auto it = processes_.find(id);
    if (it == processes_.end()) {
      return fail(ErrorCode::NotFound,
                  fmt::format("{} is no live process of this agent; a group has all its members at one.", id.value));
    }
    specs.push_back(specOf(it->second));
  }
  for (const auto& [id, group] : groups_) {
    const auto& view = group.view();
    const bool overlaps = std::any_of(members.begin(), members.end(), [&](const ProcessId& m) { return group.has(m); });
    if (!overlaps) continue;
    const bool same = view.members.size() == members.size() &&
                      std::all_of(members.begin(), members.end(), [&](const ProcessId& m) { return group.has(m); });
    if (same) return id;
    return fail(ErrorCode::Conflict, fmt::format("Some of them are in group {} already; unlink that first.", id));
  }
  const std::string id = fmt::format("group-{}", nextGroup_++);
  const auto made = groups_.try_emplace(id, id, std::move(specs), times_).first;
  out.emplace_back(PublishGroup{made->second.view()});
  return id;
}

Result<std::string> DebugDesk::unlink(const std::string& id, DebugActions& out) {
  auto group = one(id);
  if (!group) return std::unexpected(group.error());
  if ((*group)->view().state != GroupState::Running) {
    return fail(ErrorCode::Conflict, fmt::format("Group {} is stopped; continue it first.", (*group)->view().id));
  }
  ingest::LinkGroup view = (*group)->view();
  registry_.removeGroup(view.id, out);
  planAll(out);
  view.removed = true;
  groups_.erase(view.id);
  out.emplace_back(PublishGroup{view});
  return view.id;
}

Result<std::string> DebugDesk::resume(const std::string& id, const std::string& who, TimeNs now, DebugActions& out) {
  if (!id.empty()) {
    auto group = one(id);
    if (!group) return std::unexpected(group.error());
    auto done = (*group)->resume(who, now, out);
    return done ? Result<std::string>(id) : std::unexpected(done.error());
  }
  std::string last;
  for (auto& [name, group] : groups_) {
    if (group.view().state == GroupState::Running) continue;
    if (group.resume(who, now, out)) last = name;
  }
  return last;
}

// The group that a breakpoint belongs to; made where there is none.
Result<std::string> DebugDesk::groupFor(const BreakpointOrder& order, DebugActions& out) {
  if (const auto* known = registry_.find(order.wanted.id)) return known->group;
  if (!order.wanted.group.empty()) {
    auto group = one(order.wanted.group);
    return group ? Result<std::string>((*group)->view().id) : std::unexpected(group.error());
  }
  if (!order.members.empty()) {
    for (const auto& [id, group] : groups_) {
      if (group.has(order.members.front())) return id;
    }
    return link(order.members, out);
  }
  const bool site = order.wanted.kind == BreakpointKind::Site;
  for (const auto& [id, group] : groups_) {
    const auto& members = group.view().members;
    const bool fits = std::any_of(members.begin(), members.end(), [&](const auto& member) {
      const auto it = processes_.find(member.process);
      return it != processes_.end() && (!site || hasSite(it->second, order.wanted.site));
    });
    if (fits) return id;
  }
  if (!site) return link({}, out);
  const auto usual = defaultMembers();
  for (const ProcessId& id : usual.value_or(std::vector<ProcessId>())) {
    if (hasSite(processes_.at(id), order.wanted.site)) return link(*usual, out);
  }
  for (const auto& [id, process] : processes_) {
    if (hasSite(process, order.wanted.site)) return link({id}, out);
  }
  return fail(ErrorCode::NotFound, fmt::format("No live process has the site {}.", order.wanted.site));
}

Result<std::vector<ProcessId>> DebugDesk::membersFor(const BreakpointOrder& order, const LinkGroup& group) const {
  for (const ProcessId& id : order.members) {
    if (!group.has(id)) {
      return fail(ErrorCode::InvalidArgument,
                  fmt::format("{} is not in group {}; link it first.", id.value, group.view().id));
    }
  }
  if (!order.members.empty()) return order.members;
  if (const auto* known = registry_.find(order.wanted.id)) {
    std::vector<ProcessId> same;
    for (const auto& member : known->members) same.push_back(member.process);
    return same;
  }
  std::vector<ProcessId> out;
  for (const ingest::GroupMember& member : group.view().members) {
    const auto it = processes_.find(member.process);
    if (it == processes_.end()) continue;
    const bool fits = order.wanted.kind == BreakpointKind::Site ? hasSite(it->second, order.wanted.site)
                                                                : it->second.kind == ingest::ProcessKind::Server;
    if (fits || order.wanted.kind == BreakpointKind::Tick) out.push_back(member.process);
  }
  return out;
}

Result<std::string> DebugDesk::set(const BreakpointOrder& order, DebugActions& out) {
  auto group = groupFor(order, out);
  if (!group) return std::unexpected(group.error());
  const auto home = groups_.find(*group);
  if (home == groups_.end()) return fail(ErrorCode::NotFound, fmt::format("There is no link group {}.", *group));
  auto members = membersFor(order, home->second);
  if (!members) return std::unexpected(members.error());
  std::vector<ProcessId> live;
  for (const ProcessId& id : *members) {
    if (processes_.contains(id)) live.push_back(id);
  }
  BreakpointOrder placed = order;
  placed.wanted.group = *group;
  auto id = registry_.set(placed, *members, live, out);
  planAll(out);
  return id;
}

// The nearest tick breakpoint of each group becomes its plan.
void DebugDesk::planAll(DebugActions& out) {
  for (auto& [id, group] : groups_) {
    const ingest::Breakpoint* nearest = nullptr;
    const std::vector<ingest::Breakpoint> all = registry_.all();
    for (const ingest::Breakpoint& breakpoint : all) {
      const bool counts = breakpoint.group == id && breakpoint.kind == BreakpointKind::Tick && breakpoint.enabled &&
                          breakpoint.tick > group.view().tick;
      if (counts && (!nearest || breakpoint.tick < nearest->tick)) nearest = &breakpoint;
    }
    if (nearest) {
      group.planStop(nearest->id, nearest->tick, out);
    } else {
      group.planStop("", 0, out);
    }
  }
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
    return member.process == process && member.ack != ingest::MemberAck::Draft &&
           member.ack != ingest::MemberAck::Rejected;
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
