// SPDX-License-Identifier: Apache-2.0
// The server's end of one client's session: verifies what the client sends (signature, then window, time and numbers),
// measures the path, keeps the snapshots it sent as baselines and codes the next one. No I/O; times are the server's
// monotonic ns. Not thread-safe: one network thread owns it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "stage/netcode/grid.h"
#include "stage/netcode/link_state.h"
#include "stage/netcode/packets.h"
#include "stage/netcode/rate_limit.h"
#include "stage/netcode/signature.h"
#include "stage/netcode/snapshot.h"

namespace qd::stage {

enum class Reject { None, Malformed, Forged, Replayed, TooOld, Time, NonFinite, Flood, UnknownSession };
inline constexpr std::size_t kRejectKinds = 9;
const char* name(Reject reject);

// What the simulation published for one tick; shared, immutable.
struct WorldFrame {
  Tick tick = 0;
  std::int64_t tickTimeNs = 0;
  int tickHz = 60, snapshotHz = 30;
  std::uint32_t mapSeed = 0;
  std::int64_t visibilityUm = 0;
  std::int64_t arenaHalfUm = 120 * kUmPerMetre;
  std::vector<EntityState> entities;  // sorted by id
  struct Own {
    EntityId player = 0;
    int inputDepth = 0;
    OwnState state;
  };
  std::vector<Own> owns;  // sorted by player
};

class ServerSession {
 public:
  ServerSession(std::uint32_t session, EntityId player, const Key& key);

  // Verifies one datagram of type Input, tag included. On None `out` holds it.
  Reject accept(BytesView datagram, std::int64_t nowNs, InputPacket& out);

  // One snapshot datagram of `frame`, in interest of this session's player. `grid` was built from frame.entities, `net`
  // is them quantized, one by one: once a round, not once a client.
  void snapshot(const WorldFrame& frame, const Grid& grid, std::span<const NetEntity> net, bool parked,
                std::int64_t nowNs, Bytes& out);
  void bye(std::string_view reason, Bytes& out);
  void setNotice(std::uint8_t id, std::string text, std::int64_t untilNs);

  std::uint32_t session() const { return session_; }
  EntityId player() const { return player_; }
  LinkState& link() { return link_; }
  std::int64_t viewAgeNs(const WorldFrame& frame, std::int64_t nowNs) const;
  std::size_t lastSnapshotBytes() const { return lastBytes_; }
  std::size_t lastVisible() const { return lastVisible_; }
  Tick newestInput() const { return newestInput_; }
  const SelfReport& self() const { return self_; }
  std::uint64_t rejected(Reject why) const { return rejected_[static_cast<std::size_t>(why)]; }

 private:
  Reject check(BytesView datagram, std::int64_t nowNs, InputPacket& out);
  void chooseVisible(const WorldFrame& frame, const Grid& grid, std::span<const NetEntity> net, Vec3 centre,
                     const Snapshot& baseline, std::size_t budget);
  std::uint32_t session_;
  EntityId player_;
  Signer signer_;
  ReplayWindow window_;
  RateLimit allowance_{300, 300};  // twice what the fastest client sends; a second's burst after silence fits
  LinkState link_;
  SnapshotRing sent_{32};
  Tick ackTick_ = 0, newestInput_ = 0;
  std::int64_t renderFixed_ = 0;
  SelfReport self_;
  std::optional<std::int64_t> clockBase_;
  std::array<std::uint64_t, kRejectKinds> rejected_{};
  std::uint8_t noticeId_ = 0;
  std::string notice_;
  std::int64_t noticeUntil_ = 0;
  std::size_t lastBytes_ = 0, lastVisible_ = 0;
  Snapshot next_;
  struct Candidate {
    std::int64_t rank;
    std::uint32_t index;
    const NetEntity* known;  // in the baseline
  };
  std::vector<Candidate> candidates_;
};

}  // namespace qd::stage
