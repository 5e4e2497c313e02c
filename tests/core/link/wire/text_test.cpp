// SPDX-License-Identifier: Apache-2.0
#include "core/link/wire/text.h"

#include <gtest/gtest.h>

namespace qd::link {
namespace {

constexpr const char* kBad = "\xEF\xBF\xBD";

TEST(Sanitise, KeepsValidText) {
  EXPECT_EQ(sanitise("npc.density"), "npc.density");
  EXPECT_EQ(sanitise("Größe µm 日本 😀"), "Größe µm 日本 😀");
}

TEST(Sanitise, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(sanitise("a\xFFz"), std::string("a") + kBad + "z");
  EXPECT_EQ(sanitise("\xC0\xAF"), std::string(kBad) + kBad);             // overlong
  EXPECT_EQ(sanitise("\xED\xA0\x80"), std::string(kBad) + kBad + kBad);  // a surrogate
  EXPECT_EQ(sanitise("x\xE2\x82"), std::string("x") + kBad + kBad);      // cut short
}

TEST(Sanitise, ReplacesControlAndReorderingCharacters) {
  EXPECT_EQ(sanitise(std::string_view("a\0b", 3)), std::string("a") + kBad + "b");
  EXPECT_EQ(sanitise("a\x1B[31m"), std::string("a") + kBad + "[31m");
  EXPECT_EQ(sanitise("\xE2\x80\xAE"
                     "gnp"),
            std::string(kBad) + "gnp");
  EXPECT_EQ(sanitise("a\nb"), std::string("a") + kBad + "b");
  EXPECT_EQ(sanitise("a\nb", 64, TextKind::Prose), "a\nb");
}

TEST(Sanitise, CutsAtACharacter) {
  EXPECT_EQ(sanitise("ééé", 5), "éé");
  EXPECT_EQ(sanitise("abcdef", 3), "abc");
}

TEST(ProcessIds, AreChecked) {
  EXPECT_TRUE(isProcessId("server-1"));
  EXPECT_TRUE(isProcessId("server-1@127.0.0.1:7400"));
  EXPECT_TRUE(isProcessId("server-1@[::1]:7400"));
  EXPECT_FALSE(isProcessId(""));
  EXPECT_FALSE(isProcessId("a b"));
  EXPECT_FALSE(isProcessId("a@"));
  EXPECT_FALSE(isProcessId(std::string(65, 'a')));
}

}  // namespace
}  // namespace qd::link
