// SPDX-License-Identifier: Apache-2.0
// What one end of a session knows of the path to the other: outgoing sequence, the echo for clock samples, the clock
// offset and round trip, jitter, gaps and reordering of what came in, bytes in and out. Times ns. Not thread-safe.
#pragma once

#include <cstdint>

#include "stage/netcode/clock_sync.h"
#include "stage/netcode/jitter.h"
#include "stage/netcode/packets.h"
#include "stage/netcode/sequence.h"

namespace qd::stage {

inline constexpr std::size_t kUdpIpBytes = 28;  // IPv4 and UDP headers, counted into every bandwidth

class LinkState {
 public:
  Header next(PacketType type, std::uint32_t session, std::int64_t nowNs);
  void received(const Header& header, std::size_t bytes, std::int64_t nowNs);
  void sent(std::size_t bytes) { bytesOut_ += bytes + kUdpIpBytes; }

  // The sequence has come to its end (2.2 years at 60 packets/s): a new session with a new key must begin, because a
  // sequence that wrapped would let old signed datagrams in again.
  bool exhausted() const { return outSequence_ == UINT32_MAX; }
  void startSequenceAt(std::uint32_t sequence) { outSequence_ = sequence; }

  const ClockSync& clock() const { return clock_; }
  SequenceTracker& sequence() { return sequence_; }
  double jitterNs() const { return jitter_.ns(); }
  std::uint64_t bytesIn() const { return bytesIn_; }
  std::uint64_t bytesOut() const { return bytesOut_; }
  std::int64_t lastReceivedNs() const { return lastReceived_; }

 private:
  ClockSync clock_;
  SequenceTracker sequence_;
  Rfc3550Jitter jitter_;
  std::uint32_t outSequence_ = 0;
  std::uint32_t newestIn_ = 0;
  std::int64_t peerSent_ = 0, lastReceived_ = 0, newestAt_ = 0, lastEcho_ = 0;
  std::uint64_t bytesIn_ = 0, bytesOut_ = 0;
};

}  // namespace qd::stage
