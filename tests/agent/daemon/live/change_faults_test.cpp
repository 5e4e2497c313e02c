// SPDX-License-Identifier: Apache-2.0
// Guards while those who could act are killed: the console, and the coordinator. The figures are printed; the bench
// "guards" measures them beside their targets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <iostream>

#include "tests/agent/daemon/live/changes.h"
#include "tests/support/paths.h"

namespace qd::live {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

class LiveFaults : public LiveChanges {
 protected:
  static void print(const std::string& what, double value, const std::string& unit) {
    std::cout << "[ FIGURE   ] " << what << ": " << value << " " << unit << std::endl;
    RecordProperty(what, std::to_string(value));
  }
  // A console that follows the change, as an operator's would.
  static Child console(const std::vector<std::string>& agents, const std::vector<std::string>& words) {
    std::vector<std::string> command{paths::kBinDir + "/qdctl"};
    for (const auto& agent : agents) command.insert(command.end(), {"--agent", agent});
    command.insert(command.end(), words.begin(), words.end());
    return Child(command);
  }
};

TEST_F(LiveFaults, AProcessGuardActsWithTheConsoleKilled) {
  games(agent_, {"server-1", "server-2"});
  Child console =
      LiveFaults::console({agent_.address()}, {"rollout", "start", "npc.density=2", "--id", "c-console", "--process",
                                               "server-1", "--process", "server-2", "--wave", "1:20s", "--wave", "100%",
                                               "--guard", "p99 tick.duration > 16 ms for 60 ticks"});
  ASSERT_TRUE(within(seconds(20), [&] { return density(agent_, "server-1") == 2 || density(agent_, "server-2") == 2; }))
      << console.errors();
  console.signal(SIGKILL);
  console.wait();
  ASSERT_TRUE(untilPhase(agent_, "c-console", pb::ChangeState::REVERTED));
  const auto end = state(agent_, "c-console");
  print("ticks from the breach to the revert, console killed",
        static_cast<double>(end.revert_tick() - end.breach_tick()), "ticks");
  EXPECT_GT(end.breach_tick(), 0);
  EXPECT_LE(end.revert_tick() - end.breach_tick(), 10) << end.DebugString();
  for (const auto& [id, game] : games_) EXPECT_EQ(density(agent_, id), 1);
}

// Two agents, a server each; the change begins at the first.
class TwoAgents : public LiveFaults {
 protected:
  void begin(std::uint32_t ticks, bool group, double to = 2) {
    games(agent_, {"server-1"});
    games(peer_, {"server-2"});
    auto request = plan("c-two", {"server-1"}, to);
    auto* theirs = request.mutable_plan()->add_peers();
    theirs->set_endpoint(peer_.address());
    theirs->add_process_ids("server-2");
    auto* wave = request.mutable_plan()->add_waves();
    wave->set_percent(100);
    wave->set_soak_ns(60'000'000'000);
    guard(request, 16, ticks, group);
    ASSERT_TRUE(start(agent_, request).ok());
    ASSERT_TRUE(within(seconds(20), [&] { return density(peer_, "server-2") == to; }));
  }
  Folder other_;
  Agent peer_{other_};
};

TEST_F(TwoAgents, AProcessGuardActsWithTheCoordinatorKilled) {
  begin(60, false);
  agent_.child().signal(SIGKILL);
  agent_.child().wait();
  ASSERT_TRUE(within(seconds(20), [&] { return density(peer_, "server-2") == 1; }));
  const auto end = state(peer_, "c-two");
  ASSERT_GT(end.breach_tick(), 0) << "its own guard, not the coordinator's silence: " << end.reason();
  print("ticks from the breach to the revert, coordinator killed",
        static_cast<double>(end.revert_tick() - end.breach_tick()), "ticks");
  EXPECT_LE(end.revert_tick() - end.breach_tick(), 10) << end.DebugString();
}

TEST_F(TwoAgents, WhatAGroupGuardWouldTakeBackComesBackWithTheCoordinatorKilled) {
  begin(60, true);  // breaches a second after the push; by then nobody is there who could see it
  agent_.child().signal(SIGKILL);
  agent_.child().wait();
  const auto killed = std::chrono::steady_clock::now();
  ASSERT_TRUE(within(seconds(20), [&] { return density(peer_, "server-2") == 1; }));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - killed;
  print("seconds from the coordinator's end to the revert", took.count(), "s");
  const Agent again(folder_);
  ASSERT_TRUE(again.process("server-1", running));
  EXPECT_TRUE(within(seconds(20), [&] { return density(again, "server-1") == 1; }));
}

TEST_F(LiveFaults, AChangeAtATickComesAtThatTickOrSaysWhen) {
  games(agent_, {"server-1"});
  const std::int64_t now = agent_.process("server-1")->tick();
  auto request = plan("c-tick", {"server-1"}, 1.5);
  request.mutable_plan()->set_at_tick(now + 60);
  ASSERT_TRUE(start(agent_, request).ok());
  ASSERT_TRUE(untilPhase(agent_, "c-tick", pb::ChangeState::DONE));
  const auto target = state(agent_, "c-tick").targets(0);
  EXPECT_GE(target.tick(), now + 60) << "never before it";
  if (target.tick() != now + 60) {
    EXPECT_THAT(target.reason(), HasSubstr("was asked for"));
    EXPECT_THAT(target.reason(), HasSubstr(std::to_string(target.tick())));
  }
  print("ticks late", static_cast<double>(target.tick() - now - 60), "ticks");
  request.mutable_plan()->set_id("c-past");
  ASSERT_TRUE(start(agent_, request).ok());
  ASSERT_TRUE(untilPhase(agent_, "c-past", pb::ChangeState::FAILED));
  EXPECT_THAT(state(agent_, "c-past").targets(0).reason(), HasSubstr("is over"));
}

TEST_F(LiveFaults, AConflictTellsBothValues) {
  games(agent_, {"server-1"});
  const auto before = version(agent_, "server-1");
  ASSERT_TRUE(start(agent_, plan("c-theirs", {"server-1"}, 1.5)).ok());
  ASSERT_TRUE(untilPhase(agent_, "c-theirs", pb::ChangeState::DONE));
  auto mine = plan("c-mine", {"server-1"}, 3);
  mine.mutable_plan()->mutable_values(0)->set_expected_version(before);
  ASSERT_TRUE(start(agent_, mine).ok());
  ASSERT_TRUE(untilPhase(agent_, "c-mine", pb::ChangeState::FAILED));
  const std::string reason = state(agent_, "c-mine").targets(0).reason();
  EXPECT_THAT(reason, HasSubstr("yours 3"));
  EXPECT_THAT(reason, HasSubstr("theirs 1.5 by test"));
  EXPECT_EQ(density(agent_, "server-1"), 1.5);
}

// An agent that is killed at any moment of a change takes it up where it was: the values are back in the end.
TEST_F(LiveFaults, AnAgentKilledAtAnyMomentTakesItsValuesBack) {
  const char* more = std::getenv("QD_LONG");
  const Folder folder;
  auto agent = std::make_unique<Agent>(folder);
  games_["server-9"] = agent->game("server-9", {"--guarded"});
  ASSERT_TRUE(agent->process("server-9", running));
  for (int i = 0; i < (more != nullptr ? 30 : 3); ++i) {
    auto request = plan("c-kill-" + std::to_string(i), {"server-9"}, 1.5 + i * 0.01);
    request.mutable_plan()->set_lease_ns(300'000'000);
    ASSERT_TRUE(start(*agent, request).ok());
    for (int asked = 0; asked < i; ++asked) state(*agent, request.plan().id());  // so many round trips later
    agent->child().signal(SIGKILL);
    agent->child().wait();
    agent = std::make_unique<Agent>(folder);
    ASSERT_TRUE(agent->process("server-9", running));
    const std::string id = request.plan().id();
    ASSERT_TRUE(within(seconds(30), [&] {
      const auto now = state(*agent, id).phase();
      return now == pb::ChangeState::REVERTED || now == pb::ChangeState::FAILED || now == pb::ChangeState::PLANNED;
    })) << state(*agent, id).DebugString();
    EXPECT_TRUE(within(seconds(10), [&] { return density(*agent, "server-9") == 1; }))
        << i << ": " << state(*agent, id).DebugString();
  }
}

}  // namespace
}  // namespace qd::live
