// SPDX-License-Identifier: Apache-2.0
// What a hostile sender can do to the server: nothing but raise a counter. The proof is strong because a virtual game
// is exact: the game of the others has the same checksum with and without the attack.
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "tests/stage/game/make.h"

namespace qd::stage {
namespace {

std::uint64_t rejected(Simulation& stage, Reject why) {
  return stage.hub().report(stage.now()).rejectedBy[static_cast<std::size_t>(why)];
}

// A game of three; `attack` sees every datagram that reaches the server, after it was delivered.
struct Game {
  Simulation stage;
  Bytes first;  // of player 1's inputs
  Accept accept{};

  explicit Game(std::uint64_t seed = 21) : stage(options(3, seed, path(30))) {
    stage.onDelivery = [this](std::size_t player, bool toServer, Bytes& data) {
      if (player != 0) return true;
      if (!toServer && typeOf(data) == PacketType::Accept) accept = *decodeAccept(data);
      if (toServer && typeOf(data) == PacketType::Input) {
        if (first.empty()) first = data;
        last = data;
      }
      return true;
    };
    wanderAll(stage);
    stage.run(2 * kNsPerSecond);
  }
  Bytes last;

  // A datagram signed as player 1 would sign it.
  Bytes signedInput(const std::function<void(InputPacket&)>& change, bool rightKey = true) {
    auto packet = *decodeInput(BytesView(last).first(last.size() - kTagBytes));
    change(packet);
    Bytes out;
    encode(packet, out);
    const auto secret = secretFromText(rightKey ? "virtual" : "guessed");
    Signer signer(sessionKey(secret, accept.clientNonce, accept.serverNonce, accept.session));
    const Tag tag = signer.sign(out);
    ByteWriter(out).raw(tag);
    return out;
  }
};

std::uint64_t undisturbed() {
  Game game;
  game.stage.run(2 * kNsPerSecond);
  return game.stage.world().checksum();
}

// Runs two more seconds, with `attack` every 10 ms; the game must be the undisturbed one.
void expectNoEffect(const std::function<void(Game&)>& attack, Reject why, std::uint64_t least) {
  static const std::uint64_t kUndisturbed = undisturbed();
  Game game;
  const auto before = rejected(game.stage, why);
  for (int i = 0; i < 200; ++i) {
    attack(game);
    game.stage.run(10 * kNsPerMs);
  }
  EXPECT_GE(rejected(game.stage, why) - before, least) << name(why);
  EXPECT_EQ(game.stage.world().checksum(), kUndisturbed) << name(why);
  for (const auto& p : game.stage.players()) EXPECT_EQ(p.client->state(game.stage.now()), NetState::Connected);
}

}  // namespace

TEST(Security, AFlippedBitIsForged) {
  Random random(1);
  expectNoEffect(
      [&random](Game& g) {
        auto bad = g.last;
        // Behind the session's number, or it would be nobody's.
        const auto bit = static_cast<std::size_t>(random.between(5 * 8, static_cast<std::int64_t>(bad.size()) * 8 - 1));
        bad[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
        g.stage.inject(g.stage.addressOf(0), bad);
      },
      Reject::Forged, 200);
}

TEST(Security, AReplayIsRefused) {
  expectNoEffect([](Game& g) { g.stage.inject(g.stage.addressOf(0), g.last); }, Reject::Replayed, 200);
}

TEST(Security, TheFirstDatagramOfTheSessionIsTooOldOnceTheWindowHasPassed) {
  Game game;
  game.stage.run(5 * kNsPerSecond);
  const auto before = rejected(game.stage, Reject::TooOld);
  game.stage.inject(game.stage.addressOf(0), game.first);
  EXPECT_EQ(rejected(game.stage, Reject::TooOld) - before, 1u);
}

TEST(Security, AForgedHighSequenceDoesNotMoveTheWindow) {
  expectNoEffect(
      [](Game& g) {
        g.stage.inject(g.stage.addressOf(0),
                       g.signedInput([](InputPacket& p) { p.header.sequence = 4'000'000'000U; }, false));
      },
      Reject::Forged, 200);
}

TEST(Security, AWrongSessionIsNobodys) {
  expectNoEffect(
      [](Game& g) {
        g.stage.inject(g.stage.addressOf(0), g.signedInput([](InputPacket& p) { p.header.session ^= 0x5a5a; }));
      },
      Reject::UnknownSession, 200);
}

TEST(Security, GarbageIsMalformed) {
  Random random(2);
  expectNoEffect(
      [&random](Game& g) {
        Bytes bytes(static_cast<std::size_t>(random.between(1, 1'400)));
        for (auto& b : bytes) b = static_cast<std::uint8_t>(random.next());
        bytes[0] = 3;  // what only a server sends
        g.stage.inject(66, bytes);
      },
      Reject::Malformed, 200);
}

// Whoever floods from elsewhere under a player's session number uses up an allowance of its own, not the player's.
TEST(Security, AFloodFromElsewhereCostsThePlayerNothing) {
  expectNoEffect(
      [](Game& g) {
        auto bad = g.last;
        bad.back() ^= 1;
        for (int i = 0; i < 50; ++i) g.stage.inject(9'999, bad);
      },
      Reject::Flood, 9'000);
}

TEST(Security, AFloodOfHandshakesBringsNobodyIn) {
  Game game;
  const auto players = game.stage.world().players().size();
  Random random(3);
  for (int i = 0; i < 5'000; ++i) {
    Bytes hello;
    encode(Connect{random.next(), Role::Bot, "flood"}, hello);
    game.stage.inject(7'000 + static_cast<Address>(i), hello);
  }
  game.stage.run(3 * kNsPerSecond);
  EXPECT_EQ(game.stage.world().players().size(), players);
  EXPECT_EQ(game.stage.hub().players(), players);
  EXPECT_GT(rejected(game.stage, Reject::Flood), 4'000u);
  for (const auto& p : game.stage.players()) EXPECT_EQ(p.client->state(game.stage.now()), NetState::Connected);
}

TEST(Security, NumbersThatAreNoneAreRefused) {
  const float bad[] = {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                       -std::numeric_limits<float>::infinity(), 1e30F};
  Game game;
  std::uint32_t sequence = 100'000;  // ahead of the player's own, so that none is a replay
  const auto before = rejected(game.stage, Reject::NonFinite);
  for (const float value : bad) {
    game.stage.inject(game.stage.addressOf(0), game.signedInput([&](InputPacket& p) {
      p.header.sequence = ++sequence;
      for (auto& input : p.inputs) input.moveX = value;
    }));
  }
  EXPECT_EQ(rejected(game.stage, Reject::NonFinite) - before, 4u);
  game.stage.run(kNsPerSecond);
  for (const auto& [id, player] : game.stage.world().players()) {
    EXPECT_LE(std::abs(player.state.pos.x), kArenaHalf) << id;
  }
}

// A player whose inputs are refused is not moved by them: its prediction is rolled back to what the server confirms.
TEST(Security, WhatIsRefusedIsRolledBack) {
  Game game;
  game.stage.onDelivery = [](std::size_t player, bool toServer, Bytes& data) {
    if (player == 0 && toServer) data.back() ^= 1;  // every datagram of this player arrives broken
    return true;
  };
  game.stage.run(kNsPerSecond);
  EXPECT_GT(rejected(game.stage, Reject::Forged), 50u);
  game.stage.run(kNsPerSecond);
  const auto& client = *game.stage.players()[0].client;
  const auto* truth = game.stage.world().player(client.player());
  EXPECT_EQ(truth->state.vel, Vec3{}) << "bridged for 250 ms, then it stands";
  EXPECT_GT(client.counters().corrections, 0u);
  // The client runs ahead by its lead and no more: it cannot get away from the confirmed state.
  EXPECT_LT(distance(client.own().pos, truth->state.pos), 2 * kUmPerMetre);
}

TEST(Security, AForgedRenderTimeIsRefusedAndCounted) {
  Game game;
  const auto before = game.stage.world().events().viewsForged;
  for (std::uint32_t i = 0; i < 3; ++i) {
    const Tick at = game.stage.tick() + 20;
    game.stage.inject(game.stage.addressOf(0), game.signedInput([&](InputPacket& p) {
      p.header.sequence = 200'000 + i;
      InputCommand shot{.tick = at, .buttons = kFire};
      shot.shot.view = {at + 100, at + 102, 0, View::Mode::Interpolated};  // the future
      shot.shot.claimed = 2;
      p.inputs = {shot};
    }));
    game.stage.run(kNsPerSecond / 2);
  }
  EXPECT_EQ(game.stage.world().events().viewsForged - before, 3u);
}

// A second of silence, then everything at once: what is late is late, nothing breaks, and the game goes on.
TEST(Security, ABurstAfterSilenceIsTakenInStride) {
  Game game;
  std::vector<Bytes> held;
  bool hold = true;
  game.stage.onDelivery = [&](std::size_t player, bool toServer, Bytes& data) {
    if (player != 0 || !toServer || !hold) return true;
    held.push_back(data);
    return false;
  };
  game.stage.run(kNsPerSecond);
  hold = false;
  ASSERT_GT(held.size(), 50u);
  const auto late = game.stage.world().events().inputsLate;
  for (const auto& data : held) game.stage.inject(game.stage.addressOf(0), data);
  game.stage.run(kNsPerSecond);
  EXPECT_GT(game.stage.world().events().inputsLate, late);
  EXPECT_EQ(rejected(game.stage, Reject::Flood), 0u);
  const auto missing = game.stage.world().events().inputsMissing;
  game.stage.run(2 * kNsPerSecond);
  EXPECT_EQ(game.stage.world().events().inputsMissing, missing) << "back in step";
}

// A signed flood is the signer's own trouble: beyond its allowance it is refused, and the others play on.
TEST(Security, ASignedFloodIsBounded) {
  Game game;
  for (std::uint32_t i = 0; i < 2'000; ++i) {
    game.stage.inject(game.stage.addressOf(0),
                      game.signedInput([i](InputPacket& p) { p.header.sequence = 300'000 + i; }));
  }
  EXPECT_GT(rejected(game.stage, Reject::Flood), 1'600u);
  const auto missing = [&](std::size_t index) {
    return game.stage.world().player(game.stage.players()[index].client->player())->queue.counts().missing;
  };
  const auto second = missing(1), third = missing(2);
  game.stage.run(2 * kNsPerSecond);
  EXPECT_EQ(missing(1), second);
  EXPECT_EQ(missing(2), third);
}

}  // namespace qd::stage
