// SPDX-License-Identifier: Apache-2.0
// Which entries of the agents' logs found the recorder's queue full, so that they can be asked for again and nothing is
// recorded twice: an entry that comes again is taken only if it is among them. Bounded: what does not fit into
// kMostRanges is given up. Value; the owner guards it.
#pragma once

#include <map>
#include <vector>

#include "core/ingest/events.h"

namespace qd::recording {

// Entries first to last of one agent's log; between them there may be some that are there.
struct MissingRange {
  AgentId agent;
  std::uint64_t first = 0, last = 0;
};

class Missing {
 public:
  static constexpr std::size_t kMostRanges = 4096;  // an agent

  // It found no room. What is not part of a log cannot be asked for again.
  void drop(const ingest::Envelope& envelope);
  // Whether it is one of those; it is not missing any more then.
  bool take(const ingest::Envelope& envelope);
  bool has(const AgentId& agent) const { return agents_.contains(agent); }
  // Takes over what the other one has of that agent.
  void adopt(const AgentId& agent, Missing& from);
  // From the first to the last one of each agent.
  std::vector<MissingRange> spans() const;
  void forget(const AgentId& agent) { agents_.erase(agent); }

 private:
  using Ranges = std::map<std::uint64_t, std::uint64_t>;  // first → last, apart from each other
  std::map<AgentId, Ranges> agents_;
};

}  // namespace qd::recording
