// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/lender.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace qd::daemon {
namespace {

constexpr std::int64_t kAnswerWithin = 5 * kNsPerSecond;
constexpr std::size_t kMostCopies = 2000;

const ProcessId& processOf(const control::ProcessEvent& event) {
  return std::visit([](const auto& one) -> const ProcessId& { return one.process; }, event);
}

std::string homeIn(const std::string& id) {
  const auto far = control::splitFar(id);
  return far ? far->endpoint : std::string();
}

// Which group or breakpoint an order names, if any.
std::string named(const control::DebugOrder& order) {
  if (const auto* set = std::get_if<control::BreakpointOrder>(&order)) {
    return set->wanted.id.empty() ? set->wanted.group : set->wanted.id;
  }
  if (const auto* remove = std::get_if<control::RemoveOrder>(&order)) return remove->id;
  if (const auto* unlink = std::get_if<control::UnlinkOrder>(&order)) return unlink->group;
  if (const auto* pause = std::get_if<control::PauseOrder>(&order)) return pause->group;
  if (const auto* resume = std::get_if<control::ResumeOrder>(&order)) return resume->group;
  if (const auto* step = std::get_if<control::StepOrder>(&order)) return step->group;
  return {};
}

std::vector<ProcessId> membersOf(const control::DebugOrder& order) {
  if (const auto* set = std::get_if<control::BreakpointOrder>(&order)) return set->members;
  if (const auto* resume = std::get_if<control::ResumeOrder>(&order)) return {resume->process};
  if (const auto* step = std::get_if<control::StepOrder>(&order)) return {step->process};
  return {};
}

}  // namespace

// --- streams ---------------------------------------------------------------------------------------------------------

Lender::StreamId Lender::open(Send send) {
  const StreamId id = nextStream_++;
  streams_[id] = std::move(send);
  return id;
}

void Lender::closed(StreamId stream) {
  streams_.erase(stream);
  const auto over =
      std::find_if(homes_.begin(), homes_.end(), [&](const auto& h) { return h.second.stream == stream; });
  if (over == homes_.end()) return;
  const std::string address = over->first;  // what end() erases must not be its own argument
  end(address, "its stream has ended");
}

void Lender::onTime() {
  const std::int64_t now = port_.clock();
  std::vector<std::string> silent;
  for (auto& [address, home] : homes_) {
    if (now - home.heardAt > control::kLendSilence) silent.push_back(address);
    while (!home.asked.empty() && now - home.asked.begin()->second.first > kAnswerWithin) {
      auto late = home.asked.extract(home.asked.begin());
      late.mapped().second(fail(ErrorCode::Timeout, fmt::format("Home agent {} did not answer in 5 s.", address)));
    }
  }
  for (const std::string& address : silent) end(address, "it has been silent for 2 s");
}

Lender::Home* Lender::homeAt(StreamId stream) {
  for (auto& [address, home] : homes_) {
    if (home.stream == stream) return &home;
  }
  return nullptr;
}

void Lender::order(StreamId stream, const control::LendOrder& order) {
  if (const auto* borrow = std::get_if<control::Borrow>(&order)) return this->borrow(stream, *borrow);
  Home* found = homeAt(stream);
  if (!found) return;  // it has been let go meanwhile
  Home& home = *found;
  home.heardAt = port_.clock();
  if (const auto* hold = std::get_if<control::Hold>(&order)) {
    home.held.clear();
    for (const ProcessId& process : hold->processes) {
      if (home.wanted.contains(process)) home.held.insert(process);
    }
    home.send(control::LendHere{});
  } else if (const auto* follow = std::get_if<control::Follow>(&order)) {
    if (!home.wanted.contains(follow->process)) return;
    follow->on ? (void)home.followed.insert(follow->process) : (void)home.followed.erase(follow->process);
    port_.follow(follow->process, follow->on);
  } else if (const auto* stop = std::get_if<control::OrderStop>(&order)) {
    home.held.insert(stop->process);  // until the next Hold says otherwise
    member(home, stop->process, *stop);
  } else if (const auto* resume = std::get_if<control::OrderResume>(&order)) {
    home.held.erase(resume->process);
    member(home, resume->process, *resume);
  } else if (const auto* step = std::get_if<control::OrderStep>(&order)) {
    member(home, step->process, *step);
  } else if (const auto* line = std::get_if<control::OrderSourceStep>(&order)) {
    member(home, line->process, *line);
  } else if (const auto* arm = std::get_if<control::ArmSite>(&order)) {
    if (home.wanted.contains(arm->process)) home.armed[arm->process].insert(arm->breakpoint.id);
    member(home, arm->process, *arm);
  } else if (const auto* disarm = std::get_if<control::DisarmSite>(&order)) {
    home.armed[disarm->process].erase(disarm->breakpoint);
    member(home, disarm->process, *disarm);
  } else if (const auto* breakpoint = std::get_if<ingest::Breakpoint>(&order)) {
    copy(home, *breakpoint);
  } else if (const auto* group = std::get_if<ingest::LinkGroup>(&order)) {
    copy(home, *group);
  } else if (const auto* hit = std::get_if<ingest::Hit>(&order)) {
    if (!homeIn(hit->id).empty()) port_.publish(*hit);
  } else if (const auto* answer = std::get_if<control::ForwardAnswer>(&order)) {
    for (auto& [address, one] : homes_) {
      if (&one == found) return answered(home, *answer, address);
    }
  }
}

