// SPDX-License-Identifier: Apache-2.0
#include "core/recording/cut.h"

#include <gtest/gtest.h>

#include "core/recording/merge.h"
#include "tests/core/recording/read_back.h"
#include "tests/fakes/recording/synthetic.h"

namespace qd::recording::testing {
namespace {

using namespace ingest;

constexpr TimeNs kStart = 1'700'000'000'000'000'000, kTick = 16'666'667;

std::vector<EnvelopePtr> twoServers() {
  std::vector<EnvelopePtr> all = game(30);
  const std::vector<EnvelopePtr> other = game(30, "server-2");
  all.insert(all.end(), other.begin(), other.end());
  return all;
}

}  // namespace

// Through the middle of blocks: exactly the rows of the stretch, bit for bit, of the process and series wanted.
TEST(Cut, IsWhatAFilterOfTheSamplesGives) {
  const Scratch scratch;
  const std::string whole = record(scratch, "whole.qdrec", twoServers());
  CutOptions options;
  options.from = kStart + 100 * kTick;
  options.to = kStart + 1000 * kTick + 5;
  options.process = [](const ProcessId& id) { return id.value == "server-2"; };
  options.series = [](const std::string& name, const std::string&) { return name != "tick.duration"; };
  const auto report = cut(*open(whole), options, scratch / "cut.qdrec", "test");
  ASSERT_TRUE(report) << report.error().message;
  std::vector<Sample> expected = samples(whole);
  std::erase_if(expected, [&](const Sample& s) {
    return std::get<3>(s) < options.from || std::get<3>(s) > options.to || std::get<0>(s) != "server-2" ||
           std::get<1>(s) == "tick.duration";
  });
  ASSERT_GT(expected.size(), 901u + 250u);
  EXPECT_EQ(samples(scratch / "cut.qdrec"), expected);
  EXPECT_EQ(report->points, expected.size());
  const auto file = open(scratch / "cut.qdrec");
  EXPECT_TRUE(file->verify().ok());
  EXPECT_TRUE(file->info()->complete);
  EXPECT_EQ(file->info()->processes, 1u);
}

// Of a parameter that changed twice before the stretch the last value alone, also where the log told of it late.
TEST(Cut, BeginsWithWhatWasInForce) {
  const Scratch scratch;
  std::vector<EnvelopePtr> events = game(30);
  const ProcessRef ref{ProcessId("server-1"), std::get<ProcessChange>(events[0]->event).info.instance};
  const auto at = [&](Tick tick) { return kStart + tick * kTick; };
  const auto change = [&](Tick tick, double value, std::uint64_t version) {
    return envelope(ParameterChange{ref, {{"npc.density", value, version, tick, at(tick), "push", "ann"}}},
                    1000 + version, "server-1-agent");
  };
  events.push_back(change(10, 0.5, 1));
  events.push_back(change(20, 0.7, 2));
  events.push_back(change(1500, 0.9, 3));
  const std::string whole = record(scratch, "whole.qdrec", events);
  CutOptions options;
  options.from = at(640);
  options.to = at(1280);
  ASSERT_TRUE(cut(*open(whole), options, scratch / "cut.qdrec", "test"));
  const std::vector<EnvelopePtr> back = replay(scratch / "cut.qdrec");
  const auto processes = all<ProcessChange>(back);
  ASSERT_EQ(processes.size(), 1u);
  EXPECT_EQ(processes[0]->info.parameters.size(), 2u);
  const auto changes = all<ParameterChange>(back);
  ASSERT_EQ(changes.size(), 1u);
  ASSERT_EQ(changes[0]->values.size(), 1u);
  EXPECT_EQ(changes[0]->values[0].value, Value(0.7));
  EXPECT_EQ(changes[0]->values[0].who, "ann");
  for (const LogLine* line : all<LogLine>(back)) {
    EXPECT_GE(line->time, options.from);
    EXPECT_LE(line->time, options.to);
  }
  EXPECT_EQ(all<LogLine>(back).size(), 11u) << "every 64 ticks, both ends included";
  EXPECT_EQ(all<EntityFrame>(back).size(), 11u);
}

// Samples that an attach fetched from before itself are older than what it was told of their process.
TEST(Cut, OfWhatWasBeforeTheAttachIsDeclaredToo) {
  const Scratch scratch;
  std::vector<EnvelopePtr> events = game(30);
  auto attached = std::make_shared<Envelope>(*events[0]);
  attached->sequence = attached->previous = 0;
  attached->received = kStart + 3600 * kNsPerSecond;
  events[0] = attached;
  const std::string whole = record(scratch, "whole.qdrec", events);
  CutOptions options;
  options.from = kStart + 100 * kTick;
  options.to = kStart + 400 * kTick;
  options.series = [](const std::string& name, const std::string&) { return name == "tick.duration"; };
  const auto report = cut(*open(whole), options, scratch / "cut.qdrec", "test");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->points, 301u);
  const auto declared = all<ProcessChange>(replay(scratch / "cut.qdrec"));
  ASSERT_EQ(declared.size(), 1u);
  EXPECT_EQ(declared[0]->info.series.size(), 1u);
  EXPECT_EQ(open(scratch / "cut.qdrec")->series()->size(), 1u);
}

TEST(Cut, OfNothingIsSaidAndLeavesNoFile) {
  const Scratch scratch;
  const std::string whole = record(scratch, "whole.qdrec", game(3));
  CutOptions options;
  options.from = kStart + 3600 * kNsPerSecond;
  const auto none = cut(*open(whole), options, scratch / "cut.qdrec", "test");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::NotFound);
  EXPECT_FALSE(std::filesystem::exists(scratch / "cut.qdrec"));
  EXPECT_EQ(cut(*open(whole), {}, whole, "test").error().code, ErrorCode::Conflict);
  EXPECT_TRUE(open(whole)->verify().ok());
}

// Both halves together are the whole again: blocks that were cut through are one block again.
TEST(Cut, PartsMergeToTheWhole) {
  const Scratch scratch;
  const std::string whole = record(scratch, "whole.qdrec", twoServers());
  CutOptions first, second;
  first.to = kStart + 1000 * kTick;
  second.from = kStart + 800 * kTick;  // they overlap
  ASSERT_TRUE(cut(*open(whole), first, scratch / "1.qdrec", "test"));
  ASSERT_TRUE(cut(*open(whole), second, scratch / "2.qdrec", "test"));
  const auto one = open(scratch / "1.qdrec"), two = open(scratch / "2.qdrec");
  const auto merged = merge({one.get(), two.get()}, scratch / "m.qdrec", "test");
  ASSERT_TRUE(merged) << merged.error().message;
  EXPECT_EQ(samples(scratch / "m.qdrec"), samples(whole));
  EXPECT_GT(merged->duplicates, 0u);
}

}  // namespace qd::recording::testing
