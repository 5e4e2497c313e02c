// SPDX-License-Identifier: Apache-2.0
// The sample lane of a probe that could not share one: what it sends over TCP is written into a sealed memfd of the
// agent's own, laid out as a probe would, so that everything behind it reads one kind of lane. The orders that the
// agent writes there, and what it has safe, go back as frames. What comes is hostile: an index outside of a ring or out
// of order ends the session. Loop thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "agent/probe/frames.h"
#include "core/base/error.h"

namespace qd::daemon {

class StreamLane {
 public:
  // From the STREAM frame's rings. Errors: Corrupt, Io.
  static Result<std::unique_ptr<StreamLane>> make(std::uint64_t instance, const std::vector<qd_stream_ring>& rings);
  ~StreamLane();
  StreamLane(const StreamLane&) = delete;
  StreamLane& operator=(const StreamLane&) = delete;

  int descriptor() const;  // a duplicate, the caller's; -1 when there is none left

  // Each takes a frame's payload. records() gives the ring that must be drained before the next.
  Result<std::uint32_t> records(qd_cursor body);
  Result<> blobs(qd_cursor body);
  Result<> ring(qd_cursor body);
  Result<> status(qd_cursor body);

  qd_orders_msg orders() const;
  std::vector<qd_tail_item> newTails();  // of the rings whose tail moved since the last call

 private:
  struct Ring {
    qd_ring_header* shared = nullptr;
    std::uint64_t* slots = nullptr;
    std::uint8_t* blobs = nullptr;
    std::uint64_t records = 0, blobBytes = 0, head = 0, blobHead = 0, toldTail = 0;
  };
  StreamLane() = default;
  void layOut(std::uint64_t instance, const std::vector<qd_stream_ring>& rings);
  Ring* ringOf(std::uint32_t index) { return index < rings_.size() ? &rings_[index] : nullptr; }

  int memfd_ = -1;
  std::uint8_t* base_ = nullptr;
  std::size_t bytes_ = 0;
  qd_lane_header* lane_ = nullptr;
  std::vector<Ring> rings_;
};

// Where a probe's clock stands against ours, from pings: the one with the least delay of the last sixteen counts. What
// is in use follows it by at most 2 ms a second, so that time never runs backwards.
class PeerClock {
 public:
  void answered(std::int64_t askedNs, std::int64_t nowNs, std::uint64_t probeNs);
  // Ours = probe's + offset; nothing before the first answer.
  std::optional<std::int64_t> offset(std::int64_t nowNs);
  std::int64_t uncertaintyNs() const;

 private:
  struct Sample {
    std::int64_t delay, offset;
  };
  const Sample* best() const;
  std::vector<Sample> window_;
  std::size_t next_ = 0;
  std::optional<std::int64_t> inUse_;
  std::int64_t movedAt_ = 0;
};

}  // namespace qd::daemon
