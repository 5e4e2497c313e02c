// SPDX-License-Identifier: Apache-2.0
#include "agent/debug/rescue.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "agent/debug/tracee.h"

namespace qd::debug {
namespace {

constexpr int kTracerEndsWithinMs = 300;  // by itself: one that lost its adapter lets go in order, which is better
constexpr int kKilledWithinMs = 2'000;

bool endsWithin(int pidfd, int ms) {
  pollfd ending{pidfd, POLLIN, 0};
  return ::poll(&ending, 1, ms) == 1;
}

// The kernel's list of children is not exact while some of them end: the kernel is asked itself too.
bool isOurs(std::int64_t pid) {
  const auto ours = descendants();
  return std::find(ours.begin(), ours.end(), pid) != ours.end() ||
         ::waitpid(static_cast<pid_t>(pid), nullptr, WNOHANG) >= 0;
}

void endTracer(std::int64_t tracer) {
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(tracer), 0));
  if (pidfd < 0) return;
  if (!endsWithin(pidfd, kTracerEndsWithinMs)) {
    ::syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0);
    (void)endsWithin(pidfd, kKilledWithinMs);
  }
  ::close(pidfd);
  ::waitpid(static_cast<pid_t>(tracer), nullptr, WNOHANG);
}

}  // namespace

// A process whose tracer has ended runs at once, and one that is still traced might be let go of at any moment: so it
// is stopped first, and nothing in it comes to a trap while the traps are looked for.
std::size_t rescue(std::int64_t pid, int process) {
  const auto send = [&](int signal) { ::syscall(SYS_pidfd_send_signal, process, signal, nullptr, 0); };
  std::int64_t tracer = tracerOf(pid);
  if (tracer != 0 && !isOurs(tracer)) return 0;
  const bool wasTraced = tracer != 0;
  send(SIGSTOP);
  std::size_t removed = removeLeftTraps(pid);
  for (int i = 0; tracer != 0 && isOurs(tracer) && i < 4; ++i) {
    endTracer(tracer);
    tracer = tracerOf(pid);
  }
  if (tracer == 0) removed += removeLeftTraps(pid);  // what it has put in until then
  send(SIGCONT);
  if (!wasTraced) return removed;
  // A thread that had our SIGSTOP in its tracer's hands comes to it only now.
  constexpr int kLooks = 10, kBetweenMs = 5;
  for (int i = 0; i < kLooks && !endsWithin(process, kBetweenMs); ++i) {
    if (stateOf(pid) == 'T') send(SIGCONT);
  }
  return removed;
}

}  // namespace qd::debug
