// SPDX-License-Identifier: Apache-2.0
// Two operators at one parameter: what the refused one wanted, and what stands there since, by whom and when. Pure
// functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/control/command_port.h"
#include "core/ingest/events.h"

namespace qd::control {

struct Conflict {
  std::string name;
  Value yours, theirs;
  std::uint64_t expected = 0, version = 0;
  std::string who;  // empty: the process itself
  TimeNs time = 0;  // 0: not known
  Tick tick = 0;
};

// Of a rejected push: what was expected and asked, and what the process says it has; `live`: what is known of its value
// now. None: it was refused for another reason.
std::optional<Conflict> conflictIn(const Assignment& asked, const ingest::PushResult& result,
                                   const std::optional<ingest::ParameterValue>& live);
// "npc.density: yours 2, theirs 1.5 by ann at 14:02:11Z, tick 812 (version 4, yours was made from 3)"
std::string describe(const Conflict& conflict);

}  // namespace qd::control
