// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/host_metrics.h"

#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

namespace qd::daemon {
namespace {

std::int64_t share(std::uint64_t part, std::uint64_t total) {  // hundredths of a percent
  return total == 0 ? 0 : static_cast<std::int64_t>(part * 10000 / total);
}

}  // namespace

HostMetrics::HostMetrics(std::filesystem::path root) : root_(std::move(root)) {
  const auto offer = [this](bool there, What what, HostSeries series) {
    if (!there) return;
    what_.push_back(what);
    series_.push_back(series);
  };
  const auto now = times();
  if (now) last_ = *now;
  lastThrottled_ = throttledUs().value_or(0);
  offer(now.has_value(), What::Cpu, {"host.cpu", "%", "Processor time in use on the host, all cores", 2});
  offer(pressure().has_value(), What::Pressure,
        {"host.psi", "%", "Share of the last 10 s in which something waited for a processor", 2});
  offer(now.has_value(), What::Steal, {"host.steal", "%", "Processor time that the hypervisor gave to others", 2});
  offer(throttledUs().has_value(), What::Throttled,
        {"host.cpu_throttled", "ms", "Time in which the control group was throttled, in the last second", 3});
  offer(rcvbufErrors().has_value(), What::RcvbufErrors,
        {"net.udp_rcvbuf_errors", "", "UDP packets dropped for want of receive buffer since the host's start", 0});
}

std::optional<HostMetrics::Times> HostMetrics::times() const {
  std::ifstream in(root_ / "proc/stat");
  std::string cpu;
  std::uint64_t user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0;
  if (!(in >> cpu >> user >> nice >> system >> idle >> iowait >> irq >> softirq >> steal) || cpu != "cpu") {
    return std::nullopt;
  }
  const std::uint64_t busy = user + nice + system + irq + softirq;
  return Times{busy, steal, busy + steal + idle + iowait};
}

std::optional<std::int64_t> HostMetrics::pressure() const {
  std::ifstream in(root_ / "proc/pressure/cpu");
  std::string some, average;
  if (!(in >> some >> average) || average.rfind("avg10=", 0) != 0) return std::nullopt;
  std::istringstream number(average.substr(6));
  double percent = 0;
  if (!(number >> percent)) return std::nullopt;
  return std::llround(percent * 100);
}

std::optional<std::int64_t> HostMetrics::throttledUs() const {
  std::string group;  // ours, as "0::/path"; in a container its root is our group
  std::ifstream own(root_ / "proc/self/cgroup");
  while (std::getline(own, group) && group.rfind("0::/", 0) != 0) group.clear();
  std::ifstream in(root_ / "sys/fs/cgroup" / (group.size() > 4 ? group.substr(4) : "") / "cpu.stat");
  std::string key;
  std::int64_t value = 0;
  while (in >> key >> value) {
    if (key == "throttled_usec") return value;
  }
  return std::nullopt;
}

std::optional<std::int64_t> HostMetrics::rcvbufErrors() const {
  std::ifstream in(root_ / "proc/net/snmp");
  std::string names, values;
  while (std::getline(in, names)) {
    if (names.rfind("Udp: ", 0) != 0 || !std::getline(in, values)) continue;
    std::istringstream name(names), value(values);
    std::string n, v;
    while (name >> n && value >> v) {
      if (n == "RcvbufErrors") return std::stoll(v);
    }
  }
  return std::nullopt;
}

std::optional<std::int64_t> HostMetrics::read(What what, const Times& before, const Times& now) {
  switch (what) {
    case What::Cpu:
      return share(now.busy - before.busy, now.total - before.total);
    case What::Steal:
      return share(now.steal - before.steal, now.total - before.total);
    case What::Pressure:
      return pressure();
    case What::Throttled: {
      const auto value = throttledUs();
      if (!value) return std::nullopt;
      return *value - std::exchange(lastThrottled_, *value);
    }
    case What::RcvbufErrors:
      return rcvbufErrors();
  }
  return std::nullopt;
}

std::vector<HostValue> HostMetrics::sample() {
  const Times now = times().value_or(last_);
  const Times before = std::exchange(last_, now);
  std::vector<HostValue> out;
  for (std::uint32_t i = 0; i < what_.size(); ++i) {
    if (const auto value = read(what_[i], before, now)) out.push_back({i, *value});
  }
  return out;
}

}  // namespace qd::daemon
