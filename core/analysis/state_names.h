// SPDX-License-Identifier: Apache-2.0
// A series whose values are states says so by its unit, "state", and names them in its description:
// "0 disconnected, 1 connecting, 2 connected: as the server sees it". Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/ingest/events.h"

namespace qd::analysis {

bool isState(const ingest::SeriesInfo& info);  // whole numbers in the unit "state"
// Empty where the description names none.
std::map<std::int64_t, std::string> stateNames(const ingest::SeriesInfo& info);

}  // namespace qd::analysis
