// SPDX-License-Identifier: Apache-2.0
// quarterdeck-guardian: started by an agent for one debugger of one game; see guardian.h. Not for people.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "agent/debug/guardian.h"

namespace {

constexpr const char* kUsage =
    "Usage: quarterdeck-guardian dlv|lldb PID (its agent is on descriptor 3; not for people)\n"
    "       quarterdeck-guardian --help | --version\n";

}  // namespace

int main(int argc, char** argv) {
  const std::string_view first = argc == 2 ? argv[1] : "";
  if (first == "--help") return std::fputs(kUsage, stdout) < 0;
  if (first == "--version") return std::puts("quarterdeck-guardian " QD_VERSION) < 0;
  const auto kind = argc == 3 ? qd::debug::debuggerNamed(argv[1]) : std::nullopt;
  const long long pid = argc == 3 ? std::atoll(argv[2]) : 0;
  if (!kind || pid <= 1) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  ::setsid();
  return qd::debug::guard({*kind, pid, 3});
}
