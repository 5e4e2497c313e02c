// SPDX-License-Identifier: Apache-2.0
// Changes over time with real agents and real games: leases, guards that act with nobody watching, a coordinator that
// is killed, many clients at once, the audit, what is wanted after a restart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <map>
#include <random>
#include <thread>

#include "tests/agent/daemon/live/changes.h"

namespace qd::live {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

constexpr std::int64_t kSecond = 1'000'000'000;

TEST_F(LiveChanges, ALeaseEndsAtTheAgentWithNobodyConnected) {
  games(agent_, {"server-1", "server-2"});
  auto request = plan("c-lease", {"server-1", "server-2"}, 1.5);
  request.mutable_plan()->set_lease_ns(2 * kSecond);
  ASSERT_TRUE(start(agent_, request).ok());
  ASSERT_TRUE(
      within(seconds(10), [&] { return density(agent_, "server-1") == 1.5 && density(agent_, "server-2") == 1.5; }));
  EXPECT_FALSE(value(agent_, "server-1", "npc.density").has_desired()) << "a value on its passing way is no wish";
  ASSERT_TRUE(untilPhase(agent_, "c-lease", pb::ChangeState::REVERTED));
  EXPECT_EQ(density(agent_, "server-1"), 1);
  EXPECT_EQ(density(agent_, "server-2"), 1);
  ASSERT_TRUE(start(agent_, request).ok()) << "the same id again";
  EXPECT_EQ(state(agent_, "c-lease").phase(), pb::ChangeState::REVERTED);
}

TEST_F(LiveChanges, ALeaseOutlivesItsAgent) {
  games(agent_, {"server-1"});
  auto request = plan("c-lease", {"server-1"}, 1.5);
  request.mutable_plan()->set_lease_ns(4 * kSecond);
  ASSERT_TRUE(start(agent_, request).ok());
  ASSERT_TRUE(untilPhase(agent_, "c-lease", pb::ChangeState::LEASED));
  agent_.child().signal(SIGKILL);
  agent_.child().wait();
  const Agent again(folder_);
  ASSERT_TRUE(again.process("server-1", running));
  ASSERT_TRUE(untilPhase(again, "c-lease", pb::ChangeState::REVERTED)) << state(again, "c-lease").DebugString();
  EXPECT_TRUE(within(seconds(5), [&] { return density(again, "server-1") == 1; }));
}

TEST_F(LiveChanges, ABreachRevertsWithinTenTicksWithNobodyConnected) {
  games(agent_, {"server-1", "server-2", "server-3"});
  auto request = plan("c-bad", {"server-1", "server-2", "server-3"}, 2);
  auto* wave = request.mutable_plan()->add_waves();
  wave->set_count(1);
  wave->set_soak_ns(20 * kSecond);
  request.mutable_plan()->add_waves()->set_percent(100);
  guard(request, 16, 60);
  ASSERT_TRUE(start(agent_, request).ok());  // and nobody says another word
  ASSERT_TRUE(untilPhase(agent_, "c-bad", pb::ChangeState::REVERTED)) << state(agent_, "c-bad").DebugString();
  const auto end = state(agent_, "c-bad");
  EXPECT_EQ(end.verdict(), "reverted, recovered");
  EXPECT_GT(end.breach_tick(), 0);
  EXPECT_LE(end.revert_tick() - end.breach_tick(), 10) << end.DebugString();
  int touched = 0;
  for (const auto& target : end.targets()) touched += target.state() == pb::ChangeTarget::REVERTED ? 1 : 0;
  EXPECT_EQ(touched, 1) << "the canary alone";
  for (const auto& [id, game] : games_) EXPECT_EQ(density(agent_, id), 1);
}

TEST_F(LiveChanges, HaltPausesAndRevertTakesBack) {
  games(agent_, {"server-1", "server-2"});
  auto request = plan("c-1", {"server-1", "server-2"}, 1.2);
  auto* wave = request.mutable_plan()->add_waves();
  wave->set_count(1);
  wave->set_soak_ns(1 * kSecond);
  request.mutable_plan()->add_waves()->set_percent(100);
  ASSERT_TRUE(start(agent_, request).ok());
  const auto halted = order(agent_, "", pb::OrderChangeRequest::PAUSE);
  ASSERT_EQ(halted.size(), 1u);
  EXPECT_EQ(halted.front().phase(), pb::ChangeState::PAUSED);
  order(agent_, "c-1", pb::OrderChangeRequest::REVERT);
  ASSERT_TRUE(untilPhase(agent_, "c-1", pb::ChangeState::REVERTED));
  EXPECT_EQ(density(agent_, "server-1"), 1);
  EXPECT_EQ(density(agent_, "server-2"), 1);
}

// The coordinator is killed in the middle: the other agent reverts by itself, and the killed one when it is back.
TEST_F(LiveChanges, WithoutItsCoordinatorEveryAgentReverts) {
  Folder other;
  Agent peer(other);
  games(agent_, {"server-1"});
  games(peer, {"server-2"});
  auto request = plan("c-two", {"server-1"}, 1.3);
  auto* theirs = request.mutable_plan()->add_peers();
  theirs->set_endpoint(peer.address());
  theirs->add_process_ids("server-2");
  auto* wave = request.mutable_plan()->add_waves();
  wave->set_percent(100);
  wave->set_soak_ns(60 * kSecond);
  guard(request, 16, 30, true);
  ASSERT_TRUE(start(agent_, request).ok());
  ASSERT_TRUE(
      within(seconds(20), [&] { return density(agent_, "server-1") == 1.3 && density(peer, "server-2") == 1.3; }));
  agent_.child().signal(SIGKILL);
  agent_.child().wait();
  const auto killed = std::chrono::steady_clock::now();
  ASSERT_TRUE(within(seconds(20), [&] { return density(peer, "server-2") == 1; }));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - killed;
  RecordProperty("seconds_until_the_peer_reverted", std::to_string(took.count()));
  const Agent again(folder_);
  ASSERT_TRUE(again.process("server-1", running));
  ASSERT_TRUE(within(seconds(20), [&] { return density(again, "server-1") == 1; }))
      << state(again, "c-two").DebugString();
}

// A group guard at the coordinator takes the values back at the other agent too.
TEST_F(LiveChanges, AGroupGuardRevertsAtEveryAgent) {
  Folder other;
  Agent peer(other);
  games(agent_, {"server-1"});
  games(peer, {"server-2"});
  auto request = plan("c-group", {"server-1"}, 2);
  auto* theirs = request.mutable_plan()->add_peers();
  theirs->set_endpoint(peer.address());
  theirs->add_process_ids("server-2");
  auto* wave = request.mutable_plan()->add_waves();
  wave->set_percent(100);
  wave->set_soak_ns(60 * kSecond);
  guard(request, 16, 30, true);
  ASSERT_TRUE(start(agent_, request).ok());
  ASSERT_TRUE(untilPhase(agent_, "c-group", pb::ChangeState::REVERTED)) << state(agent_, "c-group").DebugString();
  EXPECT_EQ(density(agent_, "server-1"), 1);
  EXPECT_TRUE(within(seconds(5), [&] { return density(peer, "server-2") == 1; }));
}

// A thousand pushes of eight clients at once. Each sets two parameters to values that belong together; the versions
// that the answers tell must form one history that ends at what is there.
TEST_F(LiveChanges, AThousandConcurrentPushesHaveOneHistory) {
  const std::vector<std::string> ids{"server-1", "server-2", "server-3"};
  games(agent_, ids);
  struct Step {
    double from = 0, to = 0, fromSpeed = 0, toSpeed = 0;
  };
  std::mutex mutex;
  std::map<std::string, std::map<std::uint64_t, Step>> history;  // by process, by the version it made
  std::atomic<int> rejected{0}, applied{0}, unknown{0};
  const auto client = [&](int number) {
    std::mt19937 random(static_cast<unsigned>(number));
    const auto stub = agent_.stub();
    for (int i = 0; i < 125; ++i) {
      pb::PushRequest request;
      request.set_push_id("p-" + std::to_string(number) + "-" + std::to_string(i));
      for (const auto& id : ids) {
        if (random() % 2 == 0) request.add_process_ids(id);
      }
      if (request.process_ids_size() == 0) request.add_process_ids(ids[random() % ids.size()]);
      const double wanted = static_cast<double>(number * 1000 + i) / 10000;
      for (const auto& [name, value] : {std::pair("npc.density", wanted), std::pair("npc.speed", wanted * 2)}) {
        auto* a = request.add_assignments();
        a->set_name(name);
        a->mutable_value()->set_double_value(value);
        if (random() % 4 == 0) a->set_expected_version(random() % 400);
      }
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + seconds(60));
      pb::PushResponse response;
      const auto status = stub->Push(&context, request, &response);
      ASSERT_TRUE(status.ok()) << status.error_message();
      for (const auto& result : response.results()) {
        if (result.status() == pb::PUSH_REJECTED) ++rejected;
        if (result.status() == pb::PUSH_UNKNOWN) ++unknown;
        if (result.status() != pb::PUSH_APPLIED) continue;
        ++applied;
        ASSERT_EQ(result.parameters_size(), 2) << "half applied";
        const auto& a = result.parameters(0);
        const auto& b = result.parameters(1);
        const std::lock_guard lock(mutex);
        const auto [at, fresh] = history[result.process().id()].try_emplace(
            a.version(), Step{a.old_value().double_value(), a.new_value().double_value(), b.old_value().double_value(),
                              b.new_value().double_value()});
        EXPECT_TRUE(fresh) << "two pushes made version " << a.version();
        EXPECT_EQ(a.version(), b.version()) << "they have always changed together";
      }
    }
  };
  std::vector<std::thread> clients;
  for (int i = 1; i <= 8; ++i) clients.emplace_back(client, i);
  for (auto& thread : clients) thread.join();
  EXPECT_EQ(unknown, 0);
  EXPECT_GT(rejected, 0);
  EXPECT_GT(applied, 500);
  for (const auto& id : ids) {
    double now = 1, speed = 1;
    std::uint64_t expected = 2;
    for (const auto& [version, step] : history[id]) {
      ASSERT_EQ(version, expected++) << id << ": a version that nobody made";
      ASSERT_EQ(step.from, now) << id;
      ASSERT_EQ(step.fromSpeed, speed) << id;
      ASSERT_EQ(step.toSpeed, step.to * 2) << id << ": half applied";
      now = step.to;
      speed = step.toSpeed;
    }
    EXPECT_TRUE(within(seconds(10), [&] { return density(agent_, id) == now; })) << id;
    EXPECT_EQ(value(agent_, id, "npc.speed").value().double_value(), speed);
    EXPECT_EQ(value(agent_, id, "npc.density").version(), expected - 1);
  }
}

