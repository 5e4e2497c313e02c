// SPDX-License-Identifier: Apache-2.0
#include "core/netcode/divergence.h"

#include <gmock/gmock.h>

#include <map>

namespace qd::netcode {
namespace {

using ::testing::HasSubstr;

ingest::GameEvent event() {
  ingest::GameEvent e;
  e.process = {ProcessId("editor-1"), InstanceId(3)};
  e.name = "predict.diverged";
  e.time = 5;
  e.fields = {{"player", Value(std::int64_t{7})},
              {"tick", Value(std::int64_t{104})},
              {"agreed_tick", Value(std::int64_t{100})},
              {"field", Value(std::string("vel.x"))},
              {"fields", Value(std::string("vel.x,pos.x"))},
              {"error_m", Value(0.25)},
              {"replayed", Value(std::int64_t{9})}};
  for (int i = 0; i < 4; ++i) {
    const std::string n = std::to_string(i);
    e.fields.emplace_back("t" + n, Value(std::int64_t{101 + i}));
    e.fields.emplace_back("x" + n + "_m", Value(1.0 + i * 0.1));
    e.fields.emplace_back("y" + n + "_m", Value(-2.000001));
    e.fields.emplace_back("alive" + n, Value(true));
  }
  return e;
}

// The server's frames of ticks 101 to 104: where the client predicted, from tick `wrong` on elsewhere.
FrameOfTick frames(Tick wrong, std::int64_t off = 1, bool alive = true) {
  return [=](Tick tick) -> EntityFramePtr {
    auto frame = std::make_shared<ingest::EntityFrame>();
    frame->tick = tick;
    frame->ids = {3, 7};
    frame->x = {0, 1'000'000 + (tick - 101) * 100'000 + (tick >= wrong ? off : 0)};
    frame->y = {0, -2'000'001};
    frame->z = {0, 0};
    frame->vx = frame->vy = frame->vz = {0, 0};
    frame->flags = {0, tick < wrong || alive ? ingest::kEntityAlive : 0U};
    return frame;
  };
}

TEST(Divergence, TheFirstTickIsFoundToTheMicrometre) {
  for (Tick wrong = 101; wrong <= 104; ++wrong) {
    const auto d = divergenceOf(event(), frames(wrong));
    ASSERT_TRUE(d);
    EXPECT_TRUE(d->located);
    EXPECT_EQ(d->tick, wrong);
    EXPECT_EQ(d->confirmed, 104);
    EXPECT_EQ(d->agreed, 100);
    EXPECT_EQ(d->player, 7U);
    EXPECT_EQ(d->field, "vel.x");  // the client was told the cause
    ASSERT_EQ(d->at.size(), 1U);
    EXPECT_EQ(d->at[0].name, "pos.x");
    EXPECT_NEAR(d->at[0].authoritative - d->at[0].predicted, 1e-6, 1e-12);
  }
}

TEST(Divergence, WithoutTheServersFramesTheConfirmedTickStands) {
  for (const FrameOfTick& none : {FrameOfTick{}, FrameOfTick([](Tick) { return EntityFramePtr(); }), frames(999)}) {
    const auto d = divergenceOf(event(), none);
    ASSERT_TRUE(d);
    EXPECT_FALSE(d->located);
    EXPECT_EQ(d->tick, 104);
    EXPECT_EQ(d->field, "vel.x");
    EXPECT_THAT(describe(*d), HasSubstr("at the latest from tick 104"));
  }
}

TEST(Divergence, AFrameOfAnotherTickIsNoEvidence) {
  const auto d = divergenceOf(event(), [](Tick) { return frames(101)(90); });
  ASSERT_TRUE(d);
  EXPECT_FALSE(d->located);
}

TEST(Divergence, DeathIsNamed) {
  ingest::GameEvent e = event();
  e.fields[3].second = Value(std::string());
  const auto d = divergenceOf(e, frames(102, 0, false));
  ASSERT_TRUE(d);
  EXPECT_EQ(d->tick, 102);
  EXPECT_EQ(d->field, "alive");
  EXPECT_THAT(describe(*d), HasSubstr("alive: predicted yes, server no"));
}

TEST(Divergence, ForeignAndBrokenEventsAreNone) {
  ingest::GameEvent e = event();
  e.name = "combat.hit";
  EXPECT_FALSE(divergenceOf(e, {}));
  e = event();
  e.fields[0].second = Value(std::string("seven"));
  EXPECT_FALSE(divergenceOf(e, {}));
  e = event();
  e.fields[8].second = Value(std::nan(""));  // x0_m
  EXPECT_TRUE(divergenceOf(e, frames(101)));
}

}  // namespace
}  // namespace qd::netcode
