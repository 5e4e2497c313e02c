// SPDX-License-Identifier: Apache-2.0
// What the host does to the game, once a second: processor use, pressure, steal, throttling of our control group, UDP
// receive buffer errors. Only what this host offers is listed. Reads /proc and /sys; loop thread only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "agent/daemon/probe_session.h"

namespace qd::daemon {

class HostMetrics {
 public:
  explicit HostMetrics(std::filesystem::path root = "/");
  const std::vector<HostSeries>& series() const { return series_; }
  std::vector<HostValue> sample();

 private:
  enum class What { Cpu, Pressure, Steal, Throttled, RcvbufErrors };
  struct Times {
    std::uint64_t busy = 0, steal = 0, total = 0;
  };
  std::optional<Times> times() const;
  std::optional<std::int64_t> pressure() const;
  std::optional<std::int64_t> throttledUs() const;
  std::optional<std::int64_t> rcvbufErrors() const;
  std::optional<std::int64_t> read(What what, const Times& before, const Times& now);

  std::filesystem::path root_;
  std::vector<HostSeries> series_;
  std::vector<What> what_;
  Times last_;
  std::int64_t lastThrottled_ = 0;
};

}  // namespace qd::daemon
