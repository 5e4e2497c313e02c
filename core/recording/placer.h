// SPDX-License-Identifier: Apache-2.0
// Decides where an arriving envelope stands in the replay (see placed.h): entries of an agent's log never step back,
// but for those that come late (a sequence number below the newest), which stand at their own time;
// what is not part of a log (sequence 0) stands at its own time, or with its agent's newest entry where it is a state
// without one; derived series stand with the first appearance of their process. One thread (the writer's).
#pragma once

#include <map>
#include <string>
#include <utility>

#include "core/recording/placed.h"

namespace qd::recording {

class Placer {
 public:
  Placed place(const ingest::EnvelopePtr& envelope);

 private:
  TimeNs timeOfState(const ingest::Envelope& envelope, TimeNs newest);
  std::uint64_t ord_ = 0;
  std::map<AgentId, TimeNs> newest_;
  std::map<AgentId, std::uint64_t> sequence_;  // greatest
  std::map<std::pair<AgentId, ProcessId>, TimeNs> firstSeen_;
  std::map<std::pair<AgentId, ProcessId>, TimeNs> derived_;  // newest block of the derived ring
};

}  // namespace qd::recording
