// SPDX-License-Identifier: Apache-2.0
#include "core/params/push_rules.h"

#include <gtest/gtest.h>

namespace qd::params {
namespace {

TEST(PushRules, DangerousChangesNeedAComment) {
  ReviewFacts facts{.changes = 1, .targets = {ProcessId("server-1")}, .risk = ingest::Risk::Dangerous};
  EXPECT_NE(whyNotPushable(facts, ""), "");
  EXPECT_EQ(whyNotPushable(facts, "storm test"), "");
  facts.risk = ingest::Risk::Guarded;
  EXPECT_EQ(whyNotPushable(facts, ""), "");
  EXPECT_NE(whyNotPushable(ReviewFacts{}, "anything"), "") << "nothing is staged";
}

TEST(PushRules, NewestOutcomeIsOfTheLastPushThatNamedTheParameter) {
  const auto result = [](ingest::PushStatus status, Tick tick, std::string reason) {
    ingest::PushResult made;
    made.process.id = ProcessId("server-1");
    made.status = status;
    made.tick = tick;
    made.parameters.push_back({.name = "npc.density", .reason = std::move(reason)});
    return made;
  };
  const std::vector<PushRecord> pushes = {
      {.pushId = "a", .results = {result(ingest::PushStatus::Applied, 100, "")}},
      {.pushId = "b", .results = {result(ingest::PushStatus::Rejected, 0, "above 10")}},
  };
  const auto outcome = newestOutcome(pushes, ProcessId("server-1"), "npc.density");
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, ingest::PushStatus::Rejected);
  EXPECT_EQ(outcome->reason, "above 10");
  EXPECT_FALSE(newestOutcome(pushes, ProcessId("server-2"), "npc.density"));
  std::vector<PushRecord> timed = pushes;
  timed[0].time = 100;
  timed[1].time = 200;
  EXPECT_EQ(newestOutcome(timed, ProcessId("server-1"), "npc.density", 150)->status, ingest::PushStatus::Applied);
  EXPECT_FALSE(newestOutcome(timed, ProcessId("server-1"), "npc.density", 50)) << "not yet pushed at that moment";
  EXPECT_FALSE(newestOutcome(pushes, ProcessId("server-1"), "net.loss"));
}

}  // namespace
}  // namespace qd::params
