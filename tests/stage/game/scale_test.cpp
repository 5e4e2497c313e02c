// SPDX-License-Identifier: Apache-2.0
// Interest management: when the world grows at the same density, what one client is sent stays the same.
#include "stage/sim/scale.h"

#include <gtest/gtest.h>

namespace qd::stage {

TEST(Scale, BandwidthOfAClientStaysFlatAsTheWorldGrows) {
  const auto small = runScale(grown(1)), large = runScale(grown(16));
  ASSERT_EQ(large.made.players, 16 * small.made.players);
  EXPECT_GT(small.visible, 1);
  // The rim of a small arena has fewer neighbours, so growing is not exactly nothing; sixteen times the world would be
  // sixteen.
  EXPECT_LE(large.bytesPerSecond, 1.8 * small.bytesPerSecond);
  EXPECT_GE(large.bytesPerSecond, 0.6 * small.bytesPerSecond);
}

}  // namespace qd::stage
