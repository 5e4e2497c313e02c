// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/guests.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "agent/daemon/far_names.h"

namespace qd::daemon {
namespace {

constexpr std::int64_t kFirstBackoff = 250 * kNsPerMs, kMostBackoff = 5 * kNsPerSecond;
constexpr std::int64_t kConnectWithin = 2 * kNsPerSecond;

control::FarName split(const ProcessId& guest) {
  return control::splitFar(guest.value).value_or(control::FarName{guest.value, ""});
}

ProcessId far(const ProcessId& id, const std::string& endpoint) {
  return ProcessId(control::farName(id.value, endpoint));
}

std::set<std::string> agentsIn(const ingest::LinkGroup& group) {
  std::set<std::string> out;
  for (const auto& member : group.members) {
    if (const auto name = control::splitFar(member.process.value)) out.insert(name->endpoint);
  }
  return out;
}

}  // namespace

Guests::~Guests() = default;

// --- what is known of them -------------------------------------------------------------------------------------------

const Guests::Guest* Guests::find(const ProcessId& guest) const {
  const control::FarName name = split(guest);
  const auto agent = agents_.find(name.endpoint);
  if (agent == agents_.end()) return nullptr;
  const auto it = agent->second.guests.find(ProcessId(name.raw));
  return it == agent->second.guests.end() ? nullptr : &it->second;
}

bool Guests::here(const ProcessId& guest) const {
  const Guest* known = find(guest);
  return known && known->here;
}
std::string Guests::refusal(const ProcessId& guest) const {
  const Guest* known = find(guest);
  return known ? known->refusal : std::string();
}
bool Guests::mayCome(const ProcessId& guest) const {
  const Guest* known = find(guest);
  return known && known->mayCome;
}
std::optional<control::LiveProcess> Guests::live(const ProcessId& guest) const {
  const Guest* known = find(guest);
  if (!known || !known->here || !known->facts.live) return std::nullopt;
  control::LiveProcess out = *known->facts.live;
  out.process = guest;
  return out;
}
bool Guests::mayDebug(const ProcessId& guest) const {
  const Guest* known = find(guest);
  return known && known->here && known->facts.mayDebug;
}
std::vector<ingest::ParameterValue> Guests::parameters(const ProcessId& guest) const {
  const Guest* known = find(guest);
  return known ? known->parameters : std::vector<ingest::ParameterValue>();
}

// --- streams ---------------------------------------------------------------------------------------------------------

void Guests::want(const std::map<ProcessId, std::string>& homes) {
  std::map<std::string, std::set<ProcessId>> wanted;
  for (const auto& [guest, home] : homes) {
    const control::FarName name = split(guest);
    wanted[name.endpoint].insert(ProcessId(name.raw));
    if (!home.empty()) agents_[name.endpoint].home = home;
  }
  for (auto it = agents_.begin(); it != agents_.end();) {
    Agent& agent = it->second;
    const std::set<ProcessId> next = wanted[it->first];
    bool changed = false;
    for (auto guest = agent.guests.begin(); guest != agent.guests.end();) {
      const bool stays = next.contains(guest->first);
      if (!stays && guest->second.here) port_.tell(control::ProcessDown{far(guest->first, it->first), "given back"});
      changed = changed || !stays;
      guest = stays ? std::next(guest) : agent.guests.erase(guest);
    }
    for (const ProcessId& id : next) changed = agent.guests.try_emplace(id).second || changed;
    if (agent.guests.empty()) {
      it = agents_.erase(it);  // ends the stream: it is given back
      continue;
    }
    if (agent.link && changed) borrow(agent);
    if (!agent.link && agent.retryAt == 0) connect(it->first, agent);
    ++it;
  }
}

void Guests::connect(const std::string& endpoint, Agent& agent) {
  if (!open_) return;
  const std::uint64_t round = agent.round = nextRound_++;
  serve::LendHandlers handlers;
  handlers.event = [this, post = port_.post, endpoint, round](control::LendEvent event) {
    (void)post([this, endpoint, round, event = std::move(event)] { heard(endpoint, round, event); });
  };
  handlers.over = [this, post = port_.post, endpoint, round](const std::string& why) {
    (void)post([this, endpoint, round, why] {
      const auto it = agents_.find(endpoint);
      if (it != agents_.end() && it->second.round == round) lost(endpoint, it->second, why);
    });
  };
  agent.heardAt = port_.clock() + kConnectWithin;
  auto link = open_(endpoint, std::move(handlers));
  if (!link) return lost(endpoint, agent, link.error().message);
  agent.link = std::move(*link);
  agent.retryAt = 0;
  borrow(agent);
  sendCopies(endpoint, agent);
}

void Guests::borrow(Agent& agent) {
  control::Borrow order{agent.home, {}};
  for (const auto& [id, guest] : agent.guests) order.processes.push_back(id);
  agent.link->send(order);
}

void Guests::lost(const std::string& endpoint, Agent& agent, const std::string& why) {
  agent.link.reset();
  agent.round = 0;
  agent.backoff = std::clamp(agent.backoff * 2, kFirstBackoff, kMostBackoff);
  agent.retryAt = port_.clock() + agent.backoff;
  std::vector<ProcessId> gone;
  for (auto& [id, guest] : agent.guests) {
    guest.refusal = fmt::format("agent {} does not lend it: {}", endpoint, why);
    guest.mayCome = false;
    if (std::exchange(guest.here, false)) gone.push_back(far(id, endpoint));
  }
  if (!gone.empty()) spdlog::warn("debugging: agent {} lends nothing any more: {}", endpoint, why);
  for (const ProcessId& guest : gone) {
    port_.tell(control::ProcessDown{guest, fmt::format("agent {} does not answer", endpoint)});
  }
}

void Guests::onTime() {
  const std::int64_t now = port_.clock();
  std::vector<std::string> silent, due;
  for (const auto& [endpoint, agent] : agents_) {
    if (agent.link && now - agent.heardAt > control::kLendSilence) silent.push_back(endpoint);
    if (!agent.link && agent.retryAt != 0 && now >= agent.retryAt) due.push_back(endpoint);
  }
  for (const std::string& endpoint : silent) lost(endpoint, agents_.at(endpoint), "silent for 2 s");
  for (const std::string& endpoint : due) {
    if (const auto it = agents_.find(endpoint); it != agents_.end()) connect(endpoint, it->second);
  }
}

void Guests::beat(const std::function<bool(const ProcessId&)>& holds) {
  for (auto& [endpoint, agent] : agents_) {
    if (!agent.link) continue;
    control::Hold order;
    for (const auto& [id, guest] : agent.guests) {
      if (guest.here && holds(far(id, endpoint))) order.processes.push_back(id);
    }
    agent.link->send(order);
  }
}

// --- what they tell --------------------------------------------------------------------------------------------------

void Guests::heard(const std::string& endpoint, std::uint64_t round, const control::LendEvent& event) {
  const auto it = agents_.find(endpoint);
  if (it == agents_.end() || it->second.round != round) return;
  Agent& agent = it->second;
  agent.heardAt = std::max(agent.heardAt, port_.clock());
  agent.backoff = 0;
  if (const auto* there = std::get_if<control::LentProcess>(&event)) return up(endpoint, agent, *there);
  if (const auto* forward = std::get_if<control::Forward>(&event)) {
    control::Forward here = *forward;
    here.order = FarNames{agent.home, endpoint}.here(std::move(here.order));
    return port_.forwarded(endpoint, std::move(here));
  }
  std::visit(
      [&]<class One>(One one) {
        if constexpr (std::is_same_v<One, control::LendRefused>) {
          const auto guest = agent.guests.find(one.process);
          if (guest == agent.guests.end()) return;
          guest->second.refusal = one.why;
          guest->second.mayCome = one.later;
        } else if constexpr (std::is_same_v<One, control::LentParameters>) {
          const auto guest = agent.guests.find(one.process);
          if (guest != agent.guests.end()) guest->second.parameters = std::move(one.values);
        } else if constexpr (std::is_constructible_v<control::ProcessEvent, One>) {
          const auto guest = agent.guests.find(one.process);
          if (guest == agent.guests.end() || !guest->second.here) return;
          if constexpr (std::is_same_v<One, control::ProcessDown>) guest->second.here = false;
          one.process = far(one.process, endpoint);
          port_.tell(one);
        }
      },
      event);
}

void Guests::up(const std::string& endpoint, Agent& agent, const control::LentProcess& process) {
  const auto it = agent.guests.find(process.up.process);
  if (it == agent.guests.end()) return;
  it->second.here = true;
  it->second.refusal.clear();
  it->second.facts = process;
  control::ProcessUp here = process.up;
  here.process = far(here.process, endpoint);
  if (process.domainHere) here.domain = control::farName(here.domain, endpoint);
  // Another run of that agent counts resumes anew, as a new start of the process does.
  here.instance = InstanceId(here.instance.value ^ process.agentRun);
  port_.tell(here);
}

// --- orders and copies -----------------------------------------------------------------------------------------------

void Guests::order(const ProcessId& guest, control::LendOrder order) {
  const control::FarName name = split(guest);
  const auto it = agents_.find(name.endpoint);
  if (it == agents_.end() || !it->second.link) return;
  std::visit(
      [&]<class One>(One& one) {
        if constexpr (requires { one.process = ProcessId(); }) one.process = ProcessId(name.raw);
      },
      order);
  if (!it->second.link->send(order)) lost(name.endpoint, it->second, "too many orders wait for it");
}

void Guests::answer(const std::string& endpoint, const control::ForwardAnswer& answer) {
  const auto it = agents_.find(endpoint);
  if (it != agents_.end() && it->second.link) it->second.link->send(answer);
}

template <class Copy>
void Guests::toAll(const ingest::LinkGroup& group, const Copy& copy) {
  for (const std::string& endpoint : agentsIn(group)) {
    const auto it = agents_.find(endpoint);
    if (it != agents_.end() && it->second.link) it->second.link->send(FarNames{group.home, endpoint}.copy(copy));
  }
}

void Guests::publish(const ingest::LinkGroup& group) {
  toAll(group, group);
}
void Guests::publish(const ingest::Breakpoint& breakpoint, const ingest::LinkGroup& group) {
  toAll(group, breakpoint);
}
void Guests::publish(const ingest::Hit& hit, const ingest::LinkGroup& group) {
  toAll(group, hit);
}

void Guests::sendCopies(const std::string& endpoint, Agent& agent) {
  std::set<std::string> shared;
  for (const auto& group : port_.groups()) {
    if (!agentsIn(group).contains(endpoint)) continue;
    shared.insert(group.id);
    agent.link->send(FarNames{group.home, endpoint}.copy(group));
  }
  for (const auto& breakpoint : port_.breakpoints()) {
    if (shared.contains(breakpoint.group)) agent.link->send(FarNames{agent.home, endpoint}.copy(breakpoint));
  }
}

}  // namespace qd::daemon
