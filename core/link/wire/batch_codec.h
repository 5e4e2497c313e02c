// SPDX-License-Identifier: Apache-2.0
// One event with its place in the log as opaque bytes and back: for logs and flight recorders that keep what goes over
// the wire without seeing protobuf. The agent's id is not part of the bytes. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "core/base/error.h"
#include "core/ingest/events.h"

namespace qd::link {

// Empty for the events that only a console makes (ClockSample, AgentChange, Mark, DerivedSeries): they have no form on
// the wire.
std::string encodeBatch(const ingest::Envelope& envelope);

// Errors: Corrupt for bytes that are no message or break its rules, Unsupported for content of a newer protocol,
// Exhausted above 4 MiB.
Result<ingest::Envelope> decodeBatch(std::span<const std::byte> bytes);

}  // namespace qd::link
