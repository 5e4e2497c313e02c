// SPDX-License-Identifier: Apache-2.0
#include "core/netcode/interp_join.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "tests/core/ingest/make.h"
#include "tests/core/netcode/circle.h"

namespace qd::netcode {
namespace {

using namespace qd::ingest;

// A fan-out with the join in it and what came out of it.
struct Bench final : EventSink {
  FanOut out;
  InterpJoin join{out};
  Circle circle;
  ProcessInfo server = serverInfo(), editor = editorInfo("editor-1", "server-1");
  std::vector<std::uint32_t> ids{4, 2, 9, 11};
  std::map<std::uint32_t, std::string> names;
  std::map<std::string, std::vector<double>> values;
  std::vector<Tick> frames;
  std::uint64_t nextSequence = 0;

  Bench() {
    out.add(join);
    out.add(*this);
    out.on(envelope(ProcessChange{server, ""}));
    out.on(envelope(ProcessChange{editor, ""}));
  }

  void on(const EnvelopePtr& e) override {
    if (const auto* derived = std::get_if<DerivedSeries>(&e->event)) {
      EXPECT_TRUE(derived->info.derived);
      EXPECT_GE(derived->info.index.value, kFirstDerivedSeries);
      names[derived->info.index.value] = derived->info.name;
    }
    const auto* block = std::get_if<SampleBlock>(&e->event);
    if (block == nullptr || block->ring != kDerivedRing) return;
    EXPECT_EQ(block->firstSequence, nextSequence);
    nextSequence += block->count;
    frames.insert(frames.end(), block->ticks.begin(), block->ticks.end());
    for (const Column& column : block->columns) {
      ASSERT_EQ(column.size(), block->ticks.size());
      auto& all = values[names.at(column.series.value)];
      const auto& some = std::get<std::vector<double>>(column.values);
      all.insert(all.end(), some.begin(), some.end());
    }
  }

