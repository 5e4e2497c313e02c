// SPDX-License-Identifier: Apache-2.0
// The maths of derived.h over exact samples.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/analysis/derived.h"

namespace qd::analysis {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// Walks the breaks of a line beside its samples.
class BreakWalk {
 public:
  explicit BreakWalk(const Breaks& breaks) : breaks_(breaks) {}
  bool before(TimeNs time) {
    bool broken = false;
    for (; next_ < breaks_.size() && breaks_[next_] <= time; ++next_) broken = true;
    return broken;
  }

 private:
  const Breaks& breaks_;
  std::size_t next_ = 0;
};

// How many samples of each rank are in the window: a Fenwick tree over the ranks of all values.
class RankCounts {
 public:
  explicit RankCounts(std::size_t ranks) : counts_(ranks + 1) {
    for (step_ = 1; step_ * 2 < counts_.size();) step_ *= 2;
  }
  void add(std::size_t rank, int change) {
    for (std::size_t i = rank + 1; i < counts_.size(); i += i & (~i + 1)) counts_[i] += change;
  }
  // The rank of the nth sample, n from 1.
  std::size_t nth(int n) const {
    std::size_t at = 0;
    for (std::size_t step = step_; step > 0; step /= 2) {
      if (at + step < counts_.size() && counts_[at + step] < n) n -= counts_[at += step];
    }
    return at;
  }

 private:
  std::vector<int> counts_;
  std::size_t step_ = 1;
};

// Calls enter(i), leave(i), value(i) so that at value(i) the finite samples of (time - window, time] are inside.
template <class Enter, class Leave, class Value>
void slide(const Samples& samples, const Breaks& breaks, TimeNs window, Enter enter, Leave leave, Value value) {
  BreakWalk walk(breaks);
  std::size_t oldest = 0;
  const auto isIn = [&](std::size_t i) { return std::isfinite(samples[i].value); };
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const bool restart = walk.before(samples[i].time) || !isIn(i);
    for (; oldest < i && (restart || samples[oldest].time <= samples[i].time - window); ++oldest)
      if (isIn(oldest)) leave(oldest);
    if (isIn(i)) enter(i);
    value(i);
  }
}

}  // namespace

Samples rateOf(const Samples& samples, const Breaks& breaks) {
  Samples out;
  out.reserve(samples.size());
  BreakWalk walk(breaks);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const bool broken = walk.before(samples[i].time);
    if (i == 0 || broken) continue;
    const TimeNs passed = samples[i].time - samples[i - 1].time;
    if (passed <= 0) continue;  // two at one time: there is no slope between them
    const double rise = samples[i].value - samples[i - 1].value;
    out.push_back({samples[i].tick, samples[i].time, rise * 1e9 / static_cast<double>(passed)});
  }
  return out;
}

Samples averageOf(const Samples& samples, const Breaks& breaks, TimeNs window) {
  Samples out(samples);
  // In long double and reset whenever the window is empty: what is added and taken away again leaves no trace that a
  // double could show.
  long double sum = 0;
  std::size_t count = 0;
  slide(
      samples, breaks, window,
      [&](std::size_t i) {
        sum += samples[i].value;
        ++count;
      },
      [&](std::size_t i) { sum = --count == 0 ? 0 : sum - samples[i].value; },
      [&](std::size_t i) {
        out[i].value =
            std::isfinite(samples[i].value) ? static_cast<double>(sum / static_cast<long double>(count)) : kUnknown;
      });
  return out;
}

Samples percentileOf(const Samples& samples, const Breaks& breaks, TimeNs window, double fraction) {
  std::vector<double> values;
  for (const auto& s : samples)
    if (std::isfinite(s.value)) values.push_back(s.value);
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  std::vector<std::size_t> ranks(samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i)
    ranks[i] =
        static_cast<std::size_t>(std::lower_bound(values.begin(), values.end(), samples[i].value) - values.begin());
  RankCounts counts(values.size());
  int inside = 0;
  Samples out(samples);
  slide(
      samples, breaks, window,
      [&](std::size_t i) {
        counts.add(ranks[i], 1);
        ++inside;
      },
      [&](std::size_t i) {
        counts.add(ranks[i], -1);
        --inside;
      },
      [&](std::size_t i) {
        if (!std::isfinite(samples[i].value)) {
          out[i].value = kUnknown;
          return;
        }
        const int n = std::clamp(static_cast<int>(std::ceil(fraction * inside)), 1, inside);
        out[i].value = values[counts.nth(n)];
      });
  return out;
}

Samples differenceOf(const Samples& a, const Samples& b) {
  Samples out;
  out.reserve(a.size());
  std::size_t next = 0;
  for (const auto& sample : a) {
    while (next < b.size() && b[next].time <= sample.time) ++next;
    if (next == 0) continue;  // nothing of the other is known yet
    out.push_back({sample.tick, sample.time, sample.value - b[next - 1].value});
  }
  return out;
}

}  // namespace qd::analysis
