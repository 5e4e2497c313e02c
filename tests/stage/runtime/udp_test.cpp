// SPDX-License-Identifier: Apache-2.0
// The impaired socket: a network of its own for each peer, also where several share one address.
#include "stage/runtime/udp.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "stage/netcode/types.h"

namespace qd::stage {
namespace {

constexpr int kRounds = 3'000;

// One datagram to each of two peers by turns, as a server's round of snapshots; which rounds reached whom.
std::map<int, std::vector<bool>> rounds(const PathSettings& others, ImpairedSocket::Peer one,
                                        const PathSettings& ofOne) {
  ImpairedSocket sender(7), receiver(8);
  EXPECT_TRUE(sender.open({0x7f000001, 0}));
  const auto to = receiver.open({0x7f000001, 0});
  EXPECT_TRUE(to);
  sender.impair(others, one, ofOne);
  std::map<int, std::vector<bool>> came{{1, std::vector<bool>(kRounds)}, {2, std::vector<bool>(kRounds)}};
  for (int round = 0; round < kRounds; ++round) {
    for (const int peer : {1, 2}) {
      const std::uint8_t data[] = {static_cast<std::uint8_t>(peer), static_cast<std::uint8_t>(round),
                                   static_cast<std::uint8_t>(round >> 8)};
      sender.send(*to, data, round, static_cast<ImpairedSocket::Peer>(peer));
    }
    sender.flush(round);
    // Loopback delivers within the call that sends.
    receiver.receive([&came](const Endpoint&, BytesView data) { came[data[0]][data[1] | data[2] << 8] = true; });
  }
  return came;
}

double meanRunOfLoss(const std::vector<bool>& came) {
  int runs = 0, lost = 0;
  for (std::size_t i = 0; i < came.size(); ++i) {
    lost += came[i] ? 0 : 1;
    runs += !came[i] && (i == 0 || came[i - 1]) ? 1 : 0;
  }
  return runs == 0 ? 0 : static_cast<double>(lost) / runs;
}

}  // namespace

// Bursts last 1/0.2 = 5 packets of one peer. Through one common network they would be cut to half of that.
TEST(ImpairedSocket, ABurstOfLossesIsOnePeers) {
  PathSettings path;
  path.each.burstEnter = 0.05;
  path.each.burstLeave = 0.2;
  path.each.burstLoss = 1;
  const auto came = rounds(path, 0, {});
  for (const int peer : {1, 2}) {
    const double mean = meanRunOfLoss(came.at(peer));
    EXPECT_GT(mean, 3.8) << peer;
    EXPECT_LT(mean, 6.5) << peer;
  }
  EXPECT_NE(came.at(1), came.at(2)) << "both went through the same network";
}

TEST(ImpairedSocket, AFaultOfOnePeerIsNobodyElses) {
  PathSettings dead;
  dead.each.loss = 1;
  const auto came = rounds({}, 2, dead);
  EXPECT_EQ(meanRunOfLoss(came.at(1)), 0);
  EXPECT_EQ(meanRunOfLoss(came.at(2)), kRounds);
}

}  // namespace qd::stage