  EnvelopePtr tick(Tick t) { return envelope(circle.server(ref(server), t, ids)); }
  EnvelopePtr frame(Tick n, double tau, Tick every = 1, double bias = 0) {
    return envelope(circle.editor(ref(editor), n, static_cast<std::uint64_t>(std::llround(tau * 65536)), "server-1",
                                  ids, every, bias));
  }
  double worst(const std::string& name) const {
    const auto& all = values.at(name);
    return *std::max_element(all.begin(), all.end());
  }
};

}  // namespace

// Linear interpolation of v = 5 m/s on r = 2 m errs by a·T²/8, a = v²/r: 0.43 mm at 60 Hz, 3.9 mm at 20 Hz.
TEST(InterpJoin, KnownAnswerOfCircularMotion) {
  for (const Tick every : {1, 3}) {
    Bench bench;
    for (Tick t = 0; t <= 300; ++t) bench.out.on(bench.tick(t));
    Tick n = 0;
    for (double tau = 10; tau < 290; tau += 0.173) bench.out.on(bench.frame(n++, tau, every));
    const double period = static_cast<double>(every) / 60;
    const double bound = 5.0 * 5.0 / 2.0 * period * period / 8;
    constexpr double kQuantization = 2e-6;  // of positions, velocities and τ
    EXPECT_LE(bench.worst("interp.error.max"), bound + kQuantization);
    EXPECT_GE(bench.worst("interp.error.max"), bound * 0.98);
    EXPECT_EQ(bench.frames.size(), static_cast<std::size_t>(n));
    EXPECT_TRUE(std::is_sorted(bench.frames.begin(), bench.frames.end()));
    EXPECT_EQ(bench.join.totals().joined, static_cast<std::uint64_t>(n));
    EXPECT_EQ(bench.worst("interp.error.available"), 1);
    EXPECT_NEAR(bench.values["interp.render_tick"][1], 10.173, 1e-4);
  }
}

TEST(InterpJoin, ARenderBiasIsSeenInFull) {
  Bench bench;
  for (Tick t = 0; t <= 100; ++t) bench.out.on(bench.tick(t));
  for (int n = 0; n < 50; ++n) bench.out.on(bench.frame(n, 10 + n, 1, 0.05));
  for (const double error : bench.values.at("interp.error.p50")) EXPECT_NEAR(error, 0.05, 2e-6);
}

TEST(InterpJoin, AnyOrderOfTheTwoStreamsGivesTheSame) {
  Bench straight;
  std::vector<EnvelopePtr> ticks, frames;
  for (Tick t = 0; t <= 100; ++t) ticks.push_back(straight.tick(t));
  for (int n = 0; n < 120; ++n) frames.push_back(straight.frame(n, 5 + 0.61 * n));
  for (const EnvelopePtr& e : ticks) straight.out.on(e);
  for (const EnvelopePtr& e : frames) straight.out.on(e);
  std::mt19937 random(3);
  for (int round = 0; round < 5; ++round) {
    Bench mixed;
    std::size_t t = 0, f = 0;
    while (t < ticks.size() || f < frames.size()) {
      const bool server = f == frames.size() || (t < ticks.size() && random() % 2 == 0);
      mixed.out.on(server ? ticks[t++] : frames[f++]);
    }
    EXPECT_EQ(mixed.values, straight.values);
    EXPECT_EQ(mixed.join.totals().waiting, 0u);
  }
}

TEST(InterpJoin, AFrameThatCannotBeJoinedIsCountedAndAGap) {
  Bench bench;
  for (Tick t = 0; t <= 10; ++t) bench.out.on(bench.tick(t));
  bench.out.on(bench.frame(0, 50));
  EXPECT_EQ(bench.join.totals().waiting, 1u);
  EXPECT_TRUE(bench.frames.empty());
  // The session goes on for more than two seconds without the server's frames.
  SampleBlock later{.process = ref(bench.server),
                    .ticks = {500},
                    .times = {bench.circle.editor(ref(bench.editor), 0, 50 << 16, "", {}).time + InterpJoin::kWait + 1},
                    .columns = {}};
  bench.out.on(envelope(later));
  EXPECT_EQ(bench.join.totals().waiting, 0u);
  EXPECT_EQ(bench.join.totals().unavailable, 1u);
  ASSERT_EQ(bench.frames.size(), 1u);
  EXPECT_TRUE(std::isnan(bench.values.at("interp.error")[0]));
  EXPECT_EQ(bench.values.at("interp.error.available")[0], 0);
}

TEST(InterpJoin, OnlyRemoteEntitiesCount) {
  Bench bench;
  for (Tick t = 0; t <= 20; ++t) bench.out.on(bench.tick(t));
  EntityFrame frame = bench.circle.editor(ref(bench.editor), 0, 10 << 16, "server-1", bench.ids);
  frame.x[0] += 1'000'000;
  frame.flags[0] = kEntityPlayer | kEntityPredicted;
  frame.ids[3] = 999;  // the server does not know it
  bench.out.on(envelope(frame));
  EXPECT_LT(bench.worst("interp.error.max"), 1e-5);
  EXPECT_NEAR(bench.values.at("interp.error.available")[0], 2.0 / 3, 1e-12);
  for (std::uint32_t& flags : frame.flags) flags = kEntityPredicted;
  frame.tick = 1;
  bench.out.on(envelope(frame));
  EXPECT_EQ(bench.frames.size(), 1u);
}

TEST(InterpJoin, ATeleportIsNoInterpolationError) {
  Bench bench;
  for (Tick t = 0; t <= 60; ++t) {
    EntityFrame frame = bench.circle.server(ref(bench.server), t, bench.ids);
    if (t >= 30) frame.x[1] += 100'000'000;
    if (t == 30) frame.flags[1] |= kEntityTeleported;
    bench.out.on(envelope(frame));
  }
  for (int n = 0; n < 30; ++n) {
    EntityFrame drawn =
        bench.circle.editor(ref(bench.editor), n, static_cast<std::uint64_t>(20 + n) << 16, "server-1", bench.ids);
    if (20 + n >= 33) drawn.x[1] += 100'000'000;  // the editor heard of it a snapshot later
    bench.out.on(envelope(drawn));
  }
  EXPECT_LT(bench.worst("interp.error.max"), 1e-3);
  const auto& available = bench.values.at("interp.error.available");
  EXPECT_EQ(std::count(available.begin(), available.end(), 0.75), 17);
  EXPECT_EQ(std::count(available.begin(), available.end(), 1), 13);
}

TEST(InterpJoin, ARestartOfTheServerMixesNothing) {
  Bench bench;
  for (Tick t = 0; t <= 20; ++t) bench.out.on(bench.tick(t));
  bench.server.instance = InstanceId(55);
  for (Tick t = 0; t <= 5; ++t) bench.out.on(bench.tick(t));
  bench.out.on(bench.frame(0, 10.5));
  EXPECT_EQ(bench.join.totals().waiting, 1u);
  for (Tick t = 6; t <= 11; ++t) bench.out.on(bench.tick(t));
  EXPECT_EQ(bench.join.totals().joined, 1u);
}

TEST(InterpJoin, WhatARecordingBringsStands) {
  Bench bench;
  SeriesInfo info;
  info.index = SeriesIndex(kFirstDerivedSeries);
  info.name = "interp.error";
  info.derived = true;
  bench.out.on(envelope(DerivedSeries{ref(bench.editor), info}));
  for (Tick t = 0; t <= 20; ++t) bench.out.on(bench.tick(t));
  bench.out.on(bench.frame(0, 10.5));
  EXPECT_TRUE(bench.frames.empty());
  EXPECT_EQ(bench.join.totals().joined, 0u);
}

TEST(InterpJoin, WaitingIsBounded) {
  Bench bench;
  bench.out.on(bench.tick(0));
  // Frames of one moment, so that none is ever too late.
  for (int n = 0; n < 5000; ++n) bench.out.on(bench.frame(n, 50));
  EXPECT_LE(bench.join.totals().waiting, 1024u);
  EXPECT_GE(bench.join.totals().unavailable, 3900u);
}

}  // namespace qd::netcode
