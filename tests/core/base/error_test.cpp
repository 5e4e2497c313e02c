// SPDX-License-Identifier: Apache-2.0
#include "core/base/error.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace qd {

TEST(Error, ErrnoCarriesWhatAndWhy) {
  const Result<> result = failErrno("open x.qdrec", ENOENT);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::NotFound);
  EXPECT_EQ(result.error().message, "open x.qdrec: No such file or directory");
}

}  // namespace qd
