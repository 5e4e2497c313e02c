// SPDX-License-Identifier: Apache-2.0
#include "stage/netcode/link_state.h"

#include <algorithm>

namespace qd::stage {

Header LinkState::next(PacketType type, std::uint32_t session, std::int64_t nowNs) {
  const auto held = std::clamp<std::int64_t>((nowNs - newestAt_) / 1'000, 0, UINT32_MAX);
  if (!exhausted()) ++outSequence_;
  return {type, session, outSequence_, nowNs, peerSent_, peerSent_ == 0 ? 0 : static_cast<std::uint32_t>(held)};
}

void LinkState::received(const Header& header, std::size_t bytes, std::int64_t nowNs) {
  lastReceived_ = nowNs;
  bytesIn_ += bytes + kUdpIpBytes;
  sequence_.add(header.sequence);
  jitter_.add(nowNs - header.sentNs);
  if (header.sequence <= newestIn_) return;  // late: its echo is older than one already used
  newestIn_ = header.sequence;
  peerSent_ = header.sentNs;
  newestAt_ = nowNs;
  // Each of our stamps is used once: an echo repeated while we were silent would count the same trip again.
  if (header.echoNs == 0 || header.echoNs == lastEcho_) return;
  lastEcho_ = header.echoNs;
  clock_.add(header.echoNs, header.sentNs - static_cast<std::int64_t>(header.heldUs) * 1'000, header.sentNs, nowNs);
}

}  // namespace qd::stage
