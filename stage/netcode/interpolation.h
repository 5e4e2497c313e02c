// SPDX-License-Identifier: Apache-2.0
// Drawing others in the past: a buffer of confirmed snapshots, a render clock that adapts its delay to how unevenly
// they arrive (time dilation, never backwards), and the pose of an entity between two of them. Linear for positions at
// 30 snapshots/s and above, cubic Hermite below, slerp for rotations; beyond the newest snapshot at most 100 ms are
// extrapolated, then the pose is held. Ticks as 48.16 fixed point, times ns. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "stage/netcode/jitter.h"
#include "stage/netcode/snapshot.h"
#include "stage/netcode/types.h"

namespace qd::stage {

// What was drawn, exactly: between (or beyond, α > 1) the states of ticks A and B. It travels with each shot.
struct View {
  Tick a = 0;
  Tick b = 0;
  std::int64_t alpha = 0;  // 16 bits of fraction
  enum class Mode : std::uint8_t { Interpolated, Extrapolated, Held } mode = Mode::Interpolated;

  std::int64_t fixed() const { return a * kFixedOne + alpha * (b - a); }
};

// A state between two others; used by the client to draw and by the server to rewind, so that they agree to the bit.
// `tangents`: the seconds between A and B for Hermite, 0 for linear.
Vec3 between(Vec3 pa, Vec3 va, Vec3 pb, Vec3 vb, std::int64_t alpha, double tangents);
// The seconds for `between`: Hermite only where the states lie further apart than 1/30 s.
double hermiteSeconds(Tick a, Tick b, int tickHz);

struct DelayRule {
  double intervalTicks = 2;
  double deviationTicks = 0;
  // max(2 intervals, min(6 intervals, interval + 1.25 deviations))
  double ticks() const;
  // The adaptive window clamp(8 + 2·round(σ in ticks), 4, 32).
  int window() const;
};

class RenderClock {
 public:
  // A snapshot of `tick`, which the server's clock dates `tickTimeNs`, came at `nowNs`.
  void onSnapshot(Tick tick, std::int64_t tickTimeNs, std::int64_t nowNs, bool parked, int tickHz, int snapshotHz);
  // To the next frame; `fixedDelayNs` 0: adaptive. Returns the render tick, 48.16.
  std::int64_t advance(std::int64_t nowNs, std::int64_t fixedDelayNs);

  bool started() const { return started_; }
  std::int64_t value() const { return static_cast<std::int64_t>(value_ * static_cast<double>(kFixedOne)); }
  double scale() const { return scale_; }
  double delayTicks() const { return delay_; }
  double deviationTicks() const;
  int window() const { return rule().window(); }
  std::uint64_t jumps() const { return jumps_; }

 private:
  DelayRule rule() const;
  double newestExpected(std::int64_t nowNs) const;
  EmaDeviation transit_;
  Tick anchorTick_ = -1;
  std::int64_t anchorTime_ = 0;
  std::int64_t lastNs_ = 0;
  int tickHz_ = 60, snapshotHz_ = 30;
  bool parked_ = false, started_ = false;
  double value_ = 0, scale_ = 1, delay_ = 0;
  std::uint64_t jumps_ = 0;
};

struct Pose {
  EntityId id = 0;
  bool npc = false;
  bool alive = false;
  bool teleported = false;
  std::uint8_t health = 0;
  Vec3 pos;
  Vec3 vel;
  std::uint32_t rotation = 0;
  View::Mode mode = View::Mode::Interpolated;
};

class SnapshotBuffer {
 public:
  static constexpr std::size_t kSize = 64;
  void add(const Snapshot& snapshot);
  Tick newest() const { return buffer_.empty() ? -1 : buffer_.back().tick; }
  bool empty() const { return buffer_.empty(); }
  void clear() { buffer_.clear(); }

  // Which snapshots a render tick falls between; false when there is none.
  bool view(std::int64_t renderFixed, int tickHz, bool parked, View& out) const;
  // Every entity to be drawn in that view.
  void poses(const View& view, int tickHz, std::vector<Pose>& out) const;

 private:
  const Snapshot* at(Tick tick) const;
  std::deque<Snapshot> buffer_;
};

}  // namespace qd::stage
