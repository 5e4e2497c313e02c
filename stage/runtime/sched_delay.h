// SPDX-License-Identifier: Apache-2.0
// How long the calling thread was ready to run and had to wait for a processor, from the kernel's own account
// (/proc/thread-self/schedstat, second figure). It tells a slow tick from a host that let a tick wait. Nothing where
// the kernel keeps no such account. One thread, which is the one that is measured; a read costs about 1 µs.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <utility>

namespace qd::stage {

class SchedDelay {
 public:
  SchedDelay() = default;
  SchedDelay(const SchedDelay&) = delete;
  SchedDelay& operator=(const SchedDelay&) = delete;
  ~SchedDelay() {
    if (fd_ >= 0) close(fd_);
  }

  // ns since the call before; nothing at the first.
  std::optional<std::int64_t> takeNs() {
    if (!opened_) {
      opened_ = true;
      fd_ = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    }
    char text[96];
    const auto size = fd_ < 0 ? -1 : pread(fd_, text, sizeof text - 1, 0);
    if (size <= 0) return std::nullopt;
    text[size] = 0;
    char* end = nullptr;
    std::strtoll(text, &end, 10);
    const std::int64_t total = std::strtoll(end, nullptr, 10);
    const std::int64_t before = std::exchange(last_, total);
    if (before < 0) return std::nullopt;
    return total - before;
  }

 private:
  int fd_ = -1;
  bool opened_ = false;
  std::int64_t last_ = -1;
};

}  // namespace qd::stage
