// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/state_names.h"

#include <gtest/gtest.h>

namespace qd::analysis {

TEST(StateNames, AreReadFromTheDescription) {
  ingest::SeriesInfo info;
  info.unit = "state";
  info.description = "0 disconnected, 1 connecting, 2 in play: as the server sees it, -1 gone";
  const std::map<std::int64_t, std::string> wanted{
      {-1, "gone"}, {0, "disconnected"}, {1, "connecting"}, {2, "in play"}};
  EXPECT_EQ(stateNames(info), wanted);
  info.description = "what the game is doing, 7";
  EXPECT_TRUE(stateNames(info).empty());
  info.description = wanted.at(0);
  info.unit = "count";
  EXPECT_FALSE(isState(info));
  EXPECT_TRUE(stateNames(info).empty());
}

}  // namespace qd::analysis
