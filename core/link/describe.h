// SPDX-License-Identifier: Apache-2.0
// One look at one agent: what it is and has, and how far its clock is off. Blocks the caller for at most `timeout`
// (the clock, where the agent offers it, a little more). Errors: Unavailable, Unsupported (newer protocol),
// PermissionDenied, InvalidArgument (certificates), each in one sentence with the endpoint.
#pragma once

#include <optional>
#include <string>

#include "core/link/wire/messages.h"
#include "core/security/tls_options.h"

namespace qd::link {

struct AgentOverview {
  std::string endpoint;
  AgentDescription description;
  std::optional<ingest::ClockSample> clock;  // absent: the agent offers no SyncClock
};

Result<AgentOverview> describe(const std::string& endpoint, const security::TlsOptions& tls,
                               Duration timeout = Duration{5 * kNsPerSecond});

}  // namespace qd::link
