// SPDX-License-Identifier: Apache-2.0
// A queue between threads that is bounded in bytes: a push that does not fit is refused at once and counted, so the
// producer never waits. Any number of producers and consumers; pop blocks until there is something or stop() was
// called. An item larger than the whole bound still gets through when the queue is empty.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace qd {

template <class T>
class ByteQueue {
 public:
  explicit ByteQueue(std::size_t boundBytes) : bound_(boundBytes) {}

  // False: full or stopped; the item is counted as dropped.
  bool push(T item, std::size_t bytes) {
    {
      const std::lock_guard lock(mutex_);
      if (stopped_ || (!items_.empty() && bytes_ + bytes > bound_)) {
        ++dropped_;
        droppedBytes_ += bytes;
        return false;
      }
      items_.emplace_back(std::move(item), bytes);
      bytes_ += bytes;
    }
    ready_.notify_one();
    return true;
  }

  // Waits; empty once stopped and drained.
  std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return stopped_ || !items_.empty(); });
    return take();
  }

  // As pop(), but empty also when the time is over.
  std::optional<T> popFor(std::chrono::nanoseconds timeout) {
    std::unique_lock lock(mutex_);
    // The system's clock is the one that every sanitizer understands for timed waits.
    ready_.wait_until(lock, std::chrono::system_clock::now() + std::chrono::ceil<Coarse>(timeout),
                      [this] { return stopped_ || !items_.empty(); });
    return take();
  }

  std::optional<T> tryPop() {
    const std::lock_guard lock(mutex_);
    return take();
  }

  // Refuses what comes from now on and wakes every pop(); what is queued can still be popped.
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    ready_.notify_all();
  }

  bool stopped() const {
    const std::lock_guard lock(mutex_);
    return stopped_;
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return items_.size();
  }
  std::size_t bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }
  std::uint64_t dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }
  std::uint64_t droppedBytes() const {
    const std::lock_guard lock(mutex_);
    return droppedBytes_;
  }

 private:
  using Coarse = std::chrono::system_clock::duration;

  std::optional<T> take() {
    if (items_.empty()) return std::nullopt;
    auto [item, bytes] = std::move(items_.front());
    items_.pop_front();
    bytes_ -= bytes;
    return std::optional<T>(std::move(item));
  }

  const std::size_t bound_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::pair<T, std::size_t>> items_;
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0, droppedBytes_ = 0;
  bool stopped_ = false;
};

}  // namespace qd
