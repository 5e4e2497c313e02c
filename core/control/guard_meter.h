// SPDX-License-Identifier: Apache-2.0
// One guard's look at one process: keeps the last `ticks` ticks of a series and says whether its statistic breaches the
// threshold. Too little evidence is never a pass: it needs `ticks` unbroken ticks since the value was applied, and
// enough samples for the statistic (p99: 50, p50: 10, mean: 5, each at most as many as ticks). Lost samples begin the
// window anew (Paused). Values in the series' unit. Pure; one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "core/ingest/changes.h"

namespace qd::control {

class GuardMeter {
 public:
  explicit GuardMeter(const ingest::Guard& guard) : guard_(guard) {}

  void add(Tick tick, double value);  // NaN is left out; a tick before the newest begins a new segment
  void broken(Tick tick);             // samples before this tick are missing
  // Values of the process changed at this tick: what came before is the reference (of the first call), what follows is
  // judged.
  void applied(Tick tick);
  void parked(bool is) { parked_ = is; }

  ingest::GuardReading judge() const;  // guard and process are left to the caller
  bool hasReference() const;           // could `applied` take one now, or has it?
  Tick newest() const { return newest_; }

  static bool breaches(const ingest::Guard& guard, double value, double reference);
  static constexpr std::uint32_t kMostTicks = 36'000;
  static constexpr std::size_t kMostSamples = 65'536;

 private:
  struct Point {
    Tick tick;
    double value;
  };
  std::size_t evidence() const;
  std::size_t countSince(Tick from) const;
  double statistic(Tick from) const;

  const ingest::Guard guard_;
  std::deque<Point> points_;
  Tick newest_ = 0;
  std::optional<Tick> since_;  // unbroken from here on
  std::optional<Tick> brokenAt_;
  bool applied_ = false, parked_ = false;
  std::optional<double> reference_;
};

}  // namespace qd::control
