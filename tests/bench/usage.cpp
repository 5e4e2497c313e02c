// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/usage.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace qd::bench {

Usage usageOf(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  Usage out;
  std::ifstream stat(folder + "/stat");
  std::string line;
  std::getline(stat, line);
  const auto name = line.rfind(')');  // it may hold spaces
  if (name == std::string::npos) return out;
  std::istringstream fields(line.substr(name + 1));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  out.cpuSeconds = (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  std::ifstream memory(folder + "/statm");
  double size = 0, resident = 0, shared = 0;
  memory >> size >> resident >> shared;
  // Lanes are the games' memory that the agent maps.
  out.residentMiB = (resident - shared) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
  return out;
}

}  // namespace qd::bench
