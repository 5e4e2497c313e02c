// SPDX-License-Identifier: Apache-2.0
// The probe's C structs to the product's plain ones and back. Text from a game is sanitised here, once; numbers that
// stand for enums of a newer probe become the neutral one. Pure functions; any thread.
#pragma once

#include <string>

#include "agent/probe/frames.h"
#include "core/ingest/events.h"

namespace qd::daemon {

std::string lineOf(qd_str text);   // one line, at most 256 bytes
std::string proseOf(qd_str text);  // with newlines, at most 4 KiB

Value valueOf(const qd_value& value);
ValueType typeOf(int qdType);
// For the wire to a probe; texts are borrowed from `value`. `type` is what the parameter is declared as: numbers are
// widened or narrowed to it where that loses nothing, anything else goes as it is and the probe refuses it.
qd_value probeValueOf(const Value& value, ValueType type);

Fields fieldsOf(qd_cursor& body, unsigned count);
ingest::ProcessKind kindOf(int qdKind);
ingest::ParameterSpec parameterOf(qd_cursor& body, const qd_param_msg& message);
std::uint32_t entityFlagsOf(std::uint32_t qdFlags);
ingest::LogLevel levelOf(int qdLevel);

}  // namespace qd::daemon
