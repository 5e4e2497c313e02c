// SPDX-License-Identifier: Apache-2.0
#include "stage/netcode/snapshot.h"

#include <algorithm>

#include "stage/netcode/quantize.h"

namespace qd::stage {
namespace {

enum Mask : std::uint8_t { kX = 1, kY = 2, kZ = 4, kVelocity = 8, kRotation = 16, kStatus = 32, kGone = 64 };
constexpr std::size_t kMaxEntities = 2'048;

std::uint8_t changes(const NetEntity& a, const NetEntity& b) {
  std::uint8_t mask = 0;
  if (a.x != b.x) mask |= kX;
  if (a.y != b.y) mask |= kY;
  if (a.z != b.z) mask |= kZ;
  if (a.vx != b.vx || a.vy != b.vy || a.vz != b.vz) mask |= kVelocity;
  if (a.rotation != b.rotation) mask |= kRotation;
  if (a.flags != b.flags || a.health != b.health || a.teleports != b.teleports) mask |= kStatus;
  return mask;
}

void encodeEntity(const NetEntity& base, const NetEntity& now, std::uint8_t mask, ByteWriter& out) {
  out.fixed(mask);
  if (mask & kX) out.zigzag(now.x - base.x);
  if (mask & kY) out.zigzag(now.y - base.y);
  if (mask & kZ) out.zigzag(now.z - base.z);
  if (mask & kVelocity) {
    out.zigzag(now.vx - base.vx);
    out.zigzag(now.vy - base.vy);
    out.zigzag(now.vz - base.vz);
  }
  if (mask & kRotation) out.fixed(now.rotation);
  if (mask & kStatus) {
    out.fixed(now.flags);
    out.fixed(now.health);
    out.fixed(now.teleports);
  }
}

std::int32_t moved(std::int32_t from, std::int64_t by) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(from) + static_cast<std::uint32_t>(by));
}

void decodeEntity(std::uint8_t mask, ByteReader& in, NetEntity& e) {
  if (mask & kX) e.x = moved(e.x, in.zigzag());
  if (mask & kY) e.y = moved(e.y, in.zigzag());
  if (mask & kZ) e.z = moved(e.z, in.zigzag());
  if (mask & kVelocity) {
    e.vx = moved(e.vx, in.zigzag());
    e.vy = moved(e.vy, in.zigzag());
    e.vz = moved(e.vz, in.zigzag());
  }
  if (mask & kRotation) e.rotation = in.fixed<std::uint32_t>();
  if (mask & kStatus) {
    e.flags = in.fixed<std::uint8_t>();
    e.health = in.fixed<std::uint8_t>();
    e.teleports = in.fixed<std::uint8_t>();
  }
}

}  // namespace

NetEntity quantize(const EntityState& s) {
  const auto mm = [](std::int64_t um) { return static_cast<std::int32_t>(toMm(um)); };
  NetEntity e;
  e.id = s.id;
  e.x = mm(s.pos.x), e.y = mm(s.pos.y), e.z = mm(s.pos.z);
  e.vx = mm(s.vel.x), e.vy = mm(s.vel.y), e.vz = mm(s.vel.z);
  e.rotation = packQuaternion(fromYawPitch(s.yaw, s.pitch));
  e.flags = static_cast<std::uint8_t>((s.kind == EntityKind::Npc ? 1 : 0) | (s.alive ? 2 : 0));
  e.health = s.health;
  e.teleports = s.teleports;
  return e;
}

const NetEntity* Snapshot::find(EntityId id) const {
  const auto it = std::lower_bound(entities.begin(), entities.end(), id,
                                   [](const NetEntity& e, EntityId wanted) { return e.id < wanted; });
  return it != entities.end() && it->id == id ? &*it : nullptr;
}

