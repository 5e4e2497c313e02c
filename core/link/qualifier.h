// SPDX-License-Identifier: Apache-2.0
// Ids that are unique in the session, made of ids that are unique at one agent only. The first agent to report a
// process id keeps it plain; for another the same id becomes "id@endpoint". Ids of breakpoints, groups and hits are
// plain for the first agent and qualified for every other. A group over several agents is told by its home and, as
// copies with ids "ID@HOME", by its members' agents: those are left out where the home is in the session too. At most
// 4,096 process ids an agent. One thread.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/control/debug_order.h"
#include "core/ingest/events.h"

namespace qd::link {

class Qualifier {
 public:
  explicit Qualifier(std::vector<std::string> endpoints);

  struct Owner {
    std::size_t agent = 0;
    std::string raw;  // the id as that agent knows it
  };

  void qualify(ingest::Event& event, std::size_t agent);
  // A copy of something that another agent of this session tells itself.
  bool isCopy(const ingest::Event& event, std::size_t agent) const;
  // How the agent at `home` calls a process that is shown as this; nullopt: never seen.
  std::optional<std::string> nameAt(std::size_t home, const ProcessId& shown) const;
  ProcessId process(const ProcessId& raw, std::size_t agent);
  ProcessId shown(const ProcessId& raw, std::size_t agent) const;  // as process(), of one that was seen
  std::size_t agentAt(const std::string& endpoint, std::size_t otherwise) const;
  std::string debugId(const std::string& raw, std::size_t agent) const;

  std::optional<Owner> ownerOf(const ProcessId& shown) const;  // absent: never seen
  Owner ownerOfDebugId(const std::string& shown) const;

 private:
  std::vector<std::string> endpoints_;
  std::map<ProcessId, Owner> owners_;                  // by shown id
  std::vector<std::map<ProcessId, ProcessId>> shown_;  // per agent: raw to shown
  std::map<std::string, std::size_t> copiesOf_;        // home that is not in the session: an agent that has copies
};

}  // namespace qd::link
