// SPDX-License-Identifier: Apache-2.0
#include "core/link/qualifier.h"

#include <algorithm>

#include "core/control/lending.h"

namespace qd::link {
namespace {

constexpr std::size_t kMostProcesses = 4096;

// Renames every id in an event.
struct Renamer {
  Qualifier& ids;
  std::size_t agent;

  void name(ProcessId& id) const {
    if (!id.value.empty()) id = ids.process(id, agent);
  }
  void name(ingest::ProcessRef& ref) const { name(ref.id); }
  // A server that this agent has, or (an editor's may be at another agent) one of that plain name; naming a domain does
  // not make anybody its owner.
  void domain(std::string& text) const {
    if (!text.empty()) text = ids.shown(ProcessId(text), agent).value;
  }
  void debug(std::string& id) const { id = ids.debugId(id, agent); }
  // A member is perhaps at another agent, by the home's word for it.
  void member(ProcessId& id) const {
    const auto far = control::splitFar(id.value);
    if (!far) return name(id);
    const std::size_t there = ids.agentAt(far->endpoint, agent);
    if (there != agent) id = ids.process(ProcessId(far->raw), there);
  }

  void operator()(ingest::ProcessChange& e) const {
    name(e.info.id);
    domain(e.info.domain);
  }
  void operator()(ingest::EntityFrame& e) const {
    name(e.process);
    domain(e.domain);
  }
  void operator()(ingest::FrameBlock& e) const {
    name(e.process);
    domain(e.domain);
  }
  void operator()(ingest::Breakpoint& e) const {
    debug(e.id);
    debug(e.group);
    for (auto& one : e.members) member(one.process);
  }
  void operator()(ingest::LinkGroup& e) const {
    debug(e.id);
    debug(e.hitId);
    debug(e.breakpoint);
    ProcessId domain(e.domain);
    member(domain);
    e.domain = domain.value;
    member(e.leader);
    for (auto& one : e.members) member(one.process);
  }
  void operator()(ingest::Hit& e) const {
    debug(e.id);
    debug(e.group);
    debug(e.breakpoint);
    member(e.leader);
    for (auto& one : e.members) member(one.state.process);
  }
  void operator()(ingest::ChangeState& e) const {
    for (auto& target : e.targets) target.process = ids.process(target.process, ids.agentAt(target.agent, agent));
    for (auto& reading : e.readings) name(reading.process);
    for (auto& target : e.plan.targets) name(target);
    for (auto& peer : e.plan.peers) {
      for (auto& target : peer.targets) target = ids.process(target, ids.agentAt(peer.endpoint, agent));
    }
  }
  void operator()(ingest::SharedItem&) const {}
  void operator()(ingest::Gap& e) const { name(e.process); }
  void operator()(ingest::ClockSample&) const {}
  void operator()(ingest::AgentChange&) const {}
  void operator()(ingest::Mark&) const {}
  template <class E>
  void operator()(E& e) const {
    name(e.process);
  }
};

}  // namespace

Qualifier::Qualifier(std::vector<std::string> endpoints)
    : endpoints_(std::move(endpoints)), shown_(endpoints_.size()) {}

bool Qualifier::isCopy(const ingest::Event& event, std::size_t agent) const {
  std::string id;
  if (const auto* group = std::get_if<ingest::LinkGroup>(&event)) id = group->id;
  if (const auto* breakpoint = std::get_if<ingest::Breakpoint>(&event)) id = breakpoint->id;
  if (const auto* hit = std::get_if<ingest::Hit>(&event)) id = hit->id;
  const auto far = control::splitFar(id);
  return far && agentAt(far->endpoint, agent) != agent;
}

std::optional<std::string> Qualifier::nameAt(std::size_t home, const ProcessId& shown) const {
  const auto owner = ownerOf(shown);
  if (!owner) return std::nullopt;
  return owner->agent == home ? owner->raw : control::farName(owner->raw, endpoints_[owner->agent]);
}

void Qualifier::qualify(ingest::Event& event, std::size_t agent) {
  if (const auto* group = std::get_if<ingest::LinkGroup>(&event)) {
    if (const auto far = control::splitFar(group->id)) copiesOf_.insert_or_assign(far->endpoint, agent);
  }
  std::visit(Renamer{*this, agent}, event);
}

ProcessId Qualifier::process(const ProcessId& raw, std::size_t agent) {
  auto& known = shown_[agent];
  if (const auto it = known.find(raw); it != known.end()) return it->second;
  const auto taken = owners_.find(raw);
  const bool free = taken == owners_.end() || taken->second.agent == agent;
  ProcessId shown = free ? raw : ProcessId(raw.value + "@" + endpoints_[agent]);
  if (known.size() < kMostProcesses) {
    known.emplace(raw, shown);
    owners_.emplace(shown, Owner{agent, raw.value});
  }
  return shown;
}

ProcessId Qualifier::shown(const ProcessId& raw, std::size_t agent) const {
  const auto it = shown_[agent].find(raw);
  return it == shown_[agent].end() ? raw : it->second;
}

std::size_t Qualifier::agentAt(const std::string& endpoint, std::size_t otherwise) const {
  const auto found = std::find(endpoints_.begin(), endpoints_.end(), endpoint);
  return found == endpoints_.end() ? otherwise : static_cast<std::size_t>(found - endpoints_.begin());
}

std::string Qualifier::debugId(const std::string& raw, std::size_t agent) const {
  return agent == 0 ? raw : control::farName(raw, endpoints_[agent]);
}

std::optional<Qualifier::Owner> Qualifier::ownerOf(const ProcessId& shown) const {
  const auto it = owners_.find(shown);
  if (it == owners_.end()) return std::nullopt;
  return it->second;
}

Qualifier::Owner Qualifier::ownerOfDebugId(const std::string& shown) const {
  for (std::size_t i = 1; i < endpoints_.size(); ++i) {
    const std::string suffix = "@" + endpoints_[i];
    if (shown.ends_with(suffix)) return {i, shown.substr(0, shown.size() - suffix.size())};
  }
  // Of a home that is not in the session: an agent that has copies passes it on.
  if (const auto far = control::splitFar(shown)) {
    if (const auto it = copiesOf_.find(far->endpoint); it != copiesOf_.end()) return {it->second, shown};
  }
  return {0, shown};
}

}  // namespace qd::link
