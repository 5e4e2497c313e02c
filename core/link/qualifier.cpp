// SPDX-License-Identifier: Apache-2.0
#include "core/link/qualifier.h"

#include <algorithm>

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
  void domain(std::string& text) const {
    if (!text.empty()) text = ids.process(ProcessId(text), agent).value;
  }
  void debug(std::string& id) const { id = ids.debugId(id, agent); }

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
    for (auto& member : e.members) name(member.process);
  }
  void operator()(ingest::LinkGroup& e) const {
    debug(e.id);
    debug(e.hitId);
    debug(e.breakpoint);
    domain(e.domain);
    name(e.leader);
    for (auto& member : e.members) name(member.process);
  }
  void operator()(ingest::Hit& e) const {
    debug(e.id);
    debug(e.group);
    debug(e.breakpoint);
    name(e.leader);
    for (auto& member : e.members) name(member.state.process);
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

void Qualifier::qualify(ingest::Event& event, std::size_t agent) {
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

std::size_t Qualifier::agentAt(const std::string& endpoint, std::size_t otherwise) const {
  const auto found = std::find(endpoints_.begin(), endpoints_.end(), endpoint);
  return found == endpoints_.end() ? otherwise : static_cast<std::size_t>(found - endpoints_.begin());
}

std::string Qualifier::debugId(const std::string& raw, std::size_t agent) const {
  return agent == 0 || raw.empty() ? raw : raw + "@" + endpoints_[agent];
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
  return {0, shown};
}

}  // namespace qd::link
