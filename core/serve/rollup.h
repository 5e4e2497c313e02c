// SPDX-License-Identifier: Apache-2.0
// Samples to one row a second and series, for subscribers that do not need each: count, min, max, mean, last and p99 in
// displayed units. Seconds are those of UTC. A second is given out when the process has samples of a later one, or when
// the log has moved on by two seconds. One thread.
#pragma once

#include <map>
#include <unordered_map>
#include <vector>

#include "core/ingest/events.h"

namespace qd::serve {

class RollupMaker {
 public:
  // Whole declarations; a later one of the same instance replaces the earlier.
  void declare(const ingest::ProcessInfo& info);
  // Adds what is complete to `out`.
  void add(const ingest::SampleBlock& block, std::vector<ingest::Rollup>& out);
  void expire(TimeNs now, std::vector<ingest::Rollup>& out);
  void forget(InstanceId instance, std::vector<ingest::Rollup>& out);  // gives out what is left

 private:
  struct Second {
    ingest::ProcessRef process;
    TimeNs from = 0;
    Tick tick = 0;
    std::map<std::uint32_t, std::vector<double>> values;
  };
  void close(Second& second, std::vector<ingest::Rollup>& out) const;
  double displayed(InstanceId instance, std::uint32_t series, double raw) const;
  void addColumn(Second*& second, const ingest::SampleBlock& block, const ingest::Column& column,
                 std::vector<ingest::Rollup>& out);

  std::unordered_map<InstanceId, std::unordered_map<std::uint32_t, double>> factor_;
  std::unordered_map<InstanceId, std::map<TimeNs, Second>> open_;
};

}  // namespace qd::serve
