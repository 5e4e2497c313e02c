// SPDX-License-Identifier: Apache-2.0
// The orders of a DebugDesk: which group, which members, and what is refused.
#include <fmt/format.h>

#include <algorithm>

#include "core/control/debug_desk.h"
#include "core/control/lending.h"

namespace qd::control {
namespace {

using ingest::BreakpointKind;
using ingest::GroupState;

bool hasSite(const ProcessUp& process, const std::string& site) {
  return std::find(process.sites.begin(), process.sites.end(), site) != process.sites.end();
}

}  // namespace

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
  const auto server = std::find_if(processes_.begin(), processes_.end(), [](const auto& entry) {
    return entry.second.kind == ingest::ProcessKind::Server && !splitFar(entry.first.value);
  });
  if (server == processes_.end()) return fail(ErrorCode::NotFound, "There is no server to link.");
  std::vector<ProcessId> out = {server->first};
  for (const auto& [id, process] : processes_) {
    const bool editor = process.kind == ingest::ProcessKind::Editor && process.domain == server->first.value;
    if (editor) out.push_back(id);
  }
  return out;
}

Result<std::string> DebugDesk::link(std::vector<ProcessId> members, const std::string& home, DebugActions& out) {
  if (members.empty()) {
    auto some = defaultMembers();
    if (!some) return std::unexpected(some.error());
    members = std::move(*some);
  }
  std::sort(members.begin(), members.end());
  members.erase(std::unique(members.begin(), members.end()), members.end());
  std::vector<MemberSpec> specs;
  bool far = false;
  for (const ProcessId& id : members) {
    far = far || splitFar(id.value);
    const auto it = processes_.find(id);
    if (it == processes_.end()) {
      return fail(ErrorCode::NotFound, fmt::format("{} is no live process of this agent.", id.value));
    }
    if (const auto lent = lent_.find(id); lent != lent_.end()) {
      return fail(ErrorCode::Conflict, fmt::format("{} is in a group whose home is agent {}; unlink it there first.",
                                                   id.value, lent->second));
    }
    const ProcessUp& up = it->second;
    specs.push_back({up.process, up.domain, up.kind, up.tickHz, up.healthNs});
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
  const auto made = groups_.try_emplace(id, id, std::move(specs), times_, far ? home : std::string()).first;
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
    return link(order.members, "", out);
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
  if (!site) return link({}, "", out);
  const auto usual = defaultMembers();
  for (const ProcessId& id : usual.value_or(std::vector<ProcessId>())) {
    if (hasSite(processes_.at(id), order.wanted.site)) return link(*usual, "", out);
  }
  for (const auto& [id, process] : processes_) {
    if (hasSite(process, order.wanted.site) && !splitFar(id.value)) return link({id}, "", out);
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
    const bool all = order.wanted.kind == BreakpointKind::Tick || order.wanted.kind == BreakpointKind::Metric;
    if (fits || all) out.push_back(member.process);
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

}  // namespace qd::control
