// SPDX-License-Identifier: Apache-2.0
#include "core/ingest/directory.h"

#include <gtest/gtest.h>

#include "tests/core/ingest/make.h"

namespace qd::ingest {
namespace {

const ProcessId kServer("server-1");

EnvelopePtr samplesAt(const ProcessInfo& info, TimeNs time) {
  return envelope(SampleBlock{.process = ref(info), .ticks = {1}, .times = {time}, .columns = {}});
}

}  // namespace

TEST(Directory, ListsInOrderOfAppearance) {
  Directory directory;
  directory.on(envelope(ProcessChange{serverInfo("server-1"), ""}));
  directory.on(envelope(ProcessChange{editorInfo("editor-1", "server-1"), ""}));
  directory.on(envelope(ProcessChange{editorInfo("editor-2", "server-2"), ""}));
  const auto all = directory.processes();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0]->id, kServer);
  EXPECT_EQ(directory.editorsOf(kServer), std::vector<ProcessId>{ProcessId("editor-1")});
  EXPECT_EQ(directory.process(ProcessId("nobody")), nullptr);
  EXPECT_EQ(directory.revision(), 3u);
}

TEST(Directory, AnswersForAnyMoment) {
  Directory directory;
  ProcessInfo info = serverInfo("server-1", 1, 100);
  directory.on(envelope(ProcessChange{info, ""}));
  directory.on(samplesAt(info, 500));
  info.state = ProcessState::Parked;
  directory.on(envelope(ProcessChange{info, ""}));
  info.state = ProcessState::Gone;
  directory.on(envelope(ProcessChange{info, "killed"}, 2, 900));
  directory.on(envelope(ProcessChange{serverInfo("server-1", 2, 2000), ""}));

  EXPECT_EQ(directory.process(kServer, 99), nullptr);
  EXPECT_TRUE(directory.processes(99).empty());
  EXPECT_EQ(directory.process(kServer, 499)->state, ProcessState::Running);
  EXPECT_EQ(directory.process(kServer, 500)->state, ProcessState::Parked);
  EXPECT_EQ(directory.process(kServer, 899)->state, ProcessState::Parked);
  EXPECT_EQ(directory.process(kServer, 1999)->state, ProcessState::Gone);
  EXPECT_EQ(directory.process(kServer)->instance, InstanceId(2));
}

TEST(Directory, DerivedSeriesStayWithTheirInstance) {
  Directory directory;
  const ProcessInfo info = serverInfo();
  directory.on(envelope(ProcessChange{info, ""}));
  SeriesInfo series{.index = SeriesIndex(kFirstDerivedSeries),
                    .name = "interp.error",
                    .unit = "m",
                    .description = {},
                    .budget = {},
                    .dimensions = {},
                    .derived = true};
  directory.on(envelope(DerivedSeries{ref(info), series}));
  directory.on(envelope(DerivedSeries{ref(info), series}));
  ASSERT_EQ(directory.process(kServer)->series.size(), 1u);
  directory.on(envelope(ProcessChange{info, "declared again"}));
  ASSERT_EQ(directory.process(kServer)->series.size(), 1u);
  EXPECT_TRUE(directory.process(kServer)->series[0].derived);
  directory.on(envelope(ProcessChange{serverInfo("server-1", 2), ""}));
  EXPECT_TRUE(directory.process(kServer)->series.empty());
}

TEST(Directory, DerivedSeriesMayComeFirstAndForAnOldInstance) {
  Directory directory;
  SeriesInfo series;
  series.index = SeriesIndex(kFirstDerivedSeries);
  series.name = "interp.error";
  const ProcessInfo first = serverInfo("server-1", 1, 100), second = serverInfo("server-1", 2, 500);
  directory.on(envelope(DerivedSeries{ref(first), series}));
  EXPECT_TRUE(directory.processes().empty());
  directory.on(envelope(ProcessChange{first, ""}));
  directory.on(envelope(ProcessChange{second, ""}));
  series.index = SeriesIndex(kFirstDerivedSeries + 1);
  directory.on(envelope(DerivedSeries{ref(first), series}));
  EXPECT_EQ(directory.process(kServer, 200)->series.size(), 2u);
  EXPECT_TRUE(directory.process(kServer)->series.empty());
}

TEST(Directory, KnowsItsAgents) {
  Directory directory;
  directory.on(envelope(AgentChange{AgentState::Connected, "127.0.0.1:7400", "0.1", ""}));
  directory.on(envelope(ClockSample{1, 5, 7}));
  directory.on(envelope(AgentChange{AgentState::Lost, "127.0.0.1:7400", "", "closed"}));
  const auto agents = directory.agents();
  ASSERT_EQ(agents.size(), 1u);
  EXPECT_EQ(agents[0].state, AgentState::Lost);
  EXPECT_EQ(agents[0].version, "0.1");
  EXPECT_EQ(agents[0].clock->offsetNs, 5);
}

TEST(Directory, HistoryIsBounded) {
  Directory directory;
  ProcessInfo info = serverInfo();
  for (int i = 0; i < 2000; ++i) {
    info.tick = i;
    directory.on(envelope(ProcessChange{info, ""}, 1, 1000 + i));
  }
  EXPECT_EQ(directory.process(kServer)->tick, 1999);
  EXPECT_EQ(directory.process(kServer, 500)->tick, 0);
}

}  // namespace qd::ingest
