// SPDX-License-Identifier: GPL-3.0-or-later
// The tick that a process was at, for read-outs: also at the live edge, which other processes may have moved beyond its
// own newest sample. Whoever includes it links core/series. Any thread.
#pragma once

#include <optional>
#include <utility>

#include "core/series/store.h"

namespace qd::widgets {

// A process that is stopped is at the tick it stopped at, however long ago that was.
inline constexpr TimeNs kPatienceRunning = 2 * kNsPerSecond, kPatienceStopped = 3600 * kNsPerSecond;

inline std::optional<Tick> tickOf(const series::Store& store, const ProcessId& process, TimeNs time,
                                  TimeNs patience = kPatienceRunning) {
  auto tick = store.tickAt(process, time);
  if (tick) return tick;
  // Beyond its newest sample: the tick of that one, as long as it can still be called the present.
  TimeNs unknown = 0, back = kNsPerSecond / 20;
  while (back <= patience && !(tick = store.tickAt(process, time - back))) unknown = std::exchange(back, 2 * back);
  if (!tick) return std::nullopt;
  for (TimeNs known = back;
       known - unknown > kNsPerSecond / 1000;) {  // the newest: not known before it, known from it on
    const TimeNs middle = unknown + (known - unknown) / 2;
    if (const auto at = store.tickAt(process, time - middle)) {
      tick = at;
      known = middle;
    } else {
      unknown = middle;
    }
  }
  return tick;
}

}  // namespace qd::widgets
