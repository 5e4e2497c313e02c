// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/source_retry.h"

#include <gtest/gtest.h>

namespace qd::daemon {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
const ProcessId kServer{"server-1"};

TEST(SourceRetry, WaitsLongerEachTimeAndNotForEver) {
  SourceRetry retry;
  EXPECT_TRUE(retry.mayAttach(kServer, 0));
  std::int64_t now = 0;
  for (const std::int64_t seconds : {5, 10, 20}) {
    EXPECT_EQ(retry.ended(kServer, kSecond, now), seconds * kSecond);
    EXPECT_FALSE(retry.mayAttach(kServer, now + seconds * kSecond - 1));
    now += seconds * kSecond;
    EXPECT_TRUE(retry.mayAttach(kServer, now));
  }
  EXPECT_EQ(retry.ended(kServer, kSecond, now), std::nullopt);
  EXPECT_FALSE(retry.mayAttach(kServer, now + 1000 * kSecond));
  EXPECT_TRUE(retry.mayAttach(ProcessId{"other"}, now));
  retry.forget(kServer);
  EXPECT_TRUE(retry.mayAttach(kServer, now));
}

TEST(SourceRetry, OneThatWasOnForLongCountsAsNew) {
  SourceRetry retry;
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(retry.ended(kServer, SourceRetry::kCountsAsNewNs, 0), SourceRetry::kFirstNs);
  }
}

}  // namespace
}  // namespace qd::daemon