pb::AuditPage audit(const Agent& agent) {
  grpc::ClientContext context;
  pb::AuditPage page;
  agent.stub()->GetAudit(&context, {}, &page);
  return page;
}

TEST_F(LiveChanges, TheAuditTellsOrdersAndOutcomesAndOutlivesTheAgent) {
  games(agent_, {"server-1"});
  pb::PushRequest push;
  push.set_push_id("p-1");
  push.add_process_ids("server-1");
  push.set_who("ann");
  auto* a = push.add_assignments();
  a->set_name("server.risky");
  a->mutable_value()->set_double_value(3);
  pb::PushResponse response;
  {
    grpc::ClientContext context;
    const auto refused = agent_.stub()->Push(&context, push, &response);
    EXPECT_EQ(refused.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(refused.error_message(), HasSubstr("comment"));
  }
  push.set_comment("load test");
  push.set_confirmed("server-1");
  {
    grpc::ClientContext context;
    ASSERT_TRUE(agent_.stub()->Push(&context, push, &response).ok());
  }
  ASSERT_EQ(response.results(0).status(), pb::PUSH_APPLIED);
  const auto before = audit(agent_);
  ASSERT_EQ(before.records_size(), 2);
  EXPECT_THAT(before.records(0).what(), HasSubstr("server.risky=3"));
  EXPECT_EQ(before.records(0).who(), "ann");
  EXPECT_EQ(before.records(0).why(), "load test");
  EXPECT_THAT(before.records(0).from(), HasSubstr("127.0.0.1"));
  EXPECT_THAT(before.records(1).outcome(), HasSubstr("applied at tick"));
  agent_.child().signal(SIGKILL);
  agent_.child().wait();
  const Agent again(folder_);
  const auto after = audit(again);
  ASSERT_GE(after.records_size(), 2);
  EXPECT_EQ(after.records(1).hash(), before.records(1).hash());
  EXPECT_EQ(after.records(1).previous(), after.records(0).hash());
}

TEST_F(LiveChanges, DriftIsSeenAndAdoptedAndASuspectValueIsNotGivenAgain) {
  games(agent_, {"server-1"});
  pb::PushRequest push;
  push.set_push_id("p-1");
  push.add_process_ids("server-1");
  auto* a = push.add_assignments();
  a->set_name("npc.density");
  a->mutable_value()->set_double_value(2);
  grpc::ClientContext context;
  pb::PushResponse response;
  ASSERT_TRUE(agent_.stub()->Push(&context, push, &response).ok());
  ASSERT_TRUE(within(seconds(10), [&] {
    const auto v = value(agent_, "server-1", "npc.density");
    return v.desired().double_value() == 2 && v.value().double_value() == 2 && v.desired_push() == "p-1";
  }));
  games_["server-1"].signal(SIGKILL);  // seconds after it got the value
  games_["server-1"].wait();
  games(agent_, {"server-1"});
  ASSERT_TRUE(within(seconds(10), [&] {
    const auto v = value(agent_, "server-1", "npc.density");
    return v.version() == 1 && v.value().double_value() == 1 && v.desired().double_value() == 2;
  })) << value(agent_, "server-1", "npc.density").DebugString();
  pb::AdoptValuesRequest adopt;
  adopt.set_process_id("server-1");
  grpc::ClientContext other;
  pb::ParameterChange adopted;
  ASSERT_TRUE(agent_.stub()->AdoptValues(&other, adopt, &adopted).ok());
  ASSERT_EQ(adopted.values_size(), 1);
  EXPECT_EQ(adopted.values(0).desired().double_value(), 1);
}

TEST_F(LiveChanges, SharedItemsAreKeptAndConflictsRefused) {
  pb::PutSharedRequest put;
  put.mutable_item()->set_key("preset/storm");
  put.mutable_item()->set_value("x");
  put.set_expected_revision(0);
  pb::SharedItem made;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(agent_.stub()->PutShared(&context, put, &made).ok());
  }
  {
    grpc::ClientContext context;
    EXPECT_EQ(agent_.stub()->PutShared(&context, put, &made).error_code(), grpc::StatusCode::ABORTED);
  }
  agent_.child().signal(SIGKILL);
  agent_.child().wait();
  const Agent again(folder_);
  grpc::ClientContext context;
  pb::GetSharedRequest get;
  get.set_prefix("preset/");
  pb::SharedItems items;
  ASSERT_TRUE(again.stub()->GetShared(&context, get, &items).ok());
  ASSERT_EQ(items.items_size(), 1);
  EXPECT_EQ(items.items(0).value(), "x");
}

}  // namespace
}  // namespace qd::live
