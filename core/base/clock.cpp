// SPDX-License-Identifier: Apache-2.0
#include "core/base/clock.h"

#include <ctime>

namespace qd {
namespace {

std::int64_t read(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return now.tv_sec * kNsPerSecond + now.tv_nsec;
}

}  // namespace

std::int64_t monotonicNs() {
  return read(CLOCK_MONOTONIC);
}

std::int64_t utcOffsetNs() {
  static const std::int64_t offset = [] {
    const std::int64_t before = monotonicNs();
    const std::int64_t utc = read(CLOCK_REALTIME);
    return utc - (before + (monotonicNs() - before) / 2);
  }();
  return offset;
}

TimeNs utcNowNs() {
  return monotonicNs() + utcOffsetNs();
}

}  // namespace qd
