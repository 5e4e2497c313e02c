// SPDX-License-Identifier: Apache-2.0
// Experiments over a simulated agent with games: steady state first, the fault with its way back, what is found.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/control/experiment_text.h"
#include "tests/core/control/change_sim.h"

namespace qd::control {
namespace {

using namespace testing;
using ::testing::HasSubstr;

class Experiment : public ::testing::Test {
 protected:
  void SetUp() override {
    sim.add("server-1");
    plan.id = "e-1";
    plan.name = "twice the NPCs";
    plan.hypothesis = "a tick stays below 10 ms";
    plan.who = "ann";
    plan.targets = {ProcessId("server-1")};
    plan.fault = {{"npc.density", 2.0, std::nullopt}};
    plan.time.ns = 4 * kNsPerSecond;
    plan.aborts = {guardFor(20)};
    plan.refutes = {guardFor(10)};
  }
  Game& server() { return sim.game("server-1"); }
  // One tick of the game, of its change, and of the experiment.
  void tick() {
    sim.players = players;
    sim.tick();
    if (sim.coordinator) run->change(sim.coordinator->state(), sim.now);
    switch (run->step(sim.now)) {
      case ExperimentRun::Order::Start:
        sim.start(run->fault());
        break;
      case ExperimentRun::Order::Begin:
        sim.coordinator->order({run->fault().id, ChangeWord::GoOn, "ann", "", ""}, sim.now);
        break;
      case ExperimentRun::Order::Revert:
        sim.coordinator->order({run->fault().id, ChangeWord::Revert, "ann", "", ""}, sim.now);
        break;
      case ExperimentRun::Order::None:
        break;
    }
  }
  bool until(const std::function<bool()>& condition, int ticks = 4000) {
    for (int i = 0; i < ticks && !condition(); ++i) tick();
    return condition();
  }
  void begin() { run.emplace(plan, sim.now); }
  bool over() { return run->over(); }
  const ExperimentState& state() { return run->state(); }

