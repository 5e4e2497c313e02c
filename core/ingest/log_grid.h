// SPDX-License-Identifier: Apache-2.0
// The grid, in UTC ns, on which it is told when samples, frames and roll-ups were logged and where a block stands in a
// replay. An agent drains its probes some hundred times a second, so what a clock says below this is noise, and a
// recording would spend more bytes on it than on the values of a quiet series. Times of samples and of rare events are
// never rounded. Any thread.
#pragma once

#include "core/base/clock.h"

namespace qd::ingest {

inline constexpr TimeNs kLogGridNs = 250'000;

constexpr bool isOnLogGrid(TimeNs time) {
  return time % kLogGridNs == 0;
}
// The newest point of the grid that is not after `time`, which is positive; any other time as it is.
constexpr TimeNs logGridBefore(TimeNs time) {
  return time > 0 ? time - time % kLogGridNs : time;
}
// The first one that is not before it.
constexpr TimeNs logGridAfter(TimeNs time) {
  const TimeNs before = logGridBefore(time);
  return before == time || before > INT64_MAX - kLogGridNs ? time : before + kLogGridNs;
}

}  // namespace qd::ingest
