// SPDX-License-Identifier: Apache-2.0
// The stage's only source of chance: splitmix64, seeded, so that one seed gives one run on every machine. Not for
// secrets. One generator belongs to one thread.
#pragma once

#include <cmath>
#include <cstdint>

#include "stage/netcode/exact.h"

namespace qd::stage {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  // In [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  // In [low, high].
  std::int64_t between(std::int64_t low, std::int64_t high) {
    const auto span = static_cast<std::uint64_t>(high - low) + 1;
    return low + static_cast<std::int64_t>(next() % span);
  }
  bool chance(double probability) { return uniform() < probability; }
  // Mean 0, deviation 1 (Box–Muller; two draws a value, so that the sequence does not depend on a cache).
  double gaussian() {
    const double u = 1.0 - uniform(), v = uniform();
    return std::sqrt(-2.0 * exact::logarithm(u)) * exact::cosine(6.283185307179586 * v);
  }

  std::uint64_t state() const { return state_; }

 private:
  std::uint64_t state_;
};

}  // namespace qd::stage
