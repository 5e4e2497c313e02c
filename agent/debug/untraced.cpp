// SPDX-License-Identifier: Apache-2.0
#include "agent/debug/untraced.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/debug/tracee.h"
#include "core/base/clock.h"

namespace qd::debug {
namespace {

constexpr std::int64_t kUntracedWithinNs = 10 * kNsPerSecond;
constexpr int kLookEveryMs = 50;

}  // namespace

// A process has one tracer. The one before us may be about to let go: a debugger that attaches meanwhile says no more
// than that it lost its connection.
Result<> awaitUntraced(std::int64_t pid, int process, std::array<int, 2> givesUp) {
  const std::int64_t until = monotonicNs() + kUntracedWithinNs;
  std::int64_t tracer = tracerOf(pid);
  while (tracer != 0 && monotonicNs() < until) {
    const int other = static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(tracer), 0));
    // Its end is told; that it lets go without ending is not.
    std::array<pollfd, 4> fds = {
        {{other, POLLIN, 0}, {process, POLLIN, 0}, {givesUp[0], POLLRDHUP, 0}, {givesUp[1], POLLIN, 0}}};
    ::poll(fds.data(), fds.size(), kLookEveryMs);
    if (other >= 0) ::close(other);
    if (fds[1].revents != 0) return fail(ErrorCode::NotFound, "The process is gone.");
    if (fds[2].revents != 0 || fds[3].revents != 0) return fail(ErrorCode::Unavailable, "Nobody wants it any more.");
    tracer = tracerOf(pid);
  }
  if (tracer == 0) return {};
  return fail(ErrorCode::Unavailable,
              fmt::format("Process {} is debugged by {} (pid {}) already; a process has one debugger at a time.", pid,
                          nameOf(tracer), tracer));
}

}  // namespace qd::debug
