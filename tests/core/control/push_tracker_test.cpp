// SPDX-License-Identifier: Apache-2.0
#include "core/control/push_tracker.h"

#include <gtest/gtest.h>

namespace qd::control {
namespace {

using ingest::PushStatus;

constexpr TimeNs kNow = 1'700'000'000 * kNsPerSecond;

template <class A>
std::vector<A> only(const PushActions& actions) {
  std::vector<A> out;
  for (const PushAction& action : actions) {
    if (const auto* match = std::get_if<A>(&action)) out.push_back(*match);
  }
  return out;
}

PushOrder order(std::vector<ProcessId> targets) {
  PushOrder out;
  out.pushId = "push-1";
  out.targets = std::move(targets);
  out.assignments = {{"npc.density", 2.0, std::nullopt}};
  out.who = "ann";
  return out;
}

ingest::PushResult applied(const std::string& id, std::uint64_t instance) {
  ingest::PushResult out;
  out.pushId = "push-1";
  out.process = {ProcessId(id), InstanceId(instance)};
  out.status = PushStatus::Applied;
  out.tick = 9;
  return out;
}

class PushTrackerTest : public testing::Test {
 protected:
  void SetUp() override {
    tracker.onProcessUp(ProcessId("a"), InstanceId(1));
    tracker.onProcessUp(ProcessId("b"), InstanceId(2));
  }
  PushTracker tracker;
};

TEST_F(PushTrackerTest, AnswersWhenAllHaveAnswered) {
  const auto first = tracker.begin(order({ProcessId("a"), ProcessId("b")}), 7, kNow);
  EXPECT_EQ(only<SendPush>(first).size(), 2U);
  EXPECT_TRUE(only<AnswerPush>(first).empty());
  EXPECT_TRUE(only<AnswerPush>(tracker.onResult(applied("a", 1))).empty());
  const auto answers = only<AnswerPush>(tracker.onResult(applied("b", 2)));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].waiter, 7U);
  EXPECT_EQ(answers[0].results[1].tick, 9);
  EXPECT_EQ(answers[0].results[1].who, "ann");
}

TEST_F(PushTrackerTest, TheSameIdIsSentOnce) {
  tracker.begin(order({ProcessId("a")}), 1, kNow);
  const auto again = tracker.begin(order({ProcessId("a")}), 2, kNow + 1);
  EXPECT_TRUE(only<SendPush>(again).empty());
  EXPECT_EQ(only<AnswerPush>(tracker.onResult(applied("a", 1))).size(), 2U);
  const auto later = only<AnswerPush>(tracker.begin(order({ProcessId("a")}), 3, kNow + 2));
  ASSERT_EQ(later.size(), 1U);
  EXPECT_EQ(later[0].results[0].status, PushStatus::Applied);
}

TEST_F(PushTrackerTest, TargetThatIsNotThereIsRejected) {
  const auto answers = only<AnswerPush>(tracker.begin(order({ProcessId("nobody")}), 1, kNow));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].results[0].status, PushStatus::Rejected);
  EXPECT_FALSE(answers[0].results[0].reason.empty());
}

TEST_F(PushTrackerTest, SilenceBecomesUnknownAndIsResolvedLater) {
  tracker.begin(order({ProcessId("a")}), 1, kNow);
  EXPECT_EQ(tracker.nextDeadline(), kNow + 5 * kNsPerSecond);
  const auto answers = only<AnswerPush>(tracker.onTime(kNow + 5 * kNsPerSecond));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].results[0].status, PushStatus::Unknown);
  EXPECT_FALSE(tracker.nextDeadline());
  tracker.onProcessDown(ProcessId("a"));
  EXPECT_EQ(only<AskPush>(tracker.onProcessUp(ProcessId("a"), InstanceId(1))).size(), 1U);
  EXPECT_EQ(only<PublishPush>(tracker.onResult(applied("a", 1))).size(), 1U);
  EXPECT_EQ(tracker.results("push-1")->at(0).status, PushStatus::Applied);
}

TEST_F(PushTrackerTest, RestartLeavesItUnknown) {
  tracker.begin(order({ProcessId("a")}), 1, kNow);
  tracker.onProcessDown(ProcessId("a"));
  const auto actions = tracker.onProcessUp(ProcessId("a"), InstanceId(9));
  EXPECT_TRUE(only<AskPush>(actions).empty());
  ASSERT_EQ(only<AnswerPush>(actions).size(), 1U);
  EXPECT_EQ(only<AnswerPush>(actions)[0].results[0].status, PushStatus::Unknown);
  EXPECT_TRUE(only<PublishPush>(tracker.onResult(applied("a", 9))).empty());  // not the one it was sent to
}

TEST_F(PushTrackerTest, QueryAsksAgainAndAnswersInTime) {
  tracker.begin(order({ProcessId("a")}), 1, kNow);
  tracker.onTime(kNow + 6 * kNsPerSecond);
  const TimeNs asked = kNow + 7 * kNsPerSecond;
  const auto query = tracker.query("push-1", 2, asked);
  ASSERT_TRUE(query);
  EXPECT_EQ(only<AskPush>(*query).size(), 1U);
  EXPECT_TRUE(only<AnswerPush>(*query).empty());
  EXPECT_EQ(only<AnswerPush>(tracker.onTime(asked + 2 * kNsPerSecond)).size(), 1U);
  EXPECT_EQ(tracker.query("push-9", 3, asked).error().code, ErrorCode::NotFound);
}

TEST_F(PushTrackerTest, ForgetsTheOldest) {
  for (int i = 0; i < 1100; ++i) {
    PushOrder next = order({ProcessId("nobody")});
    next.pushId = "p" + std::to_string(i);
    tracker.begin(next, 1, kNow);
  }
  EXPECT_EQ(tracker.results("p0"), nullptr);
  EXPECT_NE(tracker.results("p1099"), nullptr);
}

}  // namespace
}  // namespace qd::control
