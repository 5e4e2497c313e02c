// SPDX-License-Identifier: Apache-2.0
// What a process has used: processor time of all its threads, and memory that is its own. From /proc; Linux only.
#pragma once

#include <sys/types.h>

namespace qd::bench {

struct Usage {
  double cpuSeconds = 0;  // user and system
  double residentMiB = 0;
};
Usage usageOf(pid_t pid);  // zeros where it is gone

}  // namespace qd::bench
