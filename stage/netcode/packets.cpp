// SPDX-License-Identifier: Apache-2.0
#include "stage/netcode/packets.h"

#include <algorithm>
#include <cmath>

namespace qd::stage {
namespace {

void putHeader(const Header& h, ByteWriter& out) {
  out.fixed(h.type);
  out.fixed(h.session);
  out.fixed(h.sequence);
  out.fixed(h.sentNs);
  out.fixed(h.echoNs);
  out.fixed(h.heldUs);
}

Header getHeader(ByteReader& in) {
  Header h;
  h.type = in.fixed<PacketType>();
  h.session = in.fixed<std::uint32_t>();
  h.sequence = in.fixed<std::uint32_t>();
  h.sentNs = in.fixed<std::int64_t>();
  h.echoNs = in.fixed<std::int64_t>();
  h.heldUs = in.fixed<std::uint32_t>();
  return h;
}

void putVec(Vec3 v, ByteWriter& out) {
  out.zigzag(v.x);
  out.zigzag(v.y);
  out.zigzag(v.z);
}

Vec3 getVec(ByteReader& in) {
  Vec3 v;
  v.x = in.zigzag();
  v.y = in.zigzag();
  v.z = in.zigzag();
  return v;
}

void putCommand(const InputCommand& c, ByteWriter& out) {
  out.fixed(c.moveX);
  out.fixed(c.moveY);
  out.fixed(c.yaw);
  out.fixed(c.pitch);
  out.fixed(c.buttons);
  if ((c.buttons & kFire) == 0) return;
  out.varint(static_cast<std::uint64_t>(c.shot.view.a));
  out.varint(static_cast<std::uint64_t>(c.shot.view.b - c.shot.view.a));
  out.varint(static_cast<std::uint64_t>(c.shot.view.alpha));
  out.zigzag(c.shot.viewDelayNs);
  out.varint(c.shot.claimed);
  putVec(c.shot.claimedPos, out);
}

bool plausible(const InputCommand& c) {
  constexpr std::int64_t kFar = 100'000 * kUmPerMetre;
  const auto unit = [](float v) { return std::isfinite(v) && v >= -1.0F && v <= 1.0F; };
  const auto near = [](std::int64_t v) { return v > -kFar && v < kFar; };
  const auto& s = c.shot;
  return unit(c.moveX) && unit(c.moveY) && near(s.claimedPos.x) && near(s.claimedPos.y) && near(s.claimedPos.z) &&
         s.view.a >= 0 && s.view.a < (1LL << 47) && s.view.b - s.view.a < 1'000 && s.view.alpha < 100 * kFixedOne &&
         std::abs(s.viewDelayNs) < 60 * kNsPerSecond;
}

InputCommand getCommand(ByteReader& in) {
  InputCommand c;
  c.moveX = in.fixed<float>();
  c.moveY = in.fixed<float>();
  c.yaw = in.fixed<std::uint16_t>();
  c.pitch = in.fixed<std::int16_t>();
  c.buttons = in.fixed<std::uint8_t>();
  if ((c.buttons & kFire) == 0) return c;
  c.shot.view.a = static_cast<Tick>(in.varint() & ((1ULL << 48) - 1));
  c.shot.view.b = c.shot.view.a + static_cast<Tick>(in.varint() & 0xffff);
  c.shot.view.alpha = static_cast<std::int64_t>(in.varint() & 0xffffffff);
  c.shot.viewDelayNs = in.zigzag();
  c.shot.claimed = static_cast<EntityId>(in.varint());
  c.shot.claimedPos = getVec(in);
  return c;
}

}  // namespace

std::optional<PacketType> typeOf(BytesView data) {
  if (data.empty() || data[0] < 1 || data[0] > 6) return std::nullopt;
  return static_cast<PacketType>(data[0]);
}

void encode(const Connect& p, Bytes& bytes) {
  ByteWriter out(bytes);
  out.fixed(PacketType::Connect);
  out.fixed(kProtocolMagic);
  out.fixed(p.nonce);
  out.fixed(p.role);
  out.text(p.name);
}

std::optional<Connect> decodeConnect(BytesView data) {
  ByteReader in(data);
  in.fixed<std::uint8_t>();
  const auto magic = in.fixed<std::uint32_t>();
  Connect p;
  p.nonce = in.fixed<std::uint64_t>();
  p.role = in.fixed<std::uint8_t>() == 1 ? Role::Editor : Role::Bot;
  p.name = in.text(32);
  if (!in.ok() || magic != kProtocolMagic) return std::nullopt;
  for (char& c : p.name) {
    if (c < ' ' || c > '~') c = '?';
  }
  return p;
}

void encode(const Accept& p, Bytes& bytes) {
  ByteWriter out(bytes);
  out.fixed(PacketType::Accept);
  out.fixed(p.clientNonce);
  out.fixed(p.serverNonce);
  out.fixed(p.session);
  out.fixed(p.player);
}

std::optional<Accept> decodeAccept(BytesView data) {
  ByteReader in(data);
  in.fixed<std::uint8_t>();
  Accept p;
  p.clientNonce = in.fixed<std::uint64_t>();
  p.serverNonce = in.fixed<std::uint64_t>();
  p.session = in.fixed<std::uint32_t>();
  p.player = in.fixed<EntityId>();
  return in.ok() ? std::optional(p) : std::nullopt;
}

void encodeRefuse(std::string_view reason, Bytes& bytes) {
  ByteWriter out(bytes);
  out.fixed(PacketType::Refuse);
  out.fixed<std::uint32_t>(0);
  out.text(reason);
}

void encodeBye(std::uint32_t session, std::string_view reason, Bytes& bytes) {
  ByteWriter out(bytes);
  out.fixed(PacketType::Bye);
  out.fixed(session);
  out.text(reason);
}

std::optional<std::string> decodeReason(BytesView data) {
  ByteReader in(data);
  in.fixed<std::uint8_t>();
  in.fixed<std::uint32_t>();
  auto reason = in.text(200);
  return in.ok() ? std::optional(reason) : std::nullopt;
}

std::optional<Header> decodeHeader(BytesView data) {
  ByteReader in(data);
  const Header header = getHeader(in);
  return in.ok() ? std::optional(header) : std::nullopt;
}

void encode(const InputPacket& p, Bytes& bytes) {
  ByteWriter out(bytes);
  putHeader(p.header, out);
  out.fixed<std::uint8_t>(p.bye ? 1 : 0);
  out.varint(static_cast<std::uint64_t>(p.ackTick));
  out.varint(static_cast<std::uint64_t>(p.renderFixed));
  out.varint(p.self.corrections);
  out.varint(p.self.starved);
  out.fixed(static_cast<std::uint8_t>(p.inputs.size()));
  if (p.inputs.empty()) return;
  out.varint(static_cast<std::uint64_t>(p.inputs.front().tick));
  Tick last = p.inputs.front().tick;
  for (const auto& command : p.inputs) {
    out.varint(static_cast<std::uint64_t>(command.tick - last));
    last = command.tick;
    putCommand(command, out);
  }
}

std::optional<InputPacket> decodeInput(BytesView data) {
  ByteReader in(data);
  InputPacket p;
  p.header = getHeader(in);
  p.bye = in.fixed<std::uint8_t>() != 0;
  p.ackTick = static_cast<Tick>(in.varint() & ((1ULL << 48) - 1));
  p.renderFixed = static_cast<std::int64_t>(in.varint() & ((1ULL << 62) - 1));
  p.self.corrections = static_cast<std::uint32_t>(in.varint());
  p.self.starved = static_cast<std::uint32_t>(in.varint());
  const auto count = in.fixed<std::uint8_t>();
  if (!in.ok() || count > kMaxRedundancy) return std::nullopt;
  Tick tick = count == 0 ? 0 : static_cast<Tick>(in.varint() & ((1ULL << 48) - 1));
  for (int i = 0; i < count; ++i) {
    tick += static_cast<Tick>(in.varint() & 0xffff);
    auto command = getCommand(in);
    command.tick = tick;
    p.finite = p.finite && plausible(command);
    p.inputs.push_back(command);
  }
  return in.ok() ? std::optional(std::move(p)) : std::nullopt;
}

void encode(const SnapshotHead& h, Bytes& bytes) {
  ByteWriter out(bytes);
  putHeader(h.header, out);
  out.fixed(static_cast<std::uint8_t>((h.parked ? 1 : 0) | (h.hasOwn ? 2 : 0) | (h.noticeId != 0 ? 4 : 0)));
  out.varint(static_cast<std::uint64_t>(h.tick));
  out.varint(static_cast<std::uint64_t>(h.baseline == 0 ? 0 : h.tick - h.baseline + 1));
  out.fixed(h.tickTimeNs);
  out.varint(static_cast<std::uint64_t>(h.tickHz));
  out.varint(static_cast<std::uint64_t>(h.snapshotHz));
  out.fixed(h.mapSeed);
  out.varint(static_cast<std::uint64_t>(h.arenaHalfUm / kUmPerMetre));
  out.varint(static_cast<std::uint64_t>(h.newestInput));
  out.zigzag(h.inputDepth);
  if (h.hasOwn) {
    putVec(h.own.pos, out);
    putVec(h.own.vel, out);
    out.fixed(h.own.health);
    out.fixed<std::uint8_t>(h.own.alive ? 1 : 0);
    out.fixed(h.own.teleports);
  }
  if (h.noticeId != 0) {
    out.fixed(h.noticeId);
    out.text(h.notice);
  }
}

std::optional<SnapshotHead> decodeSnapshot(ByteReader& in) {
  SnapshotHead h;
  h.header = getHeader(in);
  const auto flags = in.fixed<std::uint8_t>();
  h.parked = (flags & 1) != 0;
  h.hasOwn = (flags & 2) != 0;
  h.tick = static_cast<Tick>(in.varint() & ((1ULL << 46) - 1));
  const auto back = static_cast<Tick>(in.varint() & 0xffff);
  h.baseline = back == 0 ? 0 : h.tick - back + 1;
  h.tickTimeNs = in.fixed<std::int64_t>();
  h.tickHz = static_cast<int>(std::clamp<std::uint64_t>(in.varint(), 1, 1'000));
  h.snapshotHz = static_cast<int>(std::clamp<std::uint64_t>(in.varint(), 1, 1'000));
  h.mapSeed = in.fixed<std::uint32_t>();
  h.arenaHalfUm = static_cast<std::int64_t>(std::clamp<std::uint64_t>(in.varint(), 20, 2'000)) * kUmPerMetre;
  h.newestInput = static_cast<Tick>(in.varint() & ((1ULL << 48) - 1));
  h.inputDepth = static_cast<int>(std::clamp<std::int64_t>(in.zigzag(), -1'000, 1'000));
  if (h.hasOwn) {
    h.own.pos = getVec(in);
    h.own.vel = getVec(in);
    h.own.health = in.fixed<std::uint8_t>();
    h.own.alive = in.fixed<std::uint8_t>() != 0;
    h.own.teleports = in.fixed<std::uint8_t>();
  }
  if ((flags & 4) != 0) {
    h.noticeId = in.fixed<std::uint8_t>();
    h.notice = in.text(200);
  }
  return in.ok() ? std::optional(std::move(h)) : std::nullopt;
}

}  // namespace qd::stage
