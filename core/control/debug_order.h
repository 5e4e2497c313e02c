// SPDX-License-Identifier: Apache-2.0
// The orders of the debug stream and what comes back, as plain values: shared by the console's link, the service and
// the agent's state machines. Ids empty mean what quarterdeck.proto says for them. Values only; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/control/command_port.h"
#include "core/control/inspect.h"
#include "core/ingest/events.h"

namespace qd::control {

struct RemoveOrder {
  std::string id;
};
struct LinkOrder {
  std::vector<ProcessId> members;  // empty: the first server and its editors; guestId(): one at another agent
  std::string home{};              // HOST:PORT of this agent for those others; needed where there are any
};
struct UnlinkOrder {
  std::string group;
};
struct PauseOrder {
  std::string group;  // empty: the only one
};
struct ResumeOrder {
  std::string group;    // empty: every stopped one
  ProcessId process{};  // this member alone; empty: all
};
struct StepOrder {
  std::string group;
  std::uint32_t ticks = 1;
  StepHow how = StepHow::Tick;  // the others: `process` alone, by its debugger
  ProcessId process{};
  std::int64_t thread = 0;
};
struct RenewLeaseOrder {
  Duration ttl;  // 0: the agent's default
};

using DebugOrder = std::variant<BreakpointOrder, RemoveOrder, LinkOrder, UnlinkOrder, PauseOrder, ResumeOrder,
                                StepOrder, RenewLeaseOrder, InspectOrder>;

struct DebugRequest {
  std::uint64_t requestId = 0;
  DebugOrder order;
};

struct DebugReply {
  std::uint64_t requestId = 0;
  bool ok = false;
  std::string error;
  std::string id;  // of what was made or changed
  std::shared_ptr<const Inspected> inspected{};
};
struct RegistrySent {};  // the registry as it was at the start of the stream is complete

using DebugUpdate = std::variant<DebugReply, ingest::Breakpoint, ingest::LinkGroup, ingest::Hit, RegistrySent>;

}  // namespace qd::control
