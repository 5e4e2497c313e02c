// SPDX-License-Identifier: Apache-2.0
// The authoritative frames of one server instance by tick, and where an entity was between two of them: cubic Hermite
// with the recorded velocities (linear would hide the very error that is measured with it). Positions and velocities
// come in µm and µm/s and leave in m and m/s. The length of a tick is the nominal one unless the frames' own times say
// that the rate was changed. Bounded by trim(). One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "core/ingest/events.h"
#include "core/netcode/world_history.h"

namespace qd::netcode {

// All columns have the length of `ids` (rotation four times that, or none).
bool sound(const ingest::EntityFrame& frame);

// Finds entities by id, also where a frame lists them in no order.
class EntityIndex {
 public:
  explicit EntityIndex(const ingest::EntityFrame& frame);
  std::optional<std::size_t> find(const ingest::EntityFrame& frame, std::uint32_t id) const;

 private:
  std::vector<std::uint32_t> order_;  // empty: the ids ascend
};

struct TickFrame {
  EntityFramePtr frame;
  EntityIndex index;
};

class TickHistory {
 public:
  // Frames of more ticks apart than this are not joined by a curve.
  static constexpr Tick kWidestGap = 8;

  void nominalHz(double hz);
  // `frame` is sound. Of one tick the first stays.
  void add(EntityFramePtr frame);
  void trim(std::size_t mostFrames);
  void clear();

  bool empty() const { return frames_.empty(); }
  Tick firstTick() const { return frames_.front().frame->tick; }
  Tick lastTick() const { return frames_.back().frame->tick; }
  std::size_t size() const { return frames_.size(); }

  EntityFramePtr atOrBefore(Tick tick) const;

  // The frames around a fractional tick; `after` is null when it falls on `before` exactly. Null `before`: none.
  struct Around {
    const TickFrame* before = nullptr;
    const TickFrame* after = nullptr;
    double share = 0;  // of the way from before to after
    double seconds = 0;
  };
  Around around(std::uint64_t tick48_16) const;
  static std::optional<Pose> pose(const Around& around, std::uint32_t entity);

 private:
  double secondsPerTick() const;

  std::deque<TickFrame> frames_;       // ascending in tick
  double nominal_ = 0, measured_ = 0;  // s
};

}  // namespace qd::netcode