// Only what is lent to it may be ordered by it.
void Lender::member(Home& home, const ProcessId& process, control::DebugAction action) {
  if (home.wanted.contains(process)) port_.perform(std::move(action));
}

// --- lending ---------------------------------------------------------------------------------------------------------

void Lender::borrow(StreamId stream, const control::Borrow& order) {
  auto [it, fresh] = homes_.try_emplace(order.home);
  if (!fresh && it->second.stream != stream) {
    // The same home again, which knows nothing of before.
    end(order.home, "it has connected anew");
    it = homes_.try_emplace(order.home).first;
  }
  Home& home = it->second;
  if (const auto sending = streams_.find(stream); sending != streams_.end()) {
    home.stream = stream;
    home.send = std::move(sending->second);
    streams_.erase(sending);
    spdlog::info("debugging: home agent {} borrows {} process(es)", order.home, order.processes.size());
  }
  if (!home.send) return (void)homes_.erase(it);
  home.heardAt = port_.clock();
  const std::set<ProcessId> next(order.processes.begin(), order.processes.end());
  const std::set<ProcessId> before = home.wanted;
  for (const ProcessId& process : before) {
    if (!next.contains(process)) giveBack(order.home, home, process);
  }
  for (const ProcessId& process : next) {
    if (!before.contains(process)) lend(order.home, home, process);
  }
}

void Lender::lend(const std::string& address, Home& home, const ProcessId& process) {
  const auto other = lentTo_.find(process);
  std::string why = other != lentTo_.end() ? fmt::format("{} is lent to home agent {} already; unlink it there first.",
                                                         process.value, other->second)
                                           : port_.taken(process);
  if (!why.empty()) return home.send(control::LendRefused{process, std::move(why)});
  home.wanted.insert(process);
  lentTo_[process] = address;
  port_.lent(process, address);
  if (auto there = port_.describe(process)) return home.send(std::move(*there));
  std::string absent = fmt::format("There is no live process {} at its agent.", process.value);
  home.send(control::LendRefused{process, std::move(absent), true});
}

void Lender::giveBack(const std::string& address, Home& home, const ProcessId& process) {
  if (home.wanted.erase(process) == 0) return;
  for (const std::string& id : home.armed[process]) port_.perform(control::DisarmSite{process, id});
  home.armed.erase(process);
  home.held.erase(process);
  if (home.followed.erase(process) > 0) port_.follow(process, false);
  lentTo_.erase(process);
  port_.lent(process, "");
  port_.perform(control::OrderResume{process});  // harmless where it runs
  spdlog::info("debugging: {} is back from home agent {}", process.value, address);
}

void Lender::end(const std::string& address, const std::string& why) {
  const auto it = homes_.find(address);
  if (it == homes_.end()) return;
  spdlog::warn("debugging: home agent {} has let go ({}); its breakpoints are off and what stood runs on", address,
               why);
  Home home = std::move(it->second);
  homes_.erase(it);
  const std::set<ProcessId> wanted = home.wanted;
  for (const ProcessId& process : wanted) giveBack(address, home, process);
  for (auto& [id, breakpoint] : home.breakpoints) {
    breakpoint.removed = true;
    breakpoint.armed = false;
    port_.publish(breakpoint);
  }
  for (auto& [id, group] : home.groups) {
    group.removed = true;
    group.state = ingest::GroupState::Running;
    group.reason = fmt::format("Home agent {} has let go: {}.", address, why);
    port_.publish(group);
  }
  for (auto& [request, waiting] : home.asked) {
    waiting.second(fail(ErrorCode::Unavailable, fmt::format("Home agent {} has let go: {}.", address, why)));
  }
}

