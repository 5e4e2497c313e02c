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
  return {process.process, process.domain, process.kind, process.tickHz, process.healthNs};
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
    rewatch(actions);
  } else if (const auto* remove = std::get_if<RemoveOrder>(&order)) {
    const auto removed = registry_.remove(remove->id, actions);
    answer = removed ? Result<std::string>(remove->id) : std::unexpected(removed.error());
    planAll(actions);
    rewatch(actions);
  } else if (const auto* link = std::get_if<LinkOrder>(&order)) {
    answer = this->link(link->members, link->home, actions);
  } else if (const auto* unlink = std::get_if<UnlinkOrder>(&order)) {
    answer = this->unlink(unlink->group, actions);
  } else if (const auto* pause = std::get_if<PauseOrder>(&order)) {
    withGroup(pause->group, [&](LinkGroup& group) { return group.pause(who, now, actions); });
  } else if (const auto* resume = std::get_if<ResumeOrder>(&order); resume && !resume->process.value.empty()) {
    withGroup(groupNameFor(resume->group, resume->process),
              [&](LinkGroup& group) { return group.resumeOne(resume->process, who, now, actions); });
  } else if (resume) {
    answer = this->resume(resume->group, who, now, actions);
  } else if (const auto* step = std::get_if<StepOrder>(&order); step && step->how != StepHow::Tick) {
    withGroup(groupNameFor(step->group, step->process),
              [&](LinkGroup& group) { return group.stepSource(step->process, step->how, step->thread, now, actions); });
  } else if (step) {
    withGroup(step->group, [&](LinkGroup& group) { return group.step(step->ticks, now, actions); });
  } else if (const auto* lease = std::get_if<RenewLeaseOrder>(&order)) {
    const TimeNs until = leases_.renew(session, who, lease->ttl.ns, now);
    for (auto& [id, group] : groups_) append(group.renewLease(until, now), actions);
  } else {
    answer = fail(ErrorCode::Unsupported, "What a process shows is asked of its debugger, not of the registry.");
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

std::string DebugDesk::groupNameFor(const std::string& named, const ProcessId& process) {
  const LinkGroup* group = named.empty() ? groupOf(process) : nullptr;
  return group ? group->view().id : named;
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
    metrics_.down(down->process);
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
      actions.emplace_back(OrderResume{parked->process, parked->epoch});
    }
  } else if (const auto* resumed = std::get_if<Resumed>(&event)) {
    if (LinkGroup* group = groupOf(resumed->process)) append(group->on(*resumed, now), actions);
  }
  DebugActions out;
  take(std::move(actions), out);
  return out;
}

DebugActions DebugDesk::describe(const ingest::ProcessInfo& info) {
  metrics_.up(info);
  DebugActions out;
  rewatch(out);
  return out;
}

void DebugDesk::rewatch(DebugActions& out) {
  const auto all = registry_.all();
  metrics_.watch(all);
  for (const ingest::Breakpoint& b : all) {
    const std::string why = b.waiting && !b.armWhen.empty() ? metrics_.problem(b.id) : std::string();
    if (!why.empty()) append(registry_.cannotTrigger(b.id, why), out);
  }
}

DebugActions DebugDesk::samples(const ingest::SampleBlock& block, TimeNs now) {
  DebugActions actions, out;
  if (metrics_.idle()) return out;
  for (const MetricWatch::Crossed& crossed : metrics_.samples(block)) {
    const ingest::Breakpoint* known = registry_.find(crossed.breakpoint);
    if (!known) continue;
    actions.emplace_back(Audit{fmt::format("{} has crossed in {} at tick {} ({:.4g}): {}.", known->armWhen,
                                           crossed.process.value, crossed.tick, crossed.value, known->id)});
    LinkGroup* group = known->kind == ingest::BreakpointKind::Metric ? groupOf(crossed.process) : nullptr;
    append(registry_.trigger(crossed.breakpoint), actions);
    if (group) append(group->stopFor(crossed.breakpoint, crossed.process, now), actions);
  }
  if (!actions.empty()) rewatch(actions);
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

void DebugDesk::setLent(const ProcessId& process, const std::string& home) {
  home.empty() ? (void)lent_.erase(process) : (void)(lent_[process] = home);
}

const ingest::LinkGroup* DebugDesk::group(const std::string& id) const {
  const auto it = groups_.find(id);
  return it == groups_.end() ? nullptr : &it->second.view();
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
          {member.process, kept.domain, server ? ingest::ProcessKind::Server : ingest::ProcessKind::Editor, 60, 0});
    }
    LinkGroup& group = groups_.try_emplace(kept.id, kept.id, specs, times_, kept.home).first->second;
    for (const MemberSpec& spec : specs) (void)group.on(ProcessDown{spec.process, ""}, 0);
    std::uint64_t number = 0;
    const std::size_t dash = kept.id.rfind('-');
    if (dash != std::string::npos) std::from_chars(kept.id.data() + dash + 1, kept.id.data() + kept.id.size(), number);
    nextGroup_ = std::max(nextGroup_, number + 1);
  }
  registry_.restore(std::move(breakpoints));
}

}  // namespace qd::control
