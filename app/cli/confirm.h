// SPDX-License-Identifier: Apache-2.0
// The typed confirmation of what is dangerous: it names the processes and their players, so that nobody confirms what
// he does not mean. On a terminal it is asked for; a script passes --confirm TEXT.
#pragma once

#include <string>
#include <vector>

#include "app/cli/session.h"

namespace qd::cli {

// `what`: "server.tick_hz is dangerous". What was given or typed, for the agent, which insists on it. Errors:
// InvalidArgument with the text that is needed.
Result<std::string> confirm(const std::string& what, const std::vector<ProcessId>& targets, const std::string& given,
                            const Session& session, const Globals& globals);

// The players on these processes, as their servers say now. Empty: nobody says.
std::optional<std::int64_t> playersOn(const std::vector<ProcessId>& targets, const Session& session,
                                      const Globals& globals);

}  // namespace qd::cli
