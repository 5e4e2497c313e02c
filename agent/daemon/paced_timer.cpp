// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/paced_timer.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/base/clock.h"

namespace qd::daemon {

PacedTimer::~PacedTimer() {
  if (fd_ < 0) return;
  loop_.unwatch(fd_);
  ::close(fd_);
}

Result<> PacedTimer::start(std::int64_t periodNs, std::function<void()> handler) {
  fd_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (fd_ < 0) return failErrno("Making a timer", errno);
  every(periodNs);
  return loop_.watch(fd_, EPOLLIN, [fd = fd_, handler = std::move(handler)](std::uint32_t) {
    std::uint64_t expirations = 0;
    if (::read(fd, &expirations, sizeof expirations) > 0) handler();
  });
}

void PacedTimer::every(std::int64_t periodNs) {
  if (periodNs == periodNs_) return;
  periodNs_ = periodNs;
  itimerspec spec{};
  spec.it_interval.tv_sec = periodNs / kNsPerSecond;
  spec.it_interval.tv_nsec = periodNs % kNsPerSecond;
  spec.it_value = spec.it_interval;
  ::timerfd_settime(fd_, 0, &spec, nullptr);
}

}  // namespace qd::daemon
