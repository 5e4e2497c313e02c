// SPDX-License-Identifier: Apache-2.0
// A look at every agent at the same time. A missing one costs at most about 5 s and one sentence. Blocks.
#pragma once

#include <vector>

#include "app/cli/cli.h"
#include "core/link/describe.h"

namespace qd::cli {

// In the order of the command line.
std::vector<Result<link::AgentOverview>> lookAtAll(const Globals& globals);

Json processesJson(const link::AgentDescription& description);
// A parameter as `describe` and `params` print it; `value` may be null (never reported: the default, version 0).
Json parameterJson(const ingest::ParameterSpec& spec, const ingest::ParameterValue* value);

}  // namespace qd::cli
