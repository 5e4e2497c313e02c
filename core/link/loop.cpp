// SPDX-License-Identifier: Apache-2.0
#include "core/link/loop.h"

#include <chrono>

#include "core/base/clock.h"

namespace qd::link {

Loop::Loop() : thread_([this] { run(); }) {}

Loop::~Loop() {
  stop();
}

void Loop::post(Task task) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  tasks_.push_back(std::move(task));
  wake_.notify_one();
}

void Loop::at(std::int64_t monotonic, Task task) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  timers_.emplace(monotonic, std::move(task));
  wake_.notify_one();
}

void Loop::after(std::int64_t ns, Task task) {
  at(monotonicNs() + ns, std::move(task));
}

void Loop::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
  tasks_.clear();
  timers_.clear();
}

// Due timers go before tasks, so that a busy stream cannot hold up a lease.
Loop::Task Loop::next(std::unique_lock<std::mutex>& lock) {
  while (!stopping_) {
    const std::int64_t now = monotonicNs();
    if (!timers_.empty() && timers_.begin()->first <= now) {
      Task task = std::move(timers_.begin()->second);
      timers_.erase(timers_.begin());
      return task;
    }
    if (!tasks_.empty()) {
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      return task;
    }
    if (timers_.empty()) {
      wake_.wait(lock);
    } else {
      wake_.wait_for(lock, std::chrono::nanoseconds(timers_.begin()->first - now));
    }
  }
  return {};
}

void Loop::run() {
  std::unique_lock lock(mutex_);
  while (Task task = next(lock)) {
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
  }
}

void LiveCalls::add() {
  const std::lock_guard lock(mutex_);
  ++count_;
}

void LiveCalls::done() {
  const std::lock_guard lock(mutex_);
  if (--count_ == 0) none_.notify_all();
}

void LiveCalls::waitForNone() {
  std::unique_lock lock(mutex_);
  none_.wait(lock, [this] { return count_ == 0; });
}

}  // namespace qd::link
