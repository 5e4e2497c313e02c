// SPDX-License-Identifier: Apache-2.0
// One line for a person about an event, as the log panel, the timeline's tooltips and `qdctl` show it. Pure functions;
// any thread.
#pragma once

#include <string>

#include "core/ingest/events.h"

namespace qd::ingest {

// "server-1: npc.density 1 → 1.5 applied at tick 1234 by ana: storm test"
std::string describe(const PushResult& push);
std::string describe(const ActionResult& action);
std::string describe(const GameEvent& event);
std::string describe(const ParameterChange& change);
std::string describe(const Hit& hit);
std::string describe(const LinkGroup& group);
std::string describe(const Gap& gap);
std::string describe(const AgentId& agent, const AgentChange& change);
std::string describe(const Mark& mark);
std::string describe(const ChangeState& change);
std::string describe(const Guard& guard);  // "p99 tick.duration > 16 for 120 ticks"
// `wasKnown`: the process was there before; `restarted`: with another instance.
std::string describe(const ProcessChange& change, bool wasKnown, bool restarted);

}  // namespace qd::ingest
