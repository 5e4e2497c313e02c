// SPDX-License-Identifier: Apache-2.0
// quarterdeck-guardian: started by an agent for one debugger of one game; see guardian.h. Not for people.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "agent/debug/guardian.h"

int main(int argc, char** argv) {
  const auto kind = argc == 3 ? qd::debug::debuggerNamed(argv[1]) : std::nullopt;
  const long long pid = argc == 3 ? std::atoll(argv[2]) : 0;
  if (!kind || pid <= 1) {
    std::fputs("usage: quarterdeck-guardian dlv|lldb PID (its agent is on descriptor 3)\n", stderr);
    return 2;
  }
  ::setsid();
  return qd::debug::guard({*kind, pid, 3});
}
