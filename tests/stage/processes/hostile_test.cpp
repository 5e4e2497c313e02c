// SPDX-License-Identifier: Apache-2.0
// The real server on real UDP under attack: strangers' garbage, forged, replayed, late, non-finite and flooding inputs,
// forged render times. All of it is refused and counted by its reason, and the players who were there play on.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <thread>

#include "stage/netcode/packets.h"
#include "stage/netcode/random.h"
#include "stage/netcode/signature.h"
#include "tests/stage/processes/process.h"

namespace qd::stage {
namespace {

namespace fs = std::filesystem;

std::int64_t nowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// A player with the secret who misbehaves.
struct Attacker {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  Accept accept{};
  Tick tick = 0;
  std::uint32_t sequence = 0;

  explicit Attacker(const std::string& address) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  }
  ~Attacker() { close(fd); }
  Attacker(const Attacker&) = delete;
  Attacker& operator=(const Attacker&) = delete;

  void send(const Bytes& data) const { ::send(fd, data.data(), data.size(), 0); }

  // The next datagram of that type; empty when none comes within two seconds.
  Bytes receive(PacketType wanted) const {
    for (const auto end = nowNs() + 2 * kNsPerSecond; nowNs() < end;) {
      pollfd wait{fd, POLLIN, 0};
      if (poll(&wait, 1, 100) <= 0) continue;
      Bytes data(2'048);
      const auto size = recv(fd, data.data(), data.size(), 0);
      if (size <= 0) continue;
      data.resize(static_cast<std::size_t>(size));
      if (typeOf(data) == wanted) return data;
    }
    return {};
  }

  bool join() {
    Bytes hello;
    encode(Connect{static_cast<std::uint64_t>(nowNs()), Role::Bot, "mallory"}, hello);
    for (int attempt = 0; attempt < 20 && accept.session == 0; ++attempt) {
      send(hello);
      if (const auto answer = decodeAccept(receive(PacketType::Accept))) accept = *answer;
    }
    if (accept.session == 0) return false;
    send(input({}));
    const auto snapshot = receive(PacketType::Snapshot);
    ByteReader in(snapshot);
    const auto head = decodeSnapshot(in);
    if (head) tick = head->tick;
    return head.has_value();
  }

  InputPacket packet() {
    InputPacket p;
    p.header = {PacketType::Input, accept.session, ++sequence, nowNs(), 0, 0};
    return p;
  }
  Bytes signedBy(const InputPacket& p, const char* secret = "stage") const {
    Bytes out;
    encode(p, out);
    Signer signer(sessionKey(secretFromText(secret), accept.clientNonce, accept.serverNonce, accept.session));
    const Tag tag = signer.sign(out);
    ByteWriter(out).raw(tag);
    return out;
  }
  Bytes input(const std::vector<InputCommand>& commands) {
    auto p = packet();
    p.inputs = commands;
    return signedBy(p);
  }
};

struct Hostile : ::testing::Test {
  fs::path folder;
  void SetUp() override {
    auto pattern = (fs::temp_directory_path() / "qd-hostile-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder = pattern;
  }
  void TearDown() override { fs::remove_all(folder); }
  nlohmann::json read(const char* name) const {
    std::ifstream in(folder / name);
    return nlohmann::json::parse(in, nullptr, false);
  }
};

}  // namespace

TEST_F(Hostile, IsRefusedCountedByReasonAndNobodyElseNotices) {
  Process server({"quarterdeck-stage-server", "--report", (folder / "server.json").string()});
  const auto address = nlohmann::json::parse(server.line())["listen"].get<std::string>();
  Process bots({"quarterdeck-stage-bots", "--server", address, "--bots", "8", "--for", "8s", "--report",
                (folder / "bots.json").string()});
  ASSERT_TRUE(nlohmann::json::parse(bots.line())["ready"].get<bool>());

  Attacker attacker(address);
  ASSERT_TRUE(attacker.join());
  const auto good = attacker.input({});
  attacker.send(good);
  for (int i = 0; i < 20; ++i) attacker.send(good);  // replayed
  auto flipped = attacker.input({});
  for (std::size_t i = 40; i < 60; ++i) {  // forged: a bit each
    auto bad = flipped;
    bad[5 + i % (bad.size() - 5)] ^= 0x10;
    attacker.send(bad);
  }
  auto high = attacker.packet();
  high.header.sequence = 4'000'000'000U;
  for (int i = 0; i < 10; ++i) attacker.send(attacker.signedBy(high, "guessed"));  // forged: wrong key, high sequence
  auto stranger = attacker.packet();
  stranger.header.session ^= 0xabcdef;
  for (int i = 0; i < 10; ++i) attacker.send(attacker.signedBy(stranger));  // nobody's session
  for (int i = 0; i < 10; ++i) attacker.send(Bytes{3, 1, 2, 3});            // malformed
  for (const float value : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    attacker.send(attacker.input({{.tick = attacker.tick + 20, .moveX = value}}));
  }
  auto old = attacker.packet();
  old.header.sentNs -= 40 * kNsPerSecond;
  attacker.send(attacker.signedBy(old));  // a time that cannot be
  const auto before = attacker.input({});
  attacker.sequence += 300;
  attacker.send(attacker.input({}));
  attacker.send(before);  // behind the window's edge
  InputCommand shot{.tick = attacker.tick + 240, .buttons = kFire};
  for (Tick t = 0; t < 60; ++t) {  // somewhere in here lies a tick that the server has yet to simulate
    shot.tick = attacker.tick + 4 * t;
    shot.shot.view = {shot.tick + 500, shot.tick + 502, 0, View::Mode::Interpolated};
    shot.shot.claimed = 1;
    attacker.send(attacker.input({shot}));
  }
  for (int i = 0; i < 1'500; ++i) attacker.send(attacker.input({}));  // a flood

  EXPECT_EQ(bots.wait(), 0);
  kill(server.pid, SIGTERM);
  EXPECT_EQ(server.wait(), 0);
  const auto b = read("bots.json"), s = read("server.json");
  ASSERT_TRUE(b.is_object() && s.is_object());
  EXPECT_EQ(b["connected"], 8);
  EXPECT_EQ(b["reconnects"], 0);
  EXPECT_EQ(b["undecodable"], 0);
  const auto rejected = [&](const char* reason) { return s["rejected"][reason].get<int>(); };
  EXPECT_GE(rejected("replayed"), 15);
  EXPECT_GE(rejected("forged"), 25);
  EXPECT_GE(rejected("unknown_session"), 8);
  EXPECT_GE(rejected("malformed"), 8);
  EXPECT_GE(rejected("non_finite"), 1);
  EXPECT_GE(rejected("time"), 1);
  EXPECT_GE(rejected("too_old"), 1);
  EXPECT_GE(rejected("render_time"), 1);
  EXPECT_GE(rejected("flood"), 100);  // a busy kernel drops part of it before the server sees it
}

}  // namespace qd::stage
