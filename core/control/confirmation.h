// SPDX-License-Identifier: Apache-2.0
// What is dangerous (a parameter, an action) needs a reason and a typed confirmation that names the processes it
// touches and the players on them, so that nobody confirms what he does not mean. The clients ask for it, the agent
// insists on it. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/ids.h"

namespace qd::control {

// What a person types: "server-1 20 players", "3 processes 84 players". `players` none: nobody says how many there are.
std::string confirmationText(const std::vector<ProcessId>& targets, std::optional<std::int64_t> players);

// What an agent knows of what an order touches; there may be more of it at other agents.
struct Touched {
  std::vector<ProcessId> processes;
  std::optional<std::int64_t> players;
};

// `what`: "server.tick_hz". The confirmation must name the one process, or at least as many processes, and at least as
// many players as are there; a tenth more of them, or two, may have come since it was typed. Errors: InvalidArgument,
// with what is missing.
Result<> checkDangerous(const std::string& what, const Touched& here, const std::string& why,
                        const std::string& confirmed);

}  // namespace qd::control
