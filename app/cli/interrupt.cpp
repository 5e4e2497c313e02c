// SPDX-License-Identifier: Apache-2.0
#include "app/cli/interrupt.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

namespace qd::cli {
namespace {

sigset_t interrupts() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

void blockInterrupts() {
  const sigset_t set = interrupts();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

Waiter::Waiter() {
  const sigset_t set = interrupts();
  signals_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

Waiter::~Waiter() {
  ::close(signals_);
  ::close(wake_);
}

void Waiter::wake() {
  const std::uint64_t one = 1;
  (void)!::write(wake_, &one, sizeof one);
}

Waiter::Outcome Waiter::wait(const std::function<bool()>& condition, std::optional<std::int64_t> deadline) {
  while (true) {
    if (condition()) return Outcome::Condition;
    timespec left{};
    if (deadline) {
      const std::int64_t ns = std::max<std::int64_t>(*deadline - monotonicNs(), 0);
      if (ns == 0) return Outcome::Deadline;
      left = {ns / kNsPerSecond, ns % kNsPerSecond};
    }
    pollfd both[] = {{signals_, POLLIN, 0}, {wake_, POLLIN, 0}};
    if (::ppoll(both, 2, deadline ? &left : nullptr, nullptr) < 0) continue;  // EINTR
    if (both[0].revents != 0) {
      signalfd_siginfo taken;
      (void)!::read(signals_, &taken, sizeof taken);
      return Outcome::Interrupted;
    }
    std::uint64_t count = 0;
    (void)!::read(wake_, &count, sizeof count);
  }
}

InterruptStop::InterruptStop() {
  thread_ = std::thread([this] {
    const auto outcome = waiter_.wait([this] { return over_.load(); }, std::nullopt);
    if (outcome == Waiter::Outcome::Interrupted) source_.request_stop();
  });
}

InterruptStop::~InterruptStop() {
  over_ = true;
  waiter_.wake();
  thread_.join();
}

}  // namespace qd::cli
