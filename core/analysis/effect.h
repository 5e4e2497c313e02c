// SPDX-License-Identifier: Apache-2.0
// What a push did to a series. Samples of a game are no independent draws, so both windows are cut into blocks of a
// second; each block gives one p50 and one p99 of each process. A treated block has the mean of the untouched servers'
// blocks of the same second taken off it (difference in differences), so that a load which all share is no effect. The
// difference of the means of the blocks after and before comes with Student's interval, its degrees of freedom reduced
// by the blocks' autocorrelation of lag 1. Source: Welch 1947; Bayley & Hammersley 1946 for the effective number.
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/value.h"

namespace qd::analysis {

struct TimedValue {
  TimeNs time = 0;
  double value = 0;
};

struct Treated {
  TimeNs applied = 0;  // when this process got it
  std::vector<TimedValue> values;
};

struct EffectOptions {
  Duration window{20 * kNsPerSecond};  // before and after
  Duration skip{2 * kNsPerSecond};     // right after the push: it settles
  double confidence = 0.99;
};

struct Difference {
  double before = 0, after = 0;
  double delta = 0, low = 0, high = 0;  // with its interval, untouched servers taken off
  bool real() const { return low > 0 || high < 0; }
};

struct Effect {
  Difference p50, p99;
  std::optional<Duration> settled;  // from the push until it stays where it ends up; none: it has not, or there is none
  std::size_t blocksBefore = 0, blocksAfter = 0, controls = 0;
  std::string lacking;  // why nothing can be said; empty: it can
  bool real() const { return lacking.empty() && (p50.real() || p99.real()); }
  double strength() const;  // for sorting: the larger of |delta| over half its interval
};

Effect effectOf(const std::vector<Treated>& treated, const std::vector<std::vector<TimedValue>>& untouched,
                const EffectOptions& options = {});

// Student's t: the value that is not exceeded with probability p, within 0.5 % for 3 and more degrees of freedom.
double studentQuantile(double p, double degrees);

}  // namespace qd::analysis
