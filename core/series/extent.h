// SPDX-License-Identifier: Apache-2.0
// What the store knows of samples without looking at them: the fold of their values and what they cover. Plain values;
// any thread. Times are UTC ns, ticks those of the process's domain, values in displayed units.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "core/base/clock.h"

namespace qd::series {

// One sample as it came: bits of an int64 or of a double.
struct Row {
  TimeNs time = 0;
  Tick tick = 0;
  std::uint64_t bits = 0;
  bool operator==(const Row&) const = default;
};

// What all samples of a chunk share.
struct Kind {
  std::uint32_t segment = 0;  // ticks of two segments are never compared
  std::int8_t scale = 0;      // displayed = raw * 10^-scale, integers only
  bool integer = false;
  bool operator==(const Kind&) const = default;
};

// The fold of consecutive samples. Samples that are not finite count in `total` only.
struct Summary {
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
  double sum = 0;
  double last = std::numeric_limits<double>::quiet_NaN();
  std::uint64_t count = 0, total = 0;

  void add(double value) {
    ++total;
    if (!std::isfinite(value)) return;
    ++count;
    sum += value;
    last = value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  void add(const Summary& later) {
    total += later.total;
    if (later.count == 0) return;
    count += later.count;
    sum += later.sum;
    last = later.last;
    if (later.min < min) min = later.min;
    if (later.max > max) max = later.max;
  }
};

// What consecutive samples cover.
struct Extent {
  TimeNs t0 = 0, t1 = 0;  // of the first and the last of them
  Tick k0 = 0, k1 = 0;    // the least and the greatest
  Summary summary;
  std::uint32_t segment = 0;  // of the first of them
  bool breakBefore = false;   // the line is interrupted before the first of them
  bool mixed = false;         // holds a break or a change of segment after its beginning

  void add(const Extent& later) {
    mixed = mixed || later.mixed || later.breakBefore || later.segment != segment;
    t1 = later.t1;
    k0 = std::min(k0, later.k0);
    k1 = std::max(k1, later.k1);
    summary.add(later.summary);
  }
};

// Sketch::encode() of the finite values; null: not known.
using SketchPtr = std::shared_ptr<const std::string>;

}  // namespace qd::series
