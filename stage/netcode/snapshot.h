// SPDX-License-Identifier: Apache-2.0
// A snapshot: the quantized states of the entities one client may know of at one tick, sorted by id, and its delta
// coding against an acknowledged baseline. A datagram holds one whole snapshot below the MTU: what does not fit is left
// out by the caller's order of importance, and a client is never told a stale position as a new one. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "stage/netcode/bytes.h"
#include "stage/netcode/types.h"

namespace qd::stage {

// Position in mm, velocity in mm/s, rotation as packed quaternion.
struct NetEntity {
  EntityId id = 0;
  std::int32_t x = 0, y = 0, z = 0;
  std::int32_t vx = 0, vy = 0, vz = 0;
  std::uint32_t rotation = 0;
  std::uint8_t flags = 0;  // bit 0: NPC, bit 1: alive
  std::uint8_t health = 0;
  std::uint8_t teleports = 0;
  friend bool operator==(const NetEntity&, const NetEntity&) = default;

  bool npc() const { return (flags & 1) != 0; }
  bool alive() const { return (flags & 2) != 0; }
  Vec3 pos() const { return {x * kUmPerMm, y * kUmPerMm, z * kUmPerMm}; }
  Vec3 vel() const { return {vx * kUmPerMm, vy * kUmPerMm, vz * kUmPerMm}; }
};

NetEntity quantize(const EntityState& state);

struct Snapshot {
  Tick tick = 0;
  std::vector<NetEntity> entities;  // sorted by id
  const NetEntity* find(EntityId id) const;
};

// Appends the coding of `now` against `baseline` (empty: from nothing) to `out`.
void encodeDelta(const Snapshot& baseline, const Snapshot& now, Bytes& out);
// False when the bytes are malformed; `now` is then unspecified.
bool decodeDelta(const Snapshot& baseline, ByteReader& in, Snapshot& now);
// An upper bound of the bytes one entity takes.
std::size_t costOf(const NetEntity* baseline, const NetEntity& now);

// The last snapshots of one direction of one session, by tick.
class SnapshotRing {
 public:
  explicit SnapshotRing(std::size_t size) : size_(size) {}
  void add(Snapshot snapshot);
  const Snapshot* find(Tick tick) const;
  void clear() { ring_.clear(); }

 private:
  std::size_t size_;
  std::deque<Snapshot> ring_;
};

}  // namespace qd::stage