bool Lender::holds(const ProcessId& process) const {
  const auto it = lentTo_.find(process);
  return it != lentTo_.end() && homes_.at(it->second).held.contains(process);
}

void Lender::tell(const control::ProcessEvent& event) {
  const auto it = lentTo_.find(processOf(event));
  if (it == lentTo_.end()) return;
  Home& home = homes_.at(it->second);
  if (std::holds_alternative<control::ProcessUp>(event)) {
    if (auto there = port_.describe(it->first)) home.send(std::move(*there));
    return;
  }
  if (std::holds_alternative<control::ProcessDown>(event)) home.armed.erase(it->first);
  const auto* hit = std::get_if<control::SiteHit>(&event);
  if (std::holds_alternative<control::Parked>(event) || (hit && hit->stops)) {
    home.held.insert(it->first);  // at a hit it stands before the home has said a word
  }
  if (std::holds_alternative<control::Parked>(event)) {
    home.send(control::LentParameters{it->first, port_.parameters(it->first)});
  }
  std::visit(
      [&]<class One>(const One& one) {
        if constexpr (!std::is_same_v<One, control::ProcessUp>) home.send(one);
      },
      event);
}

// --- copies, and orders about them -----------------------------------------------------------------------------------

void Lender::copy(Home& home, ingest::LinkGroup group) {
  if (homeIn(group.id).empty() || home.groups.size() >= kMostCopies) return;
  group.removed ? (void)home.groups.erase(group.id) : (void)(home.groups[group.id] = group);
  if (group.removed) {  // its breakpoints go with it
    std::vector<ingest::Breakpoint> gone;
    for (const auto& [id, breakpoint] : home.breakpoints) {
      if (breakpoint.group == group.id) gone.push_back(breakpoint);
    }
    for (ingest::Breakpoint& breakpoint : gone) {
      breakpoint.removed = true;
      copy(home, std::move(breakpoint));
    }
  }
  port_.publish(std::move(group));
}

void Lender::copy(Home& home, ingest::Breakpoint breakpoint) {
  if (homeIn(breakpoint.id).empty() || home.breakpoints.size() >= kMostCopies) return;
  breakpoint.removed ? (void)home.breakpoints.erase(breakpoint.id)
                     : (void)(home.breakpoints[breakpoint.id] = breakpoint);
  port_.publish(std::move(breakpoint));
}

std::vector<ingest::LinkGroup> Lender::copies() const {
  std::vector<ingest::LinkGroup> out;
  for (const auto& [address, home] : homes_) {
    for (const auto& [id, group] : home.groups) out.push_back(group);
  }
  return out;
}

std::vector<std::string> Lender::homes() const {
  std::vector<std::string> out;
  for (const auto& [address, home] : homes_) out.push_back(address);
  return out;
}

std::string Lender::homeOf(const control::DebugOrder& order) const {
  if (const std::string id = named(order); !id.empty()) {
    const std::string home = homeIn(id);
    return homes_.contains(home) ? home : std::string();
  }
  for (const ProcessId& process : membersOf(order)) {
    if (const auto it = lentTo_.find(process); it != lentTo_.end()) return it->second;
  }
  return {};
}

void Lender::forward(const std::string& address, control::SessionId session, const std::string& who,
                     control::DebugOrder order, control::DebugDone done) {
  const auto it = homes_.find(address);
  if (it == homes_.end()) {
    if (done) done(fail(ErrorCode::Unavailable, fmt::format("Home agent {} is not connected.", address)));
    return;
  }
  const std::uint64_t request = done ? nextRequest_++ : 0;
  if (done) it->second.asked[request] = {port_.clock(), std::move(done)};
  it->second.send(control::Forward{request, session, who, std::move(order)});
}

void Lender::answered(Home& home, const control::ForwardAnswer& answer, const std::string& address) {
  auto asked = home.asked.extract(answer.request);
  if (asked.empty()) return;
  if (answer.ok) return asked.mapped().second(control::farName(answer.id, address));
  asked.mapped().second(fail(ErrorCode::Conflict, answer.error));
}

}  // namespace qd::daemon
