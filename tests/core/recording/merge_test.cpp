// SPDX-License-Identifier: Apache-2.0
#include "core/recording/merge.h"

#include <gtest/gtest.h>

#include <set>

#include "core/recording/event_names.h"
#include "tests/core/recording/read_back.h"
#include "tests/fakes/recording/synthetic.h"

namespace qd::recording::testing {
namespace {

using namespace ingest;

constexpr TimeNs kStart = 1'700'000'000'000'000'000, kTick = 16'666'667;

// What a console saw that knows the agent as `agent`, of the entries that `saw` lets through.
template <class Saw>
std::vector<EnvelopePtr> seen(const std::vector<EnvelopePtr>& log, const std::string& agent, Saw saw) {
  std::vector<EnvelopePtr> out;
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (i > 0 && !saw(i)) continue;
    auto copy = std::make_shared<Envelope>(*log[i]);
    copy->agent = AgentId(agent);
    out.push_back(std::move(copy));
  }
  return out;
}

Result<MergeReport> mergeFiles(const std::vector<std::string>& paths, const std::string& out) {
  std::vector<std::unique_ptr<Recording>> files;
  std::vector<const Recording*> all;
  for (const std::string& path : paths) {
    files.push_back(open(path));
    all.push_back(files.back().get());
  }
  return merge(all, out, "test");
}

std::set<Sample> unionOf(const std::vector<std::string>& paths) {
  std::set<Sample> out;
  for (const std::string& path : paths) {
    const std::vector<Sample> some = samples(path);
    out.insert(some.begin(), some.end());
  }
  return out;
}

}  // namespace

// Two consoles that dialled the same agent by different names and each missed something: the union, each thing once.
TEST(Merge, OfTwoConsolesIsTheUnionWithoutDuplicates) {
  const Scratch scratch;
  const std::vector<EnvelopePtr> log = game(60);
  const std::string a = record(scratch, "a.qdrec", seen(log, "127.0.0.1:7400", [](std::size_t i) { return i < 120; }));
  const std::string b = record(scratch, "b.qdrec", seen(log, "10.0.0.5:7400", [](std::size_t i) { return i > 40; }));
  const std::string m = scratch / "m.qdrec";
  const auto report = mergeFiles({a, b}, m);
  ASSERT_TRUE(report) << report.error().message;
  const std::set<Sample> expected = unionOf({a, b});
  const std::vector<Sample> got = samples(m);
  EXPECT_EQ(got.size(), expected.size());
  EXPECT_TRUE(std::equal(got.begin(), got.end(), expected.begin(), expected.end()));
  const std::vector<EnvelopePtr> back = replay(m);
  EXPECT_EQ(all<LogLine>(back).size(), 60u);
  EXPECT_EQ(all<EntityFrame>(back).size(), 60u);
  EXPECT_EQ(all<ProcessChange>(back).size(), 1u);
  EXPECT_EQ(open(m)->processes().size(), 1u);
  EXPECT_EQ(open(m)->processes()[0].agent.value, "127.0.0.1:7400") << "the first recording's names count";
  EXPECT_TRUE(open(m)->verify().ok());
  EXPECT_GE(report->duplicates, 79u);
}

// Samples that lie at the same time are not the same, and the same block with other series is one block.
TEST(Merge, GoesByIdentityAndNeverByTime) {
  const Scratch scratch;
  const ProcessInfo info = server();
  SampleBlock one = block(1, 20, 100, info), two = block(1, 20, 200, info), some = one, rest = one;
  two.columns[0].values = std::vector<std::int64_t>(20, 42);
  some.columns.erase(some.columns.begin() + 1, some.columns.end());
  rest.columns.erase(rest.columns.begin());
  const auto declared = envelope(ProcessChange{info, ""});
  const std::string a = record(scratch, "a.qdrec", {declared, envelope(some, 5), envelope(two, 6)});
  const std::string b = record(scratch, "b.qdrec", {declared, envelope(rest, 5), envelope(two, 6)});
  ASSERT_TRUE(mergeFiles({a, b}, scratch / "m.qdrec"));
  const std::vector<EnvelopePtr> back = replay(scratch / "m.qdrec");
  const auto blocks = all<SampleBlock>(back);
  ASSERT_EQ(blocks.size(), 2u);
  EXPECT_EQ(blocks[0]->columns.size(), 3u);
  EXPECT_EQ(blocks[1]->firstSequence, 200u);
  EXPECT_EQ(samples(scratch / "m.qdrec").size(), 2u * (20 + 20 + 7));
}

