// SPDX-License-Identifier: Apache-2.0
// Which rows stand when: the tick-time column that all series of one ring of a process share. An open page is filled by
// one writer and read by any thread up to the row that it was told of; a full one is packed once for all its series.
#pragma once

#include <memory>
#include <span>

#include "core/series/extent.h"
#include "core/series/meter.h"
#include "core/series/packed.h"

namespace qd::series {

inline constexpr std::size_t kPageRows = 1024;

// Immutable. Ascending in time and in tick.
struct Places {
  Places(Meter& meter, std::span<const TimeNs> t, std::span<const Tick> k)
      : times(t),
        ticks(k),
        metered(meter, sizeof(Places) + Metered::kShared + 2 * Metered::kAllocation + times.bytes() + ticks.bytes()) {}
  // Those that stand in `owner`, which counts them.
  Places(Meter& meter, const TimeNs* t, const Tick* k, std::shared_ptr<const void> of)
      : times(t), ticks(k), owner(std::move(of)), metered(meter, 0) {}
  PackedLine times, ticks;
  std::shared_ptr<const void> owner;
  Metered metered;
};
using PlacesPtr = std::shared_ptr<const Places>;

struct Page {
  explicit Page(Meter& meter)
      : times(std::make_unique_for_overwrite<TimeNs[]>(kPageRows)),
        ticks(std::make_unique_for_overwrite<Tick[]>(kPageRows)),
        metered(meter, kBytes) {}
  static constexpr std::size_t kBytes = kPageRows * 16 + 256;

  std::unique_ptr<TimeNs[]> times;
  std::unique_ptr<Tick[]> ticks;
  std::size_t size = 0;  // of the writer
  Metered metered;

  PlacesPtr packed() const {
    return std::make_shared<const Places>(metered.meter(), std::span<const TimeNs>(times.get(), size),
                                          std::span<const Tick>(ticks.get(), size));
  }
};
using PagePtr = std::shared_ptr<Page>;

}  // namespace qd::series
