// SPDX-License-Identifier: Apache-2.0
// Turns the records of one ring into events: columnar sample blocks (about 1,024 points, or what is 10 ms old), entity
// frames, an editor's frames, log lines, game events. What belongs to the records of one block goes out before it, so
// that a reader who has the block has everything up to its end. Monotonic time becomes UTC by one constant offset.
// Loop thread only. Everything from the lane is hostile; what cannot be read is counted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/probe/lane_reader.h"
#include "core/ingest/events.h"

namespace qd::daemon {

inline constexpr std::size_t kBlockPoints = 1024;
inline constexpr std::int64_t kBlockAgeNs = 10 * kNsPerMs;
inline constexpr std::uint32_t kMaxHandles = 4096;

// What all rings of one process share; owned by its session.
struct LaneContext {
  ingest::ProcessRef process;
  std::string domain;
  std::int64_t utcOffsetNs = 0;
  std::vector<std::uint32_t> indexOf = std::vector<std::uint32_t>(kMaxHandles, kUndeclared);  // by handle
  std::uint64_t samples = 0, dropped = 0, unreadable = 0;
  // A new segment of play began (domain, reason), for the session to act on.
  std::vector<std::pair<std::string, std::string>> segments;

  static constexpr std::uint32_t kUndeclared = UINT32_MAX;
};

class RingDrain {
 public:
  RingDrain(std::uint32_t ring, LaneContext& context);

  void skipBelow(std::uint64_t index) { skipBelow_ = next_ = index; }  // already in the log of an earlier agent
  // Full blocks go to `out` at once.
  void take(const qd_lane_item& item, const std::uint8_t* blobs, std::vector<ingest::Event>& out);
  bool empty() const { return block_.count == 0; }
  // True when what is collected should wait no longer. A block with a series whose declaration is still on its way
  // waits a little more.
  bool due(std::int64_t monotonicNow);
  void flush(std::vector<ingest::Event>& out);

 private:
  struct Open {
    std::uint32_t handle;
    bool integer;
    std::vector<std::uint32_t> rows;
    std::vector<std::int64_t> integers;
    std::vector<double> doubles;
  };
  void sample(const qd_lane_item& item, std::vector<ingest::Event>& out);
  Open& columnFor(std::uint32_t handle, bool integer);
  void blob(const qd_lane_item& item, const std::uint8_t* data);
  void entities(const qd_lane_item& item, const std::uint8_t* data);
  void frame(const qd_lane_item& item);
  TimeNs utc(std::uint64_t monotonic) const { return static_cast<TimeNs>(monotonic) + context_.utcOffsetNs; }

  LaneContext& context_;
  std::uint64_t skipBelow_ = 0;
  std::uint64_t next_ = 0;  // where the last block ended
  ingest::SampleBlock block_;
  std::vector<Open> open_;  // columns of the block; the first `used_` are in use, the rest keep their memory
  std::size_t used_ = 0;
  std::vector<std::int32_t> slotOf_;  // by handle: place in open_, or -1
  std::size_t points_ = 0;
  std::int64_t oldestNs_ = 0;
  bool undeclared_ = false;
  ingest::FrameBlock frames_;
  std::vector<ingest::Event> pending_;
};

}  // namespace qd::daemon
