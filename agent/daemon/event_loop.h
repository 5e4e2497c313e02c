// SPDX-License-Identifier: Apache-2.0
// One thread's epoll: descriptors, timers, and jobs from other threads. Everything but post() and stop() belongs to the
// thread that calls run(). A handler may unwatch any descriptor, its own too. Jobs are bounded; post() says false when
// the queue is full or the loop has ended. Errors: Io.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "core/base/error.h"

namespace qd::daemon {

class EventLoop {
 public:
  using Handler = std::function<void(std::uint32_t events)>;

  static Result<std::unique_ptr<EventLoop>> make();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  Result<> watch(int fd, std::uint32_t events, Handler handler);
  void change(int fd, std::uint32_t events);
  void unwatch(int fd);
  // A timer for the life of the loop.
  Result<> every(std::int64_t periodNs, std::function<void()> handler);

  bool post(std::function<void()> job);  // any thread
  void run();
  void stop();  // any thread, also a signal's: run() returns after the jobs posted so far

 private:
  struct Watch {
    int fd;
    Handler handler;
  };
  EventLoop() = default;
  void runJobs();

  int epoll_ = -1, event_ = -1;
  std::uint64_t nextId_ = 1;
  std::unordered_map<std::uint64_t, std::shared_ptr<Watch>> watches_;
  std::unordered_map<int, std::uint64_t> idOf_;
  std::vector<int> timers_;
  std::mutex mutex_;
  std::vector<std::function<void()>> jobs_;
  bool accepting_ = true;
  std::atomic<bool> stopping_{false};
};

}  // namespace qd::daemon
