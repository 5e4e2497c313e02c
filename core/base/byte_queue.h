// SPDX-License-Identifier: Apache-2.0
// A queue between threads that is bounded in bytes: a push that does not fit is refused at once and counted, so the
// producer never waits. Any number of producers, one consumer, which takes all there is when enough has come together:
// waking it for each item would cost the producer more than the item. An item larger than the whole bound still gets
// through when the queue is empty.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

namespace qd {

template <class T>
class ByteQueue {
 public:
  explicit ByteQueue(std::size_t boundBytes) : bound_(boundBytes) {}

  // False: full or stopped; the item is counted as dropped.
  bool push(T item, std::size_t bytes) {
    bool enough = false;
    {
      const std::lock_guard lock(mutex_);
      if (stopped_ || (!items_.empty() && bytes_ + bytes > bound_)) {
        ++dropped_;
        droppedBytes_ += bytes;
        return false;
      }
      items_.push_back(std::move(item));
      bytes_ += bytes;
      enough = bytes_ >= wanted_ && bytes_ - bytes < wanted_;
    }
    if (enough) ready_.notify_one();
    return true;
  }

  // Waits until `wanted` bytes or half the bound are there, until stop(), or until the time is over; then all there is,
  // in order.
  std::vector<T> takeAll(std::size_t wanted, std::chrono::nanoseconds timeout) {
    std::unique_lock lock(mutex_);
    wanted_ = std::max<std::size_t>(1, std::min(wanted, bound_ / 2));
    // The system's clock is the one that every sanitizer understands for timed waits.
    ready_.wait_until(lock, std::chrono::system_clock::now() + std::chrono::ceil<Coarse>(timeout),
                      [this] { return stopped_ || bytes_ >= wanted_; });
    bytes_ = 0;
    return std::exchange(items_, {});
  }

  // Refuses what comes from now on and wakes the consumer; what is queued can still be taken.
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

  const std::size_t bound_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::vector<T> items_;
  std::size_t bytes_ = 0, wanted_ = 1;  // what the consumer waits for
  std::uint64_t dropped_ = 0, droppedBytes_ = 0;
  bool stopped_ = false;
};

}  // namespace qd
