// SPDX-License-Identifier: Apache-2.0
#include "stage/runtime/process_stats.h"

#include <unistd.h>

#include <ctime>
#include <fstream>

namespace qd::stage {

double residentMiB() {
  std::ifstream in("/proc/self/statm");
  std::int64_t total = 0, resident = 0;
  if (!(in >> total >> resident)) return 0;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

std::int64_t processorNs() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return used.tv_sec * std::int64_t{1'000'000'000} + used.tv_nsec;
}

}  // namespace qd::stage
