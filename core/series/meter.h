// SPDX-License-Identifier: Apache-2.0
// Counts the bytes that are alive in a store, those included that only a reader still holds: what is large carries a
// Metered, which adds its size when made and takes it back when it goes. Whoever is about to make something claims the
// room for it first and holds the Claim while it makes it, so that two who do so at once never find the same room. Any
// thread. The meter outlives what it counts.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace qd::series {

class Meter {
 public:
  void add(std::size_t bytes) {
    const std::size_t now = bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    std::size_t most = most_.load(std::memory_order_relaxed);
    while (now > most && !most_.compare_exchange_weak(most, now, std::memory_order_relaxed)) continue;
  }
  void take(std::size_t bytes) { bytes_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  std::size_t most() const { return most_.load(std::memory_order_relaxed); }  // that there ever were at one instant

  // False, and nothing is claimed, where `bytes` more than what is alive or claimed would be more than `limit`. What
  // was made under a claim is seen by those who see that the claim is gone.
  bool claim(std::size_t bytes, std::size_t limit) {
    const std::size_t all = claimed_.fetch_add(bytes, std::memory_order_acq_rel) + bytes;
    if (all + this->bytes() <= limit) return true;
    unclaim(bytes);
    return false;
  }
  void unclaim(std::size_t bytes) { claimed_.fetch_sub(bytes, std::memory_order_acq_rel); }
  std::size_t claimed() const { return claimed_.load(std::memory_order_relaxed); }
  // Of the bytes: what the store let go of and readers still hold.
  void hold(std::size_t bytes) { held_.fetch_add(bytes, std::memory_order_relaxed); }
  void release(std::size_t bytes) { held_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::size_t held() const { return held_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::size_t> bytes_{0}, most_{0}, claimed_{0}, held_{0};
};

// Room that nobody else takes while it is held. What is made meanwhile counts twice, so rather too much.
class Claim {
 public:
  Claim() = default;                                                         // none
  Claim(Meter& meter, std::size_t bytes) : meter_(&meter), bytes_(bytes) {}  // was claimed
  Claim(Claim&& from) noexcept : meter_(std::exchange(from.meter_, nullptr)), bytes_(from.bytes_) {}
  Claim& operator=(Claim&&) = delete;
  ~Claim() {
    if (meter_ != nullptr) meter_->unclaim(bytes_);
  }
  explicit operator bool() const { return meter_ != nullptr; }

 private:
  Meter* meter_ = nullptr;
  std::size_t bytes_ = 0;
};

class Metered {
 public:
  static constexpr std::size_t kAllocation = 16;  // what the allocator takes for itself
  static constexpr std::size_t kShared = 32;      // and a shared pointer

  Metered(Meter& meter, std::size_t bytes) : meter_(&meter), bytes_(bytes) { meter.add(bytes); }
  Metered(const Metered&) = delete;
  Metered& operator=(const Metered&) = delete;
  ~Metered() {
    meter_->take(bytes_);
    if (letGo_) meter_->release(bytes_);
  }
  void set(std::size_t bytes) {
    meter_->add(bytes);
    meter_->take(std::exchange(bytes_, bytes));
  }
  std::size_t bytes() const { return bytes_; }
  // The store is about to drop what is counted here. By one thread, while the store has it.
  void letGo() const {
    if (std::exchange(letGo_, true)) return;
    meter_->hold(bytes_);
  }
  Meter& meter() const { return *meter_; }

 private:
  Meter* meter_;
  std::size_t bytes_;
  mutable bool letGo_ = false;
};

}  // namespace qd::series
