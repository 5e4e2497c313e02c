// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "core/base/clock.h"

namespace qd::daemon {
namespace {

constexpr std::size_t kMostJobs = 16384;

}  // namespace

Result<std::unique_ptr<EventLoop>> EventLoop::make() {
  std::unique_ptr<EventLoop> loop(new EventLoop);
  loop->epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (loop->epoll_ < 0) return failErrno("Making an epoll descriptor", errno);
  loop->event_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (loop->event_ < 0) return failErrno("Making an event descriptor", errno);
  auto* raw = loop.get();
  auto watched = loop->watch(loop->event_, EPOLLIN, [raw](std::uint32_t) {
    std::uint64_t count = 0;
    while (::read(raw->event_, &count, sizeof count) > 0) {
    }
    raw->runJobs();
  });
  if (!watched) return std::unexpected(watched.error());
  return loop;
}

EventLoop::~EventLoop() {
  for (const int timer : timers_) ::close(timer);
  if (event_ >= 0) ::close(event_);
  if (epoll_ >= 0) ::close(epoll_);
}

Result<> EventLoop::watch(int fd, std::uint32_t events, Handler handler) {
  const std::uint64_t id = nextId_++;
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) return failErrno("Watching a descriptor", errno);
  watches_[id] = std::make_shared<Watch>(Watch{fd, std::move(handler)});
  idOf_[fd] = id;
  return {};
}

void EventLoop::change(int fd, std::uint32_t events) {
  const auto found = idOf_.find(fd);
  if (found == idOf_.end()) return;
  epoll_event event{};
  event.events = events;
  event.data.u64 = found->second;
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
}

void EventLoop::unwatch(int fd) {
  const auto found = idOf_.find(fd);
  if (found == idOf_.end()) return;
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  watches_.erase(found->second);
  idOf_.erase(found);
}

Result<> EventLoop::every(std::int64_t periodNs, std::function<void()> handler) {
  const int fd = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (fd < 0) return failErrno("Making a timer", errno);
  timers_.push_back(fd);
  itimerspec spec{};
  spec.it_interval.tv_sec = periodNs / kNsPerSecond;
  spec.it_interval.tv_nsec = periodNs % kNsPerSecond;
  spec.it_value = spec.it_interval;
  if (::timerfd_settime(fd, 0, &spec, nullptr) != 0) return failErrno("Setting a timer", errno);
  return watch(fd, EPOLLIN, [fd, handler = std::move(handler)](std::uint32_t) {
    std::uint64_t expirations = 0;
    if (::read(fd, &expirations, sizeof expirations) > 0) handler();
  });
}

bool EventLoop::post(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    if (!accepting_ || jobs_.size() >= kMostJobs) return false;
    jobs_.push_back(std::move(job));
  }
  const std::uint64_t one = 1;
  return ::write(event_, &one, sizeof one) > 0 || errno == EAGAIN;
}

void EventLoop::runJobs() {
  std::vector<std::function<void()>> jobs;
  {
    const std::lock_guard lock(mutex_);
    jobs.swap(jobs_);
  }
  for (auto& job : jobs) job();
}

void EventLoop::run() {
  std::array<epoll_event, 64> ready;
  while (!stopping_) {
    const int count = ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), -1);
    for (int i = 0; i < count; ++i) {
      const auto found = watches_.find(ready[static_cast<std::size_t>(i)].data.u64);
      if (found == watches_.end()) continue;  // unwatched by a handler before it
      const std::shared_ptr<Watch> keep = found->second;
      keep->handler(ready[static_cast<std::size_t>(i)].events);
    }
  }
  {
    const std::lock_guard lock(mutex_);
    accepting_ = false;  // nobody waits for a job that would never run
  }
  runJobs();
}

void EventLoop::stop() {
  stopping_ = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(event_, &one, sizeof one);
}

}  // namespace qd::daemon
