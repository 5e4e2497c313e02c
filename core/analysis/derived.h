// SPDX-License-Identifier: Apache-2.0
// Derived series computed for a view (expression.h): from every exact sample of the range and of the window before it,
// as long as those are at most kMostExact; beyond that from the store's min-max buckets, and the answer says so by
// `exact`. A break or a value that is not finite interrupts: nothing is averaged or subtracted across it. Pure
// functions over the store's answers; any thread.
#pragma once

#include "core/analysis/expression.h"
#include "core/series/store.h"

namespace qd::analysis {

inline constexpr int kMostExact = 32768;

// An expression whose operands are found.
struct Bound {
  Expression expression;
  series::SeriesId a, b;
  bool operator==(const Bound&) const = default;
};

// Operands without a process are looked up in `process`. Empty: a series is not there (yet).
std::optional<Bound> bindTo(const series::Store& store, const ProcessId& process, const Expression& expression);

// On the time axis. A plain series is the store's own answer.
series::RangeResult evaluate(const series::Store& store, const Bound& bound, TimeNs from, TimeNs to, int pixels);

// Its value at `time`, from what came until then; empty: not known.
std::optional<series::Sample> valueAt(const series::Store& store, const Bound& bound, TimeNs time);

// The maths, over every sample of a stretch (ascending, NaN: not known there), `breaks` as in RangeResult.
using Samples = std::vector<series::Sample>;
using Breaks = std::vector<std::int64_t>;
Samples rateOf(const Samples& samples, const Breaks& breaks);
Samples averageOf(const Samples& samples, const Breaks& breaks, TimeNs window);
Samples percentileOf(const Samples& samples, const Breaks& breaks, TimeNs window, double fraction);  // nearest rank
// a - b at each sample of `a`; of `b` its newest value until then.
Samples differenceOf(const Samples& a, const Samples& b);

}  // namespace qd::analysis
