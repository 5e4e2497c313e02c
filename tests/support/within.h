// SPDX-License-Identifier: Apache-2.0
// The one way in which a test waits for another process: until a condition holds, at most for a time. The pause is only
// between two looks; what is waited for is the condition.
#pragma once

#include <chrono>
#include <thread>

namespace qd::testing {

template <class Condition>
bool within(std::chrono::milliseconds time, Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace qd::testing
