// SPDX-License-Identifier: Apache-2.0
// Counts the bytes that are alive in a store, those included that only a reader still holds: what is large carries a
// Metered, which adds its size when made and takes it back when it goes. Any thread. The meter outlives what it counts.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace qd::series {

class Meter {
 public:
  void add(std::size_t bytes) { bytes_.fetch_add(bytes, std::memory_order_relaxed); }
  void take(std::size_t bytes) { bytes_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::size_t> bytes_{0};
};

class Metered {
 public:
  static constexpr std::size_t kAllocation = 16;  // what the allocator takes for itself
  static constexpr std::size_t kShared = 32;      // and a shared pointer

  Metered(Meter& meter, std::size_t bytes) : meter_(&meter), bytes_(bytes) { meter.add(bytes); }
  Metered(const Metered&) = delete;
  Metered& operator=(const Metered&) = delete;
  ~Metered() { meter_->take(bytes_); }
  void set(std::size_t bytes) {
    meter_->add(bytes);
    meter_->take(std::exchange(bytes_, bytes));
  }
  std::size_t bytes() const { return bytes_; }
  Meter& meter() const { return *meter_; }

 private:
  Meter* meter_;
  std::size_t bytes_;
};

}  // namespace qd::series
