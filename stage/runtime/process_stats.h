// SPDX-License-Identifier: Apache-2.0
// What this process takes from the machine. A few microseconds each; any thread.
#pragma once

#include <cstdint>

namespace qd::stage {

double residentMiB();        // 0 where it cannot be read
std::int64_t processorNs();  // user and system time since the start

}  // namespace qd::stage
