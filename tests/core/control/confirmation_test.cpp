// SPDX-License-Identifier: Apache-2.0
#include "core/control/confirmation.h"

#include <gtest/gtest.h>

#include "core/control/desired_book.h"

namespace qd::control {
namespace {

const ProcessId kOne("server-1"), kTwo("server-2");

bool passes(const Touched& here, const std::string& typed, const std::string& why = "why") {
  return checkDangerous("server.tick_hz", here, why, typed).has_value();
}

TEST(Confirmation, NamesTheProcessAndItsPlayers) {
  EXPECT_TRUE(passes({{kOne}, 20}, confirmationText({kOne}, 20)));
  EXPECT_TRUE(passes({{kOne}, 1}, "server-1 1 player"));
  EXPECT_TRUE(passes({{kOne}, std::nullopt}, "server-1"));
  EXPECT_FALSE(passes({{kOne}, 20}, "server-1 20 players", "")) << "no reason";
  for (const char* typed :
       {"", "server-1", "server-2 20 players", "server-1 10 players", "20 players", "yes", "1 processes"}) {
    EXPECT_FALSE(passes({{kOne}, 20}, typed)) << typed;
  }
}

TEST(Confirmation, SomePlayersMayHaveComeSinceItWasTyped) {
  EXPECT_TRUE(passes({{kOne}, 22}, "server-1 20 players"));
  EXPECT_FALSE(passes({{kOne}, 23}, "server-1 20 players"));
  EXPECT_TRUE(passes({{kOne}, 220}, "server-1 200 players"));
  EXPECT_TRUE(passes({{kOne}, 3}, "server-1 20 players")) << "and some have left";
}

TEST(Confirmation, AnAgentSeesItsPartOfWhatWasConfirmed) {
  const std::string all = confirmationText({kOne, kTwo, ProcessId("server-3")}, 84);
  EXPECT_EQ(all, "3 processes 84 players");
  EXPECT_TRUE(passes({{kOne}, 40}, all));
  EXPECT_TRUE(passes({{kOne, kTwo}, 80}, all));
  EXPECT_FALSE(passes({{kOne, kTwo}, 80}, "server-1 80 players"));
  EXPECT_FALSE(passes({{kOne, kTwo, ProcessId("a"), ProcessId("b")}, 80}, all));
}

TEST(Confirmation, TheSentenceSaysWhatIsWanted) {
  const auto refused = checkDangerous("server.tick_hz", {{kOne}, 20}, "why", "yes");
  EXPECT_EQ(refused.error().message,
            "server.tick_hz of server-1 is dangerous: confirm it by naming what it touches, \"server-1 20 players\"; "
            "\"yes\" does not.");
}

TEST(DesiredBook, AnEndThatNobodySawMakesSuspectWhatWasNotLivedWithForAMinute) {
  constexpr TimeNs kPushed = 1'000 * kNsPerSecond;
  const auto suspect = [&](std::int64_t seenAfter, std::int64_t foundAfter) {
    DesiredBook book;
    book.set(kOne, "npc.density", {2.0, "push-1", "ann", kPushed, false});
    return book.onEnd(kOne, kPushed + seenAfter * kNsPerSecond, kPushed + foundAfter * kNsPerSecond);
  };
  EXPECT_TRUE(suspect(5, 3600)) << "it may have died the second after";
  EXPECT_FALSE(suspect(61, 3600));
  EXPECT_TRUE(suspect(-10, 5)) << "nothing was heard since";
  EXPECT_FALSE(suspect(-100, -1)) << "it was the next one that got the value";
}

}  // namespace
}  // namespace qd::control
