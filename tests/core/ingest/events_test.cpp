// SPDX-License-Identifier: Apache-2.0
#include "core/ingest/events.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "core/ingest/event_sink.h"
#include "tests/core/ingest/make.h"

namespace qd::ingest {
namespace {

struct Recorder final : EventSink {
  std::vector<std::string> texts;
  std::atomic<int> inside{0};
  bool overlapped = false;
  EventSink* echo = nullptr;  // answers each log line "x" with "x!"

  void on(const EnvelopePtr& e) override {
    overlapped = overlapped || inside.fetch_add(1) != 0;
    const auto* line = std::get_if<LogLine>(&e->event);
    if (line != nullptr) texts.push_back(line->text);
    if (line != nullptr && echo != nullptr && line->text.back() != '!') {
      echo->on(envelope(LogLine{.process = {}, .category = {}, .text = line->text + "!"}));
    }
    inside.fetch_sub(1);
  }
};

EnvelopePtr line(const std::string& text) {
  return envelope(LogLine{.process = {}, .category = {}, .text = text});
}

}  // namespace

TEST(Events, SizeFollowsTheContent) {
  SampleBlock block;
  const std::size_t small = sizeInBytes(*envelope(block));
  block.ticks.resize(1000);
  block.times.resize(1000);
  block.columns.push_back({SeriesIndex(1), {}, std::vector<double>(1000)});
  const std::size_t large = sizeInBytes(*envelope(block));
  EXPECT_GE(large - small, 24'000u);
  EXPECT_LE(large - small, 25'000u);
  EXPECT_EQ(block.columns[0].size(), 1000u);
  const std::string text(5000, 'x');
  EXPECT_GE(sizeInBytes(*line(text)), sizeInBytes(*line("")) + 5000);
}

TEST(Events, TimeAndProcess) {
  const ProcessInfo info = serverInfo();
  EXPECT_EQ(timeOf(SampleBlock{.process = ref(info), .ticks = {1, 2}, .times = {7, 8}, .columns = {}}), 7);
  EXPECT_EQ(processOf(SampleBlock{.process = ref(info), .ticks = {}, .times = {}, .columns = {}}), info.id);
  EXPECT_EQ(timeOf(Mark{.time = 3, .tick = 1, .domain = {}, .text = {}, .who = {}}), 3);
  EXPECT_EQ(processOf(Mark{}), ProcessId{});
  EXPECT_EQ(momentOf(*envelope(ProcessChange{info, ""}, 1, 55)), 55);
  EXPECT_EQ(momentOf(*envelope(ProcessChange{info, ""})), info.started);
}

TEST(FanOut, WhatASinkMakesFollowsForAll) {
  FanOut out;
  Recorder first, second;
  first.echo = &out;
  out.add(first);
  out.add(second);
  out.on(line("a"));
  out.on(line("b"));
  const std::vector<std::string> expected{"a", "a!", "b", "b!"};
  EXPECT_EQ(first.texts, expected);
  EXPECT_EQ(second.texts, expected);
}

TEST(FanOut, OneCallerAtATime) {
  FanOut out;
  Recorder sink;
  out.add(sink);
  std::vector<std::thread> sources;
  for (int s = 0; s < 4; ++s) {
    sources.emplace_back([&] {
      for (int i = 0; i < 500; ++i) out.on(line("x"));
    });
  }
  for (std::thread& source : sources) source.join();
  EXPECT_FALSE(sink.overlapped);
  EXPECT_EQ(sink.texts.size(), 2000u);
}

}  // namespace qd::ingest
