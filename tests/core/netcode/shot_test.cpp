// SPDX-License-Identifier: Apache-2.0
#include "core/netcode/shot.h"

#include <gtest/gtest.h>

#include <cmath>

namespace qd::netcode {
namespace {

ingest::GameEvent event(bool clientHit, bool serverHit) {
  ingest::GameEvent e;
  e.process = {ProcessId("server-1"), InstanceId(1)};
  e.name = "combat.hit";
  e.tick = 500;
  e.time = 77;
  const auto i = [](std::int64_t v) { return Value(v); };
  const auto verdict = [](bool hit) { return Value(std::string(hit ? "hit" : "miss")); };
  e.fields = {{"shooter", i(3)},
              {"victim", i(9)},
              {"client_verdict", verdict(clientHit)},
              {"server_verdict", verdict(serverHit)},
              {"claimed", i(clientHit ? 9 : 0)},
              {"hit", i(serverHit ? 9 : 0)},
              {"rule", Value(std::string())},
              {"rewind_ms", Value(133.5)},
              {"rewind_error_m", Value(0.012)},
              {"origin_x_m", Value(1.0)},
              {"origin_y_m", Value(2.0)},
              {"yaw_rad", Value(0.5)},
              {"seen_a", i(490)},
              {"seen_b", i(492)},
              {"seen_alpha", i(16384)},
              {"seen_x_m", Value(5.0)},
              {"seen_y_m", Value(4.0)},
              {"rewound_x_m", Value(5.01)},
              {"rewound_y_m", Value(4.0)},
              {"now_x_m", Value(6.0)},
              {"now_y_m", Value(4.0)}};
  return e;
}

TEST(Shot, BothSidesAreRead) {
  const auto shot = shotOf(event(true, false));
  ASSERT_TRUE(shot);
  EXPECT_EQ(shot->shooter, 3U);
  EXPECT_EQ(shot->target, 9U);
  EXPECT_FALSE(shot->agree());
  EXPECT_EQ(verdictText(*shot), "client hit · server miss");
  EXPECT_DOUBLE_EQ(shot->seen->x, 5.0);
  EXPECT_DOUBLE_EQ(shot->rewound->x, 5.01);
  EXPECT_DOUBLE_EQ(*shot->seenTick, 490.5);
  EXPECT_FALSE(shot->usedTick);
  EXPECT_DOUBLE_EQ(*shot->rewindErrorM, 0.012);
}

TEST(Shot, WhatTheClientDidNotSeeIsNotDrawn) {
  const auto shot = shotOf(event(false, true));
  ASSERT_TRUE(shot);
  EXPECT_FALSE(shot->seen);
  EXPECT_TRUE(shot->rewound);
}

TEST(Shot, ForeignAndBrokenEventsAreNone) {
  ingest::GameEvent e = event(true, true);
  e.name = "combat.hit_predicted";
  EXPECT_FALSE(shotOf(e));
  e = event(true, true);
  e.fields.clear();
  EXPECT_FALSE(shotOf(e));
  e = event(true, true);
  e.fields[9].second = Value(HUGE_VAL);  // origin_x_m
  e.fields[15].second = Value(1e300);    // seen_x_m
  const auto shot = shotOf(e);
  ASSERT_TRUE(shot);
  EXPECT_FALSE(shot->origin);
  EXPECT_FALSE(shot->seen);
}

}  // namespace
}  // namespace qd::netcode
