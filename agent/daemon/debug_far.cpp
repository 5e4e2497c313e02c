// SPDX-License-Identifier: Apache-2.0
// Link groups over several agents, at both ends: orders that go to another agent, members that are there, processes of
// here that are in groups of there.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "agent/daemon/debug_driver.h"

namespace qd::daemon {
namespace {

constexpr std::int64_t kLendWithin = 3 * kNsPerSecond;

// Leases of sessions at other agents beside those of here, which are counted from 1.
control::SessionId sessionOf(const std::string& endpoint, control::SessionId session) {
  return std::hash<std::string>{}(fmt::format("{} {}", endpoint, session)) | std::uint64_t{1} << 63;
}

bool isFar(const ProcessId& process) {
  return control::splitFar(process.value).has_value();
}

// The other agent's end has a rule of its own for each; what is only published, it has as copies.
std::optional<control::LendOrder> lendOrder(const control::DebugAction& action) {
  return std::visit(
      []<class One>(const One& one) -> std::optional<control::LendOrder> {
        if constexpr (requires { one.process.value; } && std::is_constructible_v<control::LendOrder, One>) {
          if (isFar(one.process)) return control::LendOrder(one);
        }
        return std::nullopt;
      },
      action);
}

}  // namespace

// --- orders ----------------------------------------------------------------------------------------------------------

void DebugDriver::execute(control::SessionId session, const std::string& who, const control::DebugOrder& order,
                          control::DebugDone done) {
  if (const auto* link = std::get_if<control::LinkOrder>(&order);
      link && std::any_of(link->members.begin(), link->members.end(), isFar)) {
    return linkFar({session, who, *link, std::move(done), monotonicNs() + kLendWithin});
  }
  if (lender_.any()) {
    std::string home = lender_.homeOf(order);
    if (home.empty()) home = siteHome(order);
    if (!home.empty()) return lender_.forward(home, session, who, order, std::move(done));
    const auto* resume = std::get_if<control::ResumeOrder>(&order);
    if (resume && resume->group.empty() && resume->process.value.empty()) {
      return resumeAll(session, who, std::move(done));
    }
    if (std::holds_alternative<control::RenewLeaseOrder>(order)) {
      for (const std::string& each : lender_.homes()) lender_.forward(each, session, who, order, nullptr);
    }
  }
  done(executeHere(session, who, order));
}

// An order that names nothing concerns what is here; where nothing is, the only group that there is a copy of.
std::string DebugDriver::siteHome(const control::DebugOrder& order) const {
  const auto copies = lender_.copies();
  if (const auto* set = std::get_if<control::BreakpointOrder>(&order)) {
    if (!set->members.empty() || set->wanted.kind != ingest::BreakpointKind::Site) return {};
    for (const auto& copy : copies) {
      for (const auto& member : copy.members) {
        const ProbeSession* session = lender_.lends(member.process) ? find_(member.process) : nullptr;
        if (!session) continue;
        for (const auto& site : session->info().sites) {
          if (site.name == set->wanted.site) return copy.home;
        }
      }
    }
    return {};
  }
  const bool group = std::holds_alternative<control::PauseOrder>(order) ||
                     std::holds_alternative<control::StepOrder>(order) ||
                     std::holds_alternative<control::UnlinkOrder>(order);
  return group && desk_.groups().empty() && copies.size() == 1 ? copies.front().home : std::string();
}

void DebugDriver::resumeAll(control::SessionId session, const std::string& who, control::DebugDone done) {
  auto here = executeHere(session, who, control::ResumeOrder{});
  for (const auto& copy : lender_.copies()) {
    if (copy.state == ingest::GroupState::Running) continue;
    lender_.forward(copy.home, session, who, control::ResumeOrder{copy.id}, nullptr);
    if (here && here->empty()) here = copy.id;
  }
  done(std::move(here));
}

// --- home ------------------------------------------------------------------------------------------------------------

void DebugDriver::setOpen(Guests::OpenLink open) {
  guests_.setOpen(std::move(open));
  syncGuests();
}

Guests::Port DebugDriver::guestsPort() {
  return {[this](std::function<void()> job) { return loop_.post(std::move(job)); },
          [this](const control::ProcessEvent& event) { fromGuest(event); },
          [this](const std::string& endpoint, const control::Forward& forward) { forwarded(endpoint, forward); },
          [this] { return desk_.groups(); }, [this] { return desk_.breakpoints(); }};
}

void DebugDriver::syncGuests() {
  std::map<ProcessId, std::string> wanted;
  for (const auto& group : desk_.groups()) {
    for (const auto& member : group.members) {
      if (isFar(member.process)) wanted[member.process] = group.home;
    }
  }
  for (const PendingLink& pending : pendingLinks_) {
    for (const ProcessId& member : pending.order.members) {
      if (isFar(member)) wanted[member] = pending.order.home;
    }
  }
  guests_.want(wanted);
}

void DebugDriver::linkFar(PendingLink link) {
  if (!control::isAddress(link.order.home)) {
    return link.done(fail(ErrorCode::InvalidArgument,
                          "A group with members at other agents needs the address by which they reach this one."));
  }
  pendingLinks_.push_back(std::move(link));
  syncGuests();
}

// A group is made when all its members are lent; not at all when one is refused.
void DebugDriver::checkLinks() {
  std::vector<PendingLink> waiting = std::exchange(pendingLinks_, {});
  std::vector<std::pair<PendingLink, std::string>> refused;
  for (PendingLink& link : waiting) {
    std::string missing, why;
    bool final = false;
    for (const ProcessId& member : link.order.members) {
      if (!isFar(member) || guests_.here(member)) continue;
      missing = member.value;
      if (why.empty()) why = guests_.refusal(member);
      final = final || (!guests_.refusal(member).empty() && !guests_.mayCome(member));
    }
    if (missing.empty()) {
      link.done(executeHere(link.session, link.who, link.order));
    } else if (final || monotonicNs() >= link.until) {
      if (why.empty()) why = fmt::format("Its agent has not lent {} within 3 s.", missing);
      refused.emplace_back(std::move(link), std::move(why));
    } else {
      pendingLinks_.push_back(std::move(link));
    }
  }
  if (pendingLinks_.size() == waiting.size()) return;
  syncGuests();
  for (auto& [link, why] : refused) link.done(fail(ErrorCode::Unavailable, why));
}

void DebugDriver::fromGuest(const control::ProcessEvent& event) {
  const bool up = std::holds_alternative<control::ProcessUp>(event);
  if (up || std::holds_alternative<control::ProcessDown>(event)) {
    // Its debugger is told again to follow.
    followers_.erase(std::visit([](const auto& one) { return one.process; }, event));
  }
  perform(desk_.on(event, utcNowNs()));
  if (up) syncFollowers();
}

void DebugDriver::forwarded(const std::string& endpoint, const control::Forward& forward) {
  const std::string who = fmt::format("{} (at agent {})", forward.who, endpoint);
  execute(sessionOf(endpoint, forward.session), who, forward.order,
          [this, endpoint, request = forward.request](const Result<std::string>& result) {
            if (request == 0) return;
            const std::string error = result ? std::string() : result.error().message;
            guests_.answer(endpoint, {request, result.has_value(), error, result.value_or("")});
          });
}

bool DebugDriver::orderGuest(const control::DebugAction& action) {
  auto order = lendOrder(action);
  if (!order) return false;
  const ProcessId guest = std::visit(
      []<class One>(const One& one) {
        if constexpr (requires { one.process.value; }) return one.process;
        return ProcessId();
      },
      *order);
  guests_.order(guest, std::move(*order));
  return true;
}

void DebugDriver::showFar(const control::DebugAction& action) {
  if (const auto* group = std::get_if<control::PublishGroup>(&action)) {
    guests_.publish(group->group);
  } else if (const auto* breakpoint = std::get_if<control::PublishBreakpoint>(&action)) {
    if (const auto* group = desk_.group(breakpoint->breakpoint.group)) guests_.publish(breakpoint->breakpoint, *group);
  } else if (const auto* hit = std::get_if<control::PublishHit>(&action)) {
    if (const auto* group = desk_.group(hit->hit.group)) guests_.publish(hit->hit, *group);
  }
}

void DebugDriver::followGuest(const ProcessId& process, bool on) {
  if (isFar(process)) guests_.order(process, control::Follow{process, on});
}

// --- lending ---------------------------------------------------------------------------------------------------------

Lender::Port DebugDriver::lenderPort() {
  Lender::Port port;
  port.describe = [this](const ProcessId& id) { return lentProcess(id); };
  port.taken = [this](const ProcessId& id) {
    for (const auto& group : desk_.groups()) {
      for (const auto& member : group.members) {
        if (member.process == id) {
          return fmt::format("{} is in {} of its own agent; unlink that first.", id.value, group.id);
        }
      }
    }
    return std::string();
  };
  port.lent = [this](const ProcessId& id, const std::string& home) { desk_.setLent(id, home); };
  port.perform = [this](control::DebugAction action) { perform(action); };
  port.follow = [this](const ProcessId& id, bool on) { on ? source_.attach(id) : source_.release(id); };
  port.parameters = [this](const ProcessId& id) { return table_.parameters(id); };
  port.publish = [this](ingest::Event event) {
    if (const auto* group = std::get_if<ingest::LinkGroup>(&event)) table_.setGroup(*group);
    if (const auto* breakpoint = std::get_if<ingest::Breakpoint>(&event)) table_.setBreakpoint(*breakpoint);
    if (const auto* hit = std::get_if<ingest::Hit>(&event)) table_.setHit(*hit);
    log_.append(std::move(event));
    log_.notify();
  };
  return port;
}

std::optional<control::LentProcess> DebugDriver::lentProcess(const ProcessId& id) const {
  const ProbeSession* session = find_(id);
  if (!session) return std::nullopt;
  control::LentProcess out;
  out.up = session->upEvent();
  out.agentRun = run_;
  out.domainHere = out.up.domain == id.value || find_(ProcessId(out.up.domain)) != nullptr;
  out.mayDebug = source_.mayDebug(id);
  out.live = liveOf(id);
  return out;
}

}  // namespace qd::daemon
