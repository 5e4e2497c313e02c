// SPDX-License-Identifier: Apache-2.0
// Who is who in several recordings: the same agent may have been dialled by different names, and different agents may
// have had processes of one name. An instance is one start of one process, so two agents that share one are the same;
// the name in the first recording that has it counts. Where two agents have different processes of one name, that of
// the later agent is "id@agent", as a console has it that sees both. Plain value, one thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/recording/recording.h"

namespace qd::recording {

class MergeNames {
 public:
  explicit MergeNames(const std::vector<const Recording*>& files);

  AgentId agent(std::size_t file, const AgentId& agent) const;
  ProcessId process(std::size_t file, const AgentId& agent, const ProcessId& process) const;
  // Whether anything in this file is named otherwise than it is there.
  bool renames(std::size_t file) const { return renames_[file]; }

 private:
  using InFile = std::pair<std::size_t, AgentId>;
  InFile rootOf(InFile agent) const;
  void join(const InFile& a, const InFile& b);
  void nameAgents(const std::vector<const Recording*>& files);
  void nameProcesses(const std::vector<const Recording*>& files);

  std::map<InFile, InFile> parent_;
  std::map<InFile, AgentId> names_;
  std::map<std::pair<InFile, ProcessId>, ProcessId> processes_;
  std::vector<bool> renames_;
};

}  // namespace qd::recording
