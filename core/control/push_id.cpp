// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <random>

#include "core/base/clock.h"
#include "core/control/command_port.h"

namespace qd::control {

std::string newPushId() {
  static thread_local std::mt19937_64 random{std::random_device{}() ^ static_cast<std::uint64_t>(monotonicNs())};
  return fmt::format("push-{:x}-{:08x}", utcNowNs() / kNsPerMs, random() & 0xFFFFFFFFU);
}

}  // namespace qd::control
