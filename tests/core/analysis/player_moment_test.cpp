// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/player_moment.h"

#include <gmock/gmock.h>

namespace qd::analysis {
namespace {

using ::testing::HasSubstr;

constexpr TimeNs kEpoch = 1'700'000'000 * kNsPerSecond, kHalf = kNsPerSecond / 2;
const ProcessId kServer("server-1");

// Twelve seconds of three players, each half second; `loss` of each player in the last second.
struct Told {
  series::Store store;
  TimeNs moment = kEpoch + 12 * kNsPerSecond;

  explicit Told(std::array<double, 3> loss) {
    for (std::size_t player = 0; player < loss.size(); ++player) {
      tell("net.loss", "ratio", player, 0.01, loss[player]);
      tell("net.rtt", "ms", player, 80, 81);
    }
  }
  void tell(const char* name, const char* unit, std::size_t player, double usual, double last) {
    ingest::SeriesInfo info;
    info.name = name;
    info.unit = unit;
    info.dimensions = {{"client", std::to_string(player + 1)}};
    const auto id = store.declareDerived(kServer, info);
    std::vector<series::Sample> samples;
    for (int i = 0; i < 26; ++i)
      samples.push_back({i * 30, kEpoch + i * kHalf, i >= 24 ? last : usual + 0.001 * (i % 3)});
    store.append(id, samples);
  }
};

TEST(PlayerMoment, OnePlayersLossIsItsOwn) {
  const Told told({0.01, 0.3, 0.011});
  const auto found = playerAt(told.store, kServer, 2, told.moment);
  ASSERT_EQ(found.figures.size(), 2U);
  EXPECT_THAT(found.says, HasSubstr("server-1 of player 2: net.loss 0.3 (usually 0.011, the others 0.0"));
  EXPECT_THAT(found.says, HasSubstr("It was this player alone."));
  const auto other = playerAt(told.store, kServer, 1, told.moment);
  EXPECT_EQ(other.says, "Nothing that server-1 says of player 1 was out of line.");
}

TEST(PlayerMoment, WhatEverybodyHadIsSaidToBeEverybodys) {
  const Told told({0.3, 0.4, 0.35});
  EXPECT_THAT(playerAt(told.store, kServer, 2, told.moment).says, HasSubstr("The other players had it too."));
}

TEST(PlayerMoment, NothingIsMadeUp) {
  const Told told({0, 0, 0});
  EXPECT_EQ(playerAt(told.store, kServer, 9, told.moment).says, "server-1 says nothing of player 9 at that moment.");
  // Before there was anything to compare with, nothing is called wrong.
  EXPECT_EQ(playerAt(told.store, kServer, 2, kEpoch).says, "Nothing that server-1 says of player 2 was out of line.");
}

}  // namespace
}  // namespace qd::analysis
