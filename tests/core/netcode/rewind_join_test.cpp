// SPDX-License-Identifier: Apache-2.0
#include "core/netcode/rewind_join.h"

#include <gtest/gtest.h>

#include "tests/core/ingest/make.h"
#include "tests/core/netcode/circle.h"

namespace qd::netcode {
namespace {

using namespace qd::ingest;

constexpr std::uint32_t kMe = 77, kTarget = 4;

struct Bench final : EventSink {
  FanOut out;
  RewindJoin join{out};
  Circle circle;
  ProcessInfo server = serverInfo(), editor = editorInfo("editor-1", "server-1");
  std::vector<std::string> declared;
  std::vector<double> values;
  std::vector<Tick> ticks;

  Bench() {
    out.add(join);
    out.add(*this);
    out.on(envelope(ProcessChange{server, ""}));
    out.on(envelope(ProcessChange{editor, ""}));
  }
  void on(const EnvelopePtr& e) override {
    if (const auto* derived = std::get_if<DerivedSeries>(&e->event)) declared.push_back(derived->info.name);
    const auto* block = std::get_if<SampleBlock>(&e->event);
    if (block == nullptr || block->ring != kDerivedRing) return;
    EXPECT_EQ(block->process, ref(server));
    ticks.insert(ticks.end(), block->ticks.begin(), block->ticks.end());
    const auto& some = std::get<std::vector<double>>(block->columns.at(0).values);
    values.insert(values.end(), some.begin(), some.end());
  }
  // The editor draws the target at a fractional tick, and itself.
  EntityFrame drawn(Tick n, std::uint64_t fixed) {
    EntityFrame frame = circle.editor(ref(editor), n, fixed, "server-1", {kTarget});
    Circle::push(frame, kMe, 0, 0, 0, 0, kEntityPlayer | kEntityPredicted);
    return frame;
  }
  // The server rewound the target to `offX` metres beside where that frame drew it.
  GameEvent shot(const EntityFrame& frame, double offX, std::int64_t shooter = kMe, std::int64_t claimed = kTarget) {
    GameEvent event;
    event.process = ref(server);
    event.tick = 500;
    event.time = frame.time + kNsPerSecond / 10;
    event.name = "combat.hit";
    const auto a = static_cast<std::int64_t>(frame.renderTick48_16 >> 16);
    event.fields = {{"shooter", shooter},
                    {"claimed", claimed},
                    {"seen_a", a},
                    {"seen_b", a + 1},
                    {"seen_alpha", static_cast<std::int64_t>(frame.renderTick48_16 & 0xffff)},
                    {"rewound_x_m", static_cast<double>(frame.x[0]) * 1e-6 + offX},
                    {"rewound_y_m", static_cast<double>(frame.y[0]) * 1e-6}};
    return event;
  }
};

}  // namespace

TEST(RewindJoin, ComparesWithWhatTheEditorDrewAtThatMoment) {
  Bench bench;
  EntityFrame wanted;
  for (Tick n = 0; n < 60; ++n) {
    const auto frame = bench.drawn(n, (100 << 16) + static_cast<std::uint64_t>(n) * 61'003);
    if (n == 30) wanted = frame;
    bench.out.on(envelope(frame));
  }
  bench.out.on(envelope(bench.shot(wanted, 0)));
  bench.out.on(envelope(bench.shot(wanted, 0.083)));
  ASSERT_EQ(bench.values.size(), 2u);
  EXPECT_NEAR(bench.values[0], 0, 1e-9);
  EXPECT_NEAR(bench.values[1], 0.083, 1e-9) << "a tick too far back shows in full";
  EXPECT_EQ(bench.ticks[0], 500);
  EXPECT_EQ(bench.declared, std::vector<std::string>{"lagcomp.rewind_error.joined"});
  EXPECT_EQ(bench.join.totals().joined, 2u);
}

TEST(RewindJoin, WaitsForAFrameThatIsLate) {
  Bench bench;
  bench.out.on(envelope(bench.drawn(0, 100 << 16)));
  const auto frame = bench.drawn(1, (101 << 16) + 5);
  bench.out.on(envelope(bench.shot(frame, 0.01)));
  EXPECT_TRUE(bench.values.empty());
  bench.out.on(envelope(frame));
  ASSERT_EQ(bench.values.size(), 1u);
  EXPECT_NEAR(bench.values[0], 0.01, 1e-9);
}

TEST(RewindJoin, WhatCannotBeJoinedIsCountedAndNothingIsMadeUp) {
  Bench bench;
  const auto frame = bench.drawn(0, 100 << 16);
  bench.out.on(envelope(frame));
  bench.out.on(envelope(bench.shot(frame, 0, 5)));         // a bot: nobody knows what it drew
  bench.out.on(envelope(bench.shot(frame, 0, kMe, 999)));  // not in the frame
  bench.out.on(envelope(bench.shot(frame, 0, kMe, 0)));    // the client saw a miss
  EntityFrame later = bench.drawn(1, 200 << 16);
  later.time = frame.time + 4 * kNsPerSecond;
  bench.out.on(envelope(later));
  SampleBlock block{.process = ref(bench.server), .ticks = {900}, .times = {later.time}, .columns = {}};
  bench.out.on(envelope(block));
  EXPECT_TRUE(bench.values.empty());
  EXPECT_EQ(bench.join.totals().unavailable, 2u);
}

TEST(RewindJoin, WhatARecordingBringsStands) {
  Bench bench;
  SeriesInfo info;
  info.index = SeriesIndex(kFirstDerivedSeries);
  info.name = "lagcomp.rewind_error.joined";
  info.derived = true;
  bench.out.on(envelope(DerivedSeries{ref(bench.server), info}));
  const auto frame = bench.drawn(0, 100 << 16);
  bench.out.on(envelope(frame));
  bench.out.on(envelope(bench.shot(frame, 0)));
  EXPECT_TRUE(bench.values.empty());
}

}  // namespace qd::netcode
