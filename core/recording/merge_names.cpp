// SPDX-License-Identifier: Apache-2.0
#include "core/recording/merge_names.h"

#include <algorithm>

namespace qd::recording {

MergeNames::MergeNames(const std::vector<const Recording*>& files) : renames_(files.size()) {
  nameAgents(files);
  nameProcesses(files);
  for (const auto& [key, name] : names_) {
    if (name != key.second) renames_[key.first] = true;
  }
  for (const auto& [key, name] : processes_) {
    if (name != key.second) renames_[key.first.first] = true;
  }
}

MergeNames::InFile MergeNames::rootOf(InFile agent) const {
  for (auto at = parent_.find(agent); at != parent_.end() && at->second != agent; at = parent_.find(agent)) {
    agent = at->second;
  }
  return agent;
}

// The one of the earlier file is the root.
void MergeNames::join(const InFile& a, const InFile& b) {
  const InFile first = rootOf(a), second = rootOf(b);
  if (first != second) parent_[std::max(first, second)] = std::min(first, second);
}

void MergeNames::nameAgents(const std::vector<const Recording*>& files) {
  std::map<InstanceId, InFile> seen;
  std::map<AgentId, InFile> byName;
  for (std::size_t i = 0; i < files.size(); ++i) {
    for (const RecordedProcess& process : files[i]->processes()) {
      const InFile agent(i, process.agent);
      parent_.try_emplace(agent, agent);
      const auto [known, fresh] = seen.try_emplace(process.ref.instance, agent);
      if (!fresh) join(known->second, agent);
    }
  }
  // What shares no instance is the same only if it has the same name.
  for (const auto& [agent, ignored] : parent_) {
    const auto [known, fresh] = byName.try_emplace(agent.second, agent);
    if (!fresh) join(known->second, agent);
  }
  for (const auto& [agent, ignored] : parent_) names_[agent] = rootOf(agent).second;
}

void MergeNames::nameProcesses(const std::vector<const Recording*>& files) {
  std::map<InstanceId, ProcessId> byInstance;
  std::map<ProcessId, AgentId> owners;
  for (std::size_t i = 0; i < files.size(); ++i) {
    for (const RecordedProcess& process : files[i]->processes()) {
      const InFile agent(i, process.agent);
      const auto [known, fresh] = byInstance.try_emplace(process.ref.instance, process.ref.id);
      if (fresh) {
        const auto [owner, unowned] = owners.try_emplace(process.ref.id, names_[agent]);
        if (!unowned && owner->second != names_[agent]) {
          known->second = ProcessId(process.ref.id.value + "@" + names_[agent].value);
        }
      }
      processes_.try_emplace({agent, process.ref.id}, known->second);
    }
  }
}

AgentId MergeNames::agent(std::size_t file, const AgentId& agent) const {
  const auto found = names_.find({file, agent});
  return found == names_.end() ? agent : found->second;
}

ProcessId MergeNames::process(std::size_t file, const AgentId& agent, const ProcessId& process) const {
  const auto found = processes_.find({{file, agent}, process});
  return found == processes_.end() ? process : found->second;
}

}  // namespace qd::recording