  Sim sim;
  ExperimentPlan plan;
  std::optional<ExperimentRun> run;
  std::optional<double> players = 20;
};

TEST_F(Experiment, AHypothesisThatHoldsIsSaidToHold) {
  server().costPerDensity = 3;
  begin();
  ASSERT_TRUE(until([&] { return server().density == 2; }, 200)) << state().reason;
  ASSERT_TRUE(until([&] { return over(); })) << state().reason;
  EXPECT_EQ(state().outcome, "held");
  EXPECT_EQ(state().restored, "reverted, recovered");
  EXPECT_EQ(server().density, 1);
  ASSERT_EQ(state().measures.size(), 2U);
  EXPECT_LT(*state().measures[0].before, 3);
  EXPECT_GT(*state().measures[0].during, 4);
  EXPECT_LT(*state().measures[0].after, 3);
}

TEST_F(Experiment, ARefutedOneIsSaidToBeRefutedAndTheFaultStaysItsTime) {
  server().costPerDensity = 12;
  begin();
  ASSERT_TRUE(until([&] { return over(); }));
  EXPECT_THAT(state().outcome, HasSubstr("refuted: tick.duration of server-1"));
  EXPECT_EQ(state().breachTick, 0);
  EXPECT_EQ(server().density, 1);
}

TEST_F(Experiment, TheMetricThatAbortsTakesItBackAtOnce) {
  server().costPerDensity = 30;
  begin();
  ASSERT_TRUE(until([&] { return server().density == 2; }, 200));
  ASSERT_TRUE(until([&] { return server().density == 1; }, 120)) << "long before its time is over";
  ASSERT_TRUE(until([&] { return over(); }));
  EXPECT_THAT(state().outcome, HasSubstr("aborted: "));
  EXPECT_GT(state().breachTick, 0);
  EXPECT_LE(state().revertTick - state().breachTick, 10);
  EXPECT_EQ(state().restored, "reverted, recovered");
  EXPECT_GT(*state().measures[0].during, 20);
}

TEST_F(Experiment, WithoutASteadyStateItDoesNotBegin) {
  server().baseMs = 15;
  begin();
  EXPECT_FALSE(until([&] { return server().density == 2; }, 1000));
  EXPECT_THAT(state().reason, HasSubstr("steady state"));
  server().baseMs = 2;
  EXPECT_TRUE(until([&] { return server().density == 2; }, 200));
}

TEST_F(Experiment, ItKeepsToItsBlastRadius) {
  plan.mostPlayers = 10;
  begin();
  EXPECT_FALSE(until([&] { return server().density == 2; }, 300));
  EXPECT_THAT(state().reason, HasSubstr("blast radius"));
  players = 9;
  ASSERT_TRUE(until([&] { return server().density == 2; }, 300));
  players = 11;
  ASSERT_TRUE(until([&] { return server().density == 1; }, 60));
  ASSERT_TRUE(until([&] { return over(); }));
  EXPECT_THAT(state().outcome, HasSubstr("aborted: it touches 11 players"));
  plan.mostProcesses = 1;
  plan.targets.emplace_back("server-2");
  EXPECT_EQ(ExperimentRun::check(plan).error().code, ErrorCode::InvalidArgument);
}

TEST_F(Experiment, APersonAbortsIt) {
  server().costPerDensity = 3;
  begin();
  run->abort("aborted by ann", sim.now);
  EXPECT_TRUE(over()) << "before it began there is nothing to take back";
  begin();
  ASSERT_TRUE(until([&] { return server().density == 2; }, 200));
  run->abort("aborted by ann", sim.now);
  ASSERT_TRUE(until([&] { return server().density == 1; }, 60));
  ASSERT_TRUE(until([&] { return over(); }));
  EXPECT_EQ(state().outcome, "aborted: aborted by ann");
}

TEST_F(Experiment, NonsenseIsRefusedInASentence) {
  const auto why = [&] {
    return ExperimentRun::check(plan) ? std::string() : ExperimentRun::check(plan).error().message;
  };
  EXPECT_EQ(why(), "");
  for (const auto& spoil : std::vector<std::function<void()>>{
           [&] { plan.hypothesis.clear(); }, [&] { plan.refutes.clear(); }, [&] { plan.aborts.clear(); },
           [&] { plan.time.ns = 0; }, [&] { plan.targets.clear(); }, [&] { plan.refutes[0].ticks = 0; },
           [&] { plan.refutes[0].group = true; }}) {
    const auto good = plan;
    spoil();
    EXPECT_NE(why(), "");
    plan = good;
  }
}

TEST_F(Experiment, ComesBackFromItsTextAndMakesAReport) {
  server().costPerDensity = 12;
  begin();
  ASSERT_TRUE(until([&] { return over(); }));
  const auto read = experimentFrom(encode(state()));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(encode(*read), encode(state()));
  EXPECT_EQ(processInKey(experimentKey(plan)), "server-1");
  EXPECT_EQ(processInKey("preset/storm"), "");
  for (const char* part : {"# Experiment: twice the NPCs", "a tick stays below 10 ms", "refuted: ", "`npc.density` = 2",
                           "| server-1 |", "## Measured", "reverted"}) {
    EXPECT_THAT(report(state()), HasSubstr(part));
  }
  EXPECT_FALSE(experimentFrom("{\"plan\":{}}"));
  EXPECT_FALSE(experimentFrom("no"));
}

TEST_F(Experiment, OfAnEarlierAgentItIsAborted) {
  server().costPerDensity = 3;
  begin();
  ASSERT_TRUE(until([&] { return server().density == 2; }, 200));
  const ExperimentState before = state();
  run.emplace(before, sim.now);
  ASSERT_TRUE(until([&] { return over(); }));
  EXPECT_THAT(state().outcome, HasSubstr("its agent was started anew"));
  EXPECT_EQ(server().density, 1);
}

}  // namespace
}  // namespace qd::control
