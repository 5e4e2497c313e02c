// SPDX-License-Identifier: Apache-2.0
// A push whose outcome is known in the end: where an answer was lost, the agents are asked what became of it.
#pragma once

#include <vector>

#include "app/cli/session.h"

namespace qd::cli {

// One result a target; Unknown only where the agents could not tell within 10 s. Errors: what Session::ask() has.
Result<std::vector<ingest::PushResult>> pushAndSettle(Session& session, const control::PushOrder& order);

}  // namespace qd::cli
