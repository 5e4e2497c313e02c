// SPDX-License-Identifier: Apache-2.0
// Entity frames of every process over time, both as the server had them and as an editor drew them; bounded in bytes
// (the oldest frames go first). Written by the source thread (EventSink), read by any thread.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/ingest/event_sink.h"
#include "core/ingest/events.h"

namespace qd::netcode {

// Shares ownership of the envelope that the frame lives in.
using EntityFramePtr = std::shared_ptr<const ingest::EntityFrame>;

struct Pose {
  double x = 0, y = 0, z = 0;     // m
  double vx = 0, vy = 0, vz = 0;  // m/s
  std::uint32_t flags = 0;
};

class WorldHistory final : public ingest::EventSink {
 public:
  explicit WorldHistory(std::size_t budgetBytes = std::size_t{256} << 20);
  ~WorldHistory() override;
  void on(const ingest::EnvelopePtr& envelope) override;
  void forget();  // every frame; source thread: in a replay, before those of another place come

  // The newest frame of `process` at or before `time`; null where there is none.
  EntityFramePtr frameAt(const ProcessId& process, TimeNs time) const;
  // All frames of `process` with a time in [from, to], oldest first; of more than `most` every n-th.
  std::vector<EntityFramePtr> framesBetween(const ProcessId& process, TimeNs from, TimeNs to, std::size_t most) const;
  // The time of the frame of `process` that is nearest to `time`. Empty: it has none.
  std::optional<TimeNs> nearestTime(const ProcessId& process, TimeNs time) const;
  // The newest authoritative frame of a server at or before `tick`.
  EntityFramePtr frameAtTick(const ProcessId& server, Tick tick) const;
  // Where the server had `entity` at a fractional tick (48.16 fixed point): cubic Hermite with the recorded velocities
  // between the frames around it. Empty: unavailable.
  std::optional<Pose> authoritativeAt(const ProcessId& server, std::uint32_t entity, std::uint64_t tick48_16) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace qd::netcode
