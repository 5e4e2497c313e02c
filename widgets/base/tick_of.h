// SPDX-License-Identifier: GPL-3.0-or-later
// The tick that a process was at, for read-outs: also at the live edge, which other processes may have moved beyond its
// own newest sample. Whoever includes it links core/series. Any thread.
#pragma once

#include <optional>

#include "core/series/store.h"

namespace qd::widgets {

inline std::optional<Tick> tickOf(const series::Store& store, const ProcessId& process, TimeNs time) {
  if (const auto tick = store.tickAt(process, time)) return tick;
  // Beyond its newest sample: the tick of that one, as long as it can still be called the present.
  constexpr TimeNs kPatience = 2 * kNsPerSecond;
  for (TimeNs back = kNsPerSecond / 20; back <= kPatience; back *= 2)
    if (const auto tick = store.tickAt(process, time - back)) return tick;
  return std::nullopt;
}

}  // namespace qd::widgets
