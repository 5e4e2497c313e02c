// SPDX-License-Identifier: Apache-2.0
// Files of older formats, as they were written then (tests/golden), are read as ever.
#include <gtest/gtest.h>

#include <filesystem>

#include "core/recording/recorded_samples.h"
#include "core/recording/recording.h"
#include "core/recording/schema.h"
#include "tests/core/recording/same.h"
#include "tests/fakes/recording/synthetic.h"
#include "tests/support/paths.h"

namespace qd::recording::testing {

TEST(Formats, AFileOfFormat1IsReadVerifiedAndConvertedByRecordingItAgain) {
  const std::string path = qd::paths::kSourceDir + "/tests/golden/format1.qdrec";
  const auto file = Recording::open(path);
  ASSERT_TRUE(file) << file.error().message;
  const auto info = (*file)->info();
  ASSERT_TRUE(info);
  EXPECT_EQ(info->format, 1);
  EXPECT_EQ(info->points, 1707u);
  EXPECT_EQ(info->events, 17u);
  EXPECT_TRUE(info->complete);
  EXPECT_TRUE((*file)->verify().ok());
  const std::vector<EnvelopePtr> once = replay(path);
  const Scratch scratch;
  const std::string copy = record(scratch, "copy.qdrec", once);
  const auto converted = Recording::open(copy);
  ASSERT_TRUE(converted);
  const auto now = (*converted)->info();
  EXPECT_EQ(now->format, kFormat);
  EXPECT_EQ(now->points, info->points);
  EXPECT_EQ(now->start, info->start);
  EXPECT_EQ(now->end, info->end);
  const std::vector<EnvelopePtr> twice = replay(copy);
  ASSERT_EQ(twice.size(), once.size());
  for (std::size_t i = 0; i < once.size(); ++i) ASSERT_TRUE(same(*once[i], *twice[i])) << i;
}

// The same session, converted when format 2 was written: whoever changes the format still reads this one.
TEST(Formats, AFileOfFormat2IsReadAndVerified) {
  const std::string golden = qd::paths::kSourceDir + "/tests/golden/";
  const auto file = Recording::open(golden + "format2.qdrec");
  ASSERT_TRUE(file) << file.error().message;
  const auto info = (*file)->info();
  ASSERT_TRUE(info);
  EXPECT_EQ(info->format, 2);
  EXPECT_EQ(info->points, 1707u);
  EXPECT_TRUE(info->complete);
  EXPECT_TRUE((*file)->verify().ok());
  EXPECT_TRUE(RecordedSamples::open(golden + "format2.qdrec"));
  const std::vector<EnvelopePtr> then = replay(golden + "format1.qdrec"), now = replay(golden + "format2.qdrec");
  ASSERT_EQ(now.size(), then.size());
  for (std::size_t i = 0; i < now.size(); ++i) ASSERT_TRUE(same(*then[i], *now[i])) << i;
}

// A second of a stage with one player, recorded when format 3 was written; tests/integration/format_test.py reads it as
// a stranger would. A copy of it is the same, and as small.
TEST(Formats, AFileOfFormat3IsReadVerifiedAndCopied) {
  const std::string path = qd::paths::kSourceDir + "/tests/golden/format3.qdrec";
  const auto file = Recording::open(path);
  ASSERT_TRUE(file) << file.error().message;
  const auto info = (*file)->info();
  ASSERT_TRUE(info);
  EXPECT_EQ(info->format, 3);
  EXPECT_EQ(info->points, 1283u);
  EXPECT_TRUE(info->complete);
  EXPECT_TRUE((*file)->verify().ok());
  const std::vector<EnvelopePtr> once = replay(path);
  const Scratch scratch;
  const std::string copy = record(scratch, "copy.qdrec", once);
  const std::vector<EnvelopePtr> twice = replay(copy);
  ASSERT_EQ(twice.size(), once.size());
  for (std::size_t i = 0; i < once.size(); ++i) ASSERT_TRUE(same(*once[i], *twice[i])) << i;
  const auto copied = (*Recording::open(copy))->info();
  ASSERT_TRUE(copied);
  EXPECT_EQ(copied->headBytes, info->headBytes);
}

}  // namespace qd::recording::testing
