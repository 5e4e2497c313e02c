// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "stage/netcode/input_queue.h"
#include "stage/netcode/random.h"
#include "stage/netcode/server_session.h"

namespace qd::stage {
namespace {

const Key kSecret = secretFromText("test");

struct Signed {
  Signer signer{sessionKey(kSecret, 1, 2, 42)};
  Bytes packet(std::uint32_t sequence, std::int64_t sentNs = 0, float moveX = 0, std::uint32_t session = 42) {
    InputPacket p;
    p.header = {PacketType::Input, session, sequence, sentNs, 0, 0};
    p.inputs.push_back({.tick = 5, .moveX = moveX});
    Bytes out;
    encode(p, out);
    const Tag tag = signer.sign(out);
    ByteWriter(out).raw(tag);
    return out;
  }
};

struct Session : ::testing::Test {
  ServerSession session{42, 1, sessionKey(kSecret, 1, 2, 42)};
  Signed client;
  InputPacket out;
  Reject give(const Bytes& data, std::int64_t now = 0) { return session.accept(data, now, out); }
};

EntityState entity(EntityId id, Vec3 pos) {
  EntityState e;
  e.id = id;
  e.kind = EntityKind::Npc;
  e.pos = pos;
  return e;
}

}  // namespace

TEST_F(Session, AcceptsWhatIsSignedAndOnlyOnce) {
  EXPECT_EQ(give(client.packet(1)), Reject::None);
  ASSERT_EQ(out.inputs.size(), 1u);
  EXPECT_EQ(out.inputs[0].tick, 5);
  EXPECT_EQ(give(client.packet(1)), Reject::Replayed);
  EXPECT_EQ(give(client.packet(3)), Reject::None);
  EXPECT_EQ(give(client.packet(2)), Reject::None) << "late but unseen";
}

TEST_F(Session, EveryFlippedBitIsRefused) {
  const auto good = client.packet(1);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    auto bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    ASSERT_EQ(give(bad), Reject::Forged) << bit;
  }
  EXPECT_EQ(give(good), Reject::None);
}

