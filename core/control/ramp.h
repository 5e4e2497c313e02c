// SPDX-License-Identifier: Apache-2.0
// How far a ramp is, and which value that is. A plan without a ramp is there at once. Pure functions; any thread.
#pragma once

#include "core/base/error.h"
#include "core/ingest/changes.h"

namespace qd::control {

// The share of the way in [0, 1] after `elapsed` ns. Linear and smooth ramps move in at most 50 moves, none sooner than
// 100 ms after the one before; steps in as many as the plan names (at least 2).
double rampShare(const ingest::ChangePlan& plan, std::int64_t elapsed);

// The first moment at which it is that far: where a ramp that stood still goes on.
std::int64_t rampElapsed(const ingest::ChangePlan& plan, double share);

// Between two values of one numeric type; other types are `to` at the end and `from` before it.
Value rampValue(const Value& from, const Value& to, double share);
bool canRamp(const Value& from, const Value& to);
// How far along the way from `from` to `to` a value is, in [0, 1]; 1 where they are the same.
double rampPlace(const Value& from, const Value& to, const Value& now);

}  // namespace qd::control