// Records are (id difference, mask, changed fields), sorted by id; a record with kGone removes; unlisted ones stay.
void encodeDelta(const Snapshot& baseline, const Snapshot& now, Bytes& bytes) {
  ByteWriter out(bytes);
  struct Record {
    const NetEntity* base;
    const NetEntity* now;
    std::uint8_t mask;
  };
  static const NetEntity kNothing;
  thread_local std::vector<Record> records;
  records.clear();
  auto b = baseline.entities.begin();
  for (const auto& e : now.entities) {
    for (; b != baseline.entities.end() && b->id < e.id; ++b) records.push_back({&*b, nullptr, kGone});
    const bool known = b != baseline.entities.end() && b->id == e.id;
    const NetEntity* base = known ? &*b++ : &kNothing;
    const auto mask = changes(*base, e);
    if (!known || mask != 0) records.push_back({base, &e, mask});
  }
  for (; b != baseline.entities.end(); ++b) records.push_back({&*b, nullptr, kGone});
  out.varint(records.size());
  EntityId last = 0;
  for (const auto& record : records) {
    const EntityId id = record.now != nullptr ? record.now->id : record.base->id;
    out.varint(id - last);
    last = id;
    if (record.now != nullptr) {
      encodeEntity(*record.base, *record.now, record.mask, out);
    } else {
      out.fixed(record.mask);
    }
  }
}

bool decodeDelta(const Snapshot& baseline, ByteReader& in, Snapshot& now) {
  now.entities.clear();
  const auto count = in.varint();
  if (!in.ok() || count > kMaxEntities) return false;
  auto b = baseline.entities.begin();
  std::uint64_t id = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto step = in.varint();
    id += step;
    if ((i > 0 && step == 0) || step > UINT32_MAX || id > UINT32_MAX) return false;
    const auto mask = in.fixed<std::uint8_t>();
    for (; b != baseline.entities.end() && b->id < id; ++b) now.entities.push_back(*b);
    NetEntity entity;
    if (b != baseline.entities.end() && b->id == id) entity = *b++;
    entity.id = static_cast<EntityId>(id);
    if (mask & kGone) continue;
    decodeEntity(mask, in, entity);
    if (!in.ok()) return false;
    now.entities.push_back(entity);
  }
  now.entities.insert(now.entities.end(), b, baseline.entities.end());
  return in.ok() && now.entities.size() <= kMaxEntities;
}

std::size_t costOf(const NetEntity* baseline, const NetEntity& now) {
  static const NetEntity kNothing;
  const auto width = [](std::int32_t a, std::int32_t b) -> std::size_t {
    const std::int64_t d = static_cast<std::int64_t>(a) - b, m = d < 0 ? -d : d;
    return m < 64 ? 1 : m < 8'192 ? 2 : m < 1'048'576 ? 3 : 5;
  };
  const NetEntity& base = baseline != nullptr ? *baseline : kNothing;
  const auto mask = changes(base, now);
  std::size_t cost = 3;  // id and mask
  if (mask & kX) cost += width(now.x, base.x);
  if (mask & kY) cost += width(now.y, base.y);
  if (mask & kZ) cost += width(now.z, base.z);
  if (mask & kVelocity) cost += width(now.vx, base.vx) + width(now.vy, base.vy) + width(now.vz, base.vz);
  return cost + (mask & kRotation ? 4 : 0) + (mask & kStatus ? 3 : 0);
}

void SnapshotRing::add(Snapshot snapshot) {
  const auto at = std::lower_bound(ring_.begin(), ring_.end(), snapshot.tick,
                                   [](const Snapshot& s, Tick tick) { return s.tick < tick; });
  if (at != ring_.end() && at->tick == snapshot.tick) {
    *at = std::move(snapshot);
    return;
  }
  ring_.insert(at, std::move(snapshot));
  while (ring_.size() > size_) ring_.pop_front();
}

const Snapshot* SnapshotRing::find(Tick tick) const {
  const auto at = std::lower_bound(ring_.begin(), ring_.end(), tick,
                                   [](const Snapshot& s, Tick wanted) { return s.tick < wanted; });
  return at != ring_.end() && at->tick == tick ? &*at : nullptr;
}

}  // namespace qd::stage