TEST_F(Session, ForgedHighSequenceDoesNotMoveTheWindow) {
  EXPECT_EQ(give(client.packet(1)), Reject::None);
  Signed forger{Signer(sessionKey(kSecret, 9, 9, 42))};
  EXPECT_EQ(give(forger.packet(4'000'000'000)), Reject::Forged);
  EXPECT_EQ(give(client.packet(2)), Reject::None);
}

TEST_F(Session, WindowEdge) {
  EXPECT_EQ(give(client.packet(1'000)), Reject::None);
  EXPECT_EQ(give(client.packet(1'000 - 255)), Reject::None);
  EXPECT_EQ(give(client.packet(1'000 - 256)), Reject::TooOld);
  EXPECT_EQ(give(client.packet(0)), Reject::TooOld);
  EXPECT_EQ(give(client.packet(1'000 + 300)), Reject::None);
  EXPECT_EQ(give(client.packet(1'000 + 200)), Reject::None) << "a jump over the window forgets what was in it";
}

TEST_F(Session, TimeSessionNumbersAndSize) {
  EXPECT_EQ(give(client.packet(1, 0), 0), Reject::None);
  EXPECT_EQ(give(client.packet(2, 0), 29 * kNsPerSecond), Reject::None);
  EXPECT_EQ(give(client.packet(3, 0), 31 * kNsPerSecond), Reject::Time);
  EXPECT_EQ(give(client.packet(4, 0, 0, 43)), Reject::Malformed);
  EXPECT_EQ(give(client.packet(5, 0, std::numeric_limits<float>::quiet_NaN())), Reject::NonFinite);
  EXPECT_EQ(give(client.packet(6, 0, std::numeric_limits<float>::infinity())), Reject::NonFinite);
  EXPECT_EQ(give(client.packet(7, 0, 1.5F)), Reject::NonFinite);
  EXPECT_EQ(give({}), Reject::Malformed);
  EXPECT_EQ(give(Bytes(10, 4)), Reject::Malformed);
  EXPECT_EQ(session.rejected(Reject::NonFinite), 3u);
}

TEST(InputQueue, LateMissingAndBridged) {
  InputQueue queue;
  queue.push({.tick = 10, .moveX = 1, .buttons = kFire | kSprint});
  queue.push({.tick = 12});
  EXPECT_EQ(queue.take(10, 60).buttons, kFire | kSprint);
  EXPECT_EQ(queue.depth(), 1);
  const auto bridged = queue.take(11, 60);
  EXPECT_EQ(bridged.moveX, 1);
  EXPECT_EQ(bridged.buttons, kSprint) << "no shot is made up";
  EXPECT_EQ(queue.depth(), -1);
  EXPECT_EQ(queue.counts().missing, 1u);
  queue.take(12, 60);
  for (Tick t = 13; t < 60; ++t) queue.take(t, 60);
  EXPECT_EQ(queue.take(60, 60).moveX, 0) << "after 250 ms the player stands";
  queue.push({.tick = 50});
  EXPECT_EQ(queue.counts().late, 1u);
  queue.push({.tick = 60 + InputQueue::kAhead + 1});
  EXPECT_EQ(queue.counts().tooEarly, 1u);
}

TEST(Delta, RoundTripsUnderChangeAndLoss) {
  Random random(11);
  Snapshot world{1, {}}, base{0, {}};
  for (int round = 0; round < 200; ++round) {
    std::vector<NetEntity> next;
    for (EntityId id = 1; id < 40; ++id) {
      if (random.chance(0.2)) continue;
      const NetEntity* old = base.find(id);
      NetEntity e = old != nullptr ? *old : NetEntity{.id = id};
      if (random.chance(0.7)) e.x += static_cast<std::int32_t>(random.between(-3'000'000, 3'000'000));
      if (random.chance(0.3)) e.rotation = static_cast<std::uint32_t>(random.next());
      if (random.chance(0.1)) e.health = static_cast<std::uint8_t>(random.next());
      if (random.chance(0.3)) e.vy = static_cast<std::int32_t>(random.between(-9'000, 9'000));
      next.push_back(e);
    }
    world.entities = next;
    Bytes bytes;
    encodeDelta(base, world, bytes);
    ByteReader in(bytes);
    Snapshot decoded;
    ASSERT_TRUE(decodeDelta(base, in, decoded));
    ASSERT_EQ(decoded.entities, world.entities);
    EXPECT_EQ(in.left(), 0u);
    if (random.chance(0.5)) base = world;  // else this one was lost
  }
}

TEST(Delta, MalformedBytesAreRefusedNotRead) {
  Random random(12);
  Snapshot base{1, {NetEntity{.id = 1}, NetEntity{.id = 5}}};
  int refused = 0;
  for (int i = 0; i < 5'000; ++i) {
    Bytes bytes(static_cast<std::size_t>(random.between(0, 60)));
    for (auto& b : bytes) b = static_cast<std::uint8_t>(random.next());
    ByteReader in(bytes);
    Snapshot decoded;
    if (!decodeDelta(base, in, decoded)) ++refused;
    ASSERT_LE(decoded.entities.size(), 4'096u);
  }
  EXPECT_GT(refused, 4'000);
}

std::vector<NetEntity> quantized(const WorldFrame& frame) {
  std::vector<NetEntity> net;
  for (const auto& e : frame.entities) net.push_back(quantize(e));
  return net;
}

TEST_F(Session, SnapshotsStayBelowTheMtuAndFollowVisibility) {
  WorldFrame frame;
  frame.tick = 10;
  Random random(3);
  frame.owns.push_back({1, 0, {}});
  for (EntityId id = 10; id < 1'500; ++id) {
    frame.entities.push_back(
        entity(id, {random.between(-100, 100) * kUmPerMetre, random.between(-100, 100) * kUmPerMetre, 0}));
  }
  Grid grid(120 * kUmPerMetre, 8 * kUmPerMetre);
  grid.build(frame.entities);
  Bytes bytes;
  frame.visibilityUm = 10 * kUmPerMetre;
  session.snapshot(frame, grid, quantized(frame), false, 0, bytes);
  const auto few = session.lastVisible();
  std::size_t expected = 0;
  for (const auto& e : frame.entities) expected += distance(e.pos, {}) <= frame.visibilityUm ? 1 : 0;
  EXPECT_EQ(few, expected);
  frame.visibilityUm = 70 * kUmPerMetre;
  for (Tick tick = 12; tick < 60; tick += 2) {
    frame.tick = tick;
    session.snapshot(frame, grid, quantized(frame), false, 0, bytes);
    EXPECT_LE(bytes.size(), kMtuPayload);
    InputPacket ack;
    ack.header = {PacketType::Input, 42, static_cast<std::uint32_t>(tick), 0, 0, 0};
    ack.ackTick = tick - 4;
    Bytes data;
    encode(ack, data);
    const Tag tag = client.signer.sign(data);
    ByteWriter(data).raw(tag);
    ASSERT_EQ(give(data), Reject::None);
    for (auto& e : frame.entities) e.pos.x += random.between(-80'000, 80'000);
    grid.build(frame.entities);
  }
  EXPECT_GT(session.lastVisible(), few);
}

}  // namespace qd::stage
