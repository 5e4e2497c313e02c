// SPDX-License-Identifier: Apache-2.0
// Joins what the servers simulated with what the editors drew: per rendered frame and remote entity the distance
// |p rendered − p authoritative(τ)|, τ the render time in ticks of the server. Neither process can know it alone.
//
// For each rendered frame it emits, as derived series of the editor (ring kDerivedRing):
//   interp.error, interp.error.p50, interp.error.max   m: 95th percentile, median and maximum over the remote entities
//   interp.error.available                             share of the remote entities that could be joined, 0 to 1
//   interp.render_tick                                 τ, ticks of the server
//   interp.error.exact                                 share joined between neighbouring ticks; what else is available
//   is
//                                                      estimated over a hole in the server's frames
// A frame that cannot be joined has NaN errors and 0 available. Remote means interpolated, extrapolated or held; the
// predicted own player is left out. An entity within 8 ticks of a teleport counts as not available: it has no path, so
// no interpolation error.
//
// The two streams may come in any order: a rendered frame waits until the server's frames around τ are there, at most
// kWait of the session's time. Bounded in frames. Everything is emitted from inside on() into `out`, which may be the
// fan-out that this sink is part of. Where derived series of that name come with the stream (a replay), those stand
// and nothing is computed for that process. on() on the source thread; totals() on any.
#pragma once

#include <cstdint>
#include <memory>

#include "core/ingest/event_sink.h"

namespace qd::netcode {

class InterpJoin final : public ingest::EventSink {
 public:
  static constexpr TimeNs kWait = 2 * kNsPerSecond;

  explicit InterpJoin(ingest::EventSink& out);
  ~InterpJoin() override;
  void on(const ingest::EnvelopePtr& envelope) override;

  struct Totals {
    std::uint64_t joined = 0, unavailable = 0, waiting = 0;  // rendered frames with remote entities
  };
  Totals totals() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace qd::netcode
