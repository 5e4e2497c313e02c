// SPDX-License-Identifier: Apache-2.0
// The datagrams of the stage: the handshake, the client's signed inputs and the server's snapshots. Decoding checks
// every bound and every number; a malformed datagram gives an empty optional. Plain values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stage/netcode/bytes.h"
#include "stage/netcode/interpolation.h"
#include "stage/netcode/types.h"

namespace qd::stage {

inline constexpr std::uint32_t kProtocolMagic = 0x32534451;  // "QDS2"
inline constexpr std::size_t kTagBytes = 32;
inline constexpr std::size_t kMaxRedundancy = 8;
inline constexpr std::size_t kHeaderBytes = 29;

enum class PacketType : std::uint8_t { Connect = 1, Accept = 2, Refuse = 3, Input = 4, Snapshot = 5, Bye = 6 };
enum class Role : std::uint8_t { Bot = 0, Editor = 1 };

struct Connect {
  std::uint64_t nonce = 0;
  Role role = Role::Bot;
  std::string name;  // at most 32 bytes
};
struct Accept {
  std::uint64_t clientNonce = 0;
  std::uint64_t serverNonce = 0;
  std::uint32_t session = 0;
  EntityId player = 0;
};

// On every datagram of a session, both ways. The echo makes each one a clock sample.
struct Header {
  PacketType type = PacketType::Input;
  std::uint32_t session = 0;
  std::uint32_t sequence = 0;
  std::int64_t sentNs = 0;   // the sender's clock
  std::int64_t echoNs = 0;   // `sentNs` of the newest datagram received from the peer; 0: none yet
  std::uint32_t heldUs = 0;  // from its arrival to this sending
};

enum Buttons : std::uint8_t { kFire = 1, kSprint = 2 };

struct Shot {
  View view;                     // what the client had drawn
  std::int64_t viewDelayNs = 0;  // its estimate of the server's time minus the time drawn
  EntityId claimed = 0;          // 0: the client saw a miss
  Vec3 claimedPos;               // where it drew the target, µm
};

struct InputCommand {
  Tick tick = 0;
  float moveX = 0, moveY = 0;  // −1…1, the world's axes
  std::uint16_t yaw = 0;
  std::int16_t pitch = 0;
  std::uint8_t buttons = 0;
  Shot shot{};                 // meaningful with kFire
  std::int64_t arrivedNs = 0;  // when the server first got it, its clock; not on the wire
};

// What only the client knows of itself, in every packet: a player without a probe stands in the server's table too.
struct SelfReport {
  std::uint32_t corrections = 0;  // of its prediction, since it joined
  std::uint32_t starved = 0;      // frames without a snapshot ahead, since it joined
};

struct InputPacket {
  Header header;
  bool bye = false;
  Tick ackTick = 0;  // newest snapshot decoded; 0: none
  std::int64_t renderFixed = 0;
  SelfReport self;
  std::vector<InputCommand> inputs;  // ascending ticks, at most kMaxRedundancy
  bool finite = true;                // decoded: no NaN, infinity or out-of-range number in it
};

// The state of the client's own player, exact.
struct OwnState {
  Vec3 pos{};
  Vec3 vel{};
  std::uint8_t health = 100;
  bool alive = true;
  std::uint8_t teleports = 0;
  friend bool operator==(const OwnState&, const OwnState&) = default;
};

struct SnapshotHead {
  Header header;
  bool parked = false;
  bool hasOwn = false;
  Tick tick = 0;
  Tick baseline = 0;            // 0: none
  std::int64_t tickTimeNs = 0;  // when this tick was due, on the server's clock
  int tickHz = 60;
  int snapshotHz = 30;
  std::uint32_t mapSeed = 0;
  std::int64_t arenaHalfUm = 120 * kUmPerMetre;
  Tick newestInput = 0;  // newest input received
  int inputDepth = 0;    // inputs waiting when this tick took its own; negative: it was missing
  OwnState own;
  std::uint8_t noticeId = 0;  // a broadcast, repeated for a while; 0: none
  std::string notice;
};

void encode(const Connect& packet, Bytes& out);
void encode(const Accept& packet, Bytes& out);
void encodeRefuse(std::string_view reason, Bytes& out);
void encodeBye(std::uint32_t session, std::string_view reason, Bytes& out);  // to be signed
void encode(const InputPacket& packet, Bytes& out);                          // to be signed
void encode(const SnapshotHead& head, Bytes& out);                           // the delta follows

std::optional<PacketType> typeOf(BytesView data);
std::optional<Connect> decodeConnect(BytesView data);
std::optional<Accept> decodeAccept(BytesView data);
std::optional<std::string> decodeReason(BytesView data);
std::optional<Header> decodeHeader(BytesView data);
std::optional<InputPacket> decodeInput(BytesView data);  // without the tag
std::optional<SnapshotHead> decodeSnapshot(ByteReader& in);

}  // namespace qd::stage
