// SPDX-License-Identifier: Apache-2.0
// Waiting in a command line program: for a condition that other threads change, a deadline, or Ctrl-C and SIGTERM,
// without polling. One thread waits; wake() from any thread.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <stop_token>
#include <thread>

#include "core/base/clock.h"

namespace qd::cli {

// Call first in main: SIGINT and SIGTERM are then only seen by Waiter.
void blockInterrupts();

class Waiter {
 public:
  enum class Outcome { Condition, Deadline, Interrupted };

  Waiter();
  ~Waiter();
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  // The condition is looked at on this thread, at first and after each wake(). `deadline` on monotonicNs().
  Outcome wait(const std::function<bool()>& condition, std::optional<std::int64_t> deadline);
  Outcome waitFor(
      std::int64_t ns, const std::function<bool()>& condition = [] { return false; }) {
    return wait(condition, monotonicNs() + ns);
  }
  void wake();

 private:
  int signals_ = -1;
  int wake_ = -1;
};

// For work that goes on on the calling thread: Ctrl-C and SIGTERM ask it to stop.
class InterruptStop {
 public:
  InterruptStop();
  ~InterruptStop();
  std::stop_token token() const { return source_.get_token(); }

 private:
  Waiter waiter_;
  std::stop_source source_;
  std::atomic<bool> over_{false};
  std::thread thread_;
};

}  // namespace qd::cli