// Two clusters with a server of the same name each: the later one's is named with its agent, as a console does it.
TEST(Merge, DifferentProcessesOfOneNameStayApart) {
  const Scratch scratch;
  std::vector<EnvelopePtr> other = game(5);
  for (EnvelopePtr& e : other) {
    auto copy = std::make_shared<Envelope>(*e);
    copy->agent = AgentId("there:1");
    if (auto* change = std::get_if<ProcessChange>(&copy->event)) change->info.instance = InstanceId(77);
    if (auto* samples = std::get_if<SampleBlock>(&copy->event)) samples->process.instance = InstanceId(77);
    if (auto* frame = std::get_if<EntityFrame>(&copy->event)) frame->process.instance = InstanceId(77);
    if (auto* line = std::get_if<LogLine>(&copy->event)) line->process.instance = InstanceId(77);
    e = copy;
  }
  const std::string a = record(scratch, "a.qdrec", game(5)), b = record(scratch, "b.qdrec", other);
  ASSERT_TRUE(mergeFiles({a, b}, scratch / "m.qdrec"));
  std::set<std::string> names;
  for (const RecordedProcess& p : open(scratch / "m.qdrec")->processes()) names.insert(p.ref.id.value);
  EXPECT_EQ(names, (std::set<std::string>{"server-1", "server-1@there:1"}));
  EXPECT_EQ(samples(scratch / "m.qdrec").size(), samples(a).size() + samples(b).size());
}

// Joined by each console for itself, with numbers of its own: each frame once, under one index.
TEST(Merge, JoinedSeriesOfBothAreOne) {
  const Scratch scratch;
  const ProcessInfo info = server("editor-1", 9);
  const auto console = [&](std::uint32_t index, Tick from, Tick to) {
    SeriesInfo joined{SeriesIndex(kFirstDerivedSeries + index), "interp.error", "m", false, 0, "", {}, {}, true};
    std::vector<EnvelopePtr> all{envelope(ProcessChange{info, ""}),
                                 envelope(DerivedSeries{{info.id, info.instance}, joined})};
    for (Tick t = from; t < to; t += 10) {
      SampleBlock block{
          {info.id, info.instance}, kDerivedRing, static_cast<std::uint64_t>(t - from), 10, 0, {}, {}, {}};
      std::vector<double> values;
      for (Tick i = t; i < t + 10; ++i) {
        block.ticks.push_back(i);
        block.times.push_back(kStart + i * kTick);
        values.push_back(static_cast<double>(i) / 8);
      }
      block.columns.push_back({joined.index, {}, values});
      all.push_back(envelope(block));
    }
    return all;
  };
  const std::string a = record(scratch, "a.qdrec", console(0, 0, 100)),
                    b = record(scratch, "b.qdrec", console(3, 55, 155));
  ASSERT_TRUE(mergeFiles({a, b}, scratch / "m.qdrec"));
  const std::vector<Sample> got = samples(scratch / "m.qdrec");
  EXPECT_EQ(got.size(), 155u);
  EXPECT_EQ(std::get<1>(got[0]), "interp.error");
  std::set<Tick> ticks;
  for (const Sample& s : got) ticks.insert(std::get<2>(s));
  EXPECT_EQ(ticks.size(), 155u);
  const std::vector<EnvelopePtr> back = replay(scratch / "m.qdrec");
  std::uint64_t next = 0;
  for (const SampleBlock* block : all<SampleBlock>(back)) {
    EXPECT_GE(block->firstSequence, next) << "no block stands for another";
    next = block->firstSequence + block->count;
  }
}

TEST(Merge, EveryPlaceOfANameIsRenamed) {
  for (const EnvelopePtr& e : everyKind()) {
    Event event = e->event;
    renameProcesses(event, [](const ProcessId& id) { return ProcessId("x-" + id.value); });
    const ProcessId before = processOf(e->event);
    if (!before.value.empty()) {
      EXPECT_EQ(processOf(event).value, "x-" + before.value) << event.index();
    }
  }
}

}  // namespace qd::recording::testing
