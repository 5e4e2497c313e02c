// SPDX-License-Identifier: Apache-2.0
// Breakpoints that wait for a metric: which of a group's processes has the series, and when its guard breaches there.
// Written as a guard ("p99 tick.duration > 16 ms for 120 ticks"); without a statistic the newest value alone counts
// ("net.rtt > 200 ms"). Pure: samples in, crossings out. One thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/control/guard_meter.h"
#include "core/ingest/events.h"

namespace qd::control {

// Errors: InvalidArgument, with the form in the sentence.
Result<ingest::Guard> triggerIn(const std::string& text, std::string* unit = nullptr);

class MetricWatch {
 public:
  struct Crossed {
    std::string breakpoint;
    ProcessId process;
    Tick tick = 0;
    double value = 0;
  };

  // Those of them that wait for a metric; the others are forgotten. What is known already goes on.
  void watch(const std::vector<ingest::Breakpoint>& all);
  void up(const ingest::ProcessInfo& info);
  void down(const ProcessId& process) { processes_.erase(process); }
  std::vector<Crossed> samples(const ingest::SampleBlock& block);
  // Why nothing can cross: no member has the series, or it is in another unit. Empty: it can.
  std::string problem(const std::string& breakpoint) const;
  bool idle() const { return watched_.empty(); }

 private:
  struct Watched {
    std::string text, unit;
    ingest::Guard guard;
    std::vector<ProcessId> members;
    std::map<ProcessId, GuardMeter> meters;
  };
  std::map<std::string, Watched> watched_;
  std::map<ProcessId, std::vector<ingest::SeriesInfo>> processes_;
};

}  // namespace qd::control
