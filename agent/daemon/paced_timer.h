// SPDX-License-Identifier: Apache-2.0
// A timer of the event loop whose period can change. Loop thread only; goes before its loop.
#pragma once

#include <cstdint>
#include <functional>

#include "agent/daemon/event_loop.h"

namespace qd::daemon {

class PacedTimer {
 public:
  explicit PacedTimer(EventLoop& loop) : loop_(loop) {}
  ~PacedTimer();
  PacedTimer(const PacedTimer&) = delete;
  PacedTimer& operator=(const PacedTimer&) = delete;

  Result<> start(std::int64_t periodNs, std::function<void()> handler);  // once; Io
  void every(std::int64_t periodNs);  // counted from now, when it differs from what it was

 private:
  EventLoop& loop_;
  int fd_ = -1;
  std::int64_t periodNs_ = 0;
};

}  // namespace qd::daemon
