// SPDX-License-Identifier: Apache-2.0
// How long to wait before the next attempt to connect: doubling from 0.25 s to 10 s, each a quarter more or less so
// that many consoles do not come back at once. Value; one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

#include "core/base/clock.h"

namespace qd::link {

class Backoff {
 public:
  explicit Backoff(std::uint64_t seed) : random_(seed) {}

  std::int64_t next() {
    const std::int64_t base = current_;
    current_ = std::min(current_ * 2, kMost);
    return base * 3 / 4 + std::uniform_int_distribution<std::int64_t>(0, base / 2)(random_);
  }
  void reset() { current_ = kFirst; }

  static constexpr std::int64_t kFirst = kNsPerSecond / 4;
  static constexpr std::int64_t kMost = 10 * kNsPerSecond;

 private:
  std::int64_t current_ = kFirst;
  std::mt19937_64 random_;
};

}  // namespace qd::link
