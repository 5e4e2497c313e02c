// SPDX-License-Identifier: Apache-2.0
// Samples to one row a second and series, for subscribers that do not need each: count, min, max, mean, last and p99 in
// displayed units, and a mergeable sketch of the values. Seconds are those of UTC. A second is given out when the
// process has samples of a later one, or when the log has moved on by two seconds. The p99 is exact up to kKept values
// a second, then the sketch's. One thread.
#pragma once

#include <map>
#include <unordered_map>
#include <vector>

#include "core/base/sketch.h"
#include "core/ingest/events.h"

namespace qd::serve {

class RollupMaker {
 public:
  static constexpr std::size_t kKept = 4096;

  // Whole declarations; a later one of the same instance replaces the earlier.
  void declare(const ingest::ProcessInfo& info);
  // Adds what is complete to `out`.
  void add(const ingest::SampleBlock& block, std::vector<ingest::Rollup>& out);
  void expire(TimeNs now, std::vector<ingest::Rollup>& out);
  void forget(InstanceId instance, std::vector<ingest::Rollup>& out);  // gives out what is left

 private:
  // What one series did in one second.
  struct Values {
    std::uint64_t count = 0;
    double min = 0, max = 0, sum = 0, last = 0;
    std::vector<double> kept;
    Sketch folded;  // of those that were too many to keep
    void add(double value);
    ingest::RollupRow row(std::uint32_t series);
  };
  struct Second {
    ingest::ProcessRef process;
    TimeNs from = 0;
    Tick tick = 0;
    std::map<std::uint32_t, Values> series;
  };
  struct Series {
    double factor = 1;         // raw to displayed
    Values* values = nullptr;  // of the second at hand; null: not looked for yet
    std::size_t before = 0;    // values that it had in the second before, as a guess at how many come
  };
  // Samples mostly come one a series and block, and blocks of one second after each other: nothing is searched for
  // then.
  struct Instance {
    static constexpr std::uint32_t kDense = 4096;
    std::vector<Series> dense;  // by index
    std::unordered_map<std::uint32_t, Series> sparse;
    std::map<TimeNs, Second> seconds;
    Second* atHand = nullptr;

    Series& of(std::uint32_t index);
    void look(const ingest::ProcessRef& process, TimeNs second);  // makes it the one at hand
    void look(Second* second);
    void closeFirst(std::vector<ingest::Rollup>& out);
  };
  static void addColumn(Instance& instance, const ingest::SampleBlock& block, const ingest::Column& column);
  static void close(Second& second, std::vector<ingest::Rollup>& out);

  std::unordered_map<InstanceId, Instance> instances_;
};

}  // namespace qd::serve
