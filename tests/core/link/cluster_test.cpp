// SPDX-License-Identifier: Apache-2.0
#include "core/link/cluster.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <future>

#include "core/link/describe.h"
#include "tests/core/link/fake_agent.h"

namespace qd::link {
namespace {

using namespace std::chrono_literals;

// Keeps every event; a test waits until they fulfil something.
class Keeper final : public ingest::EventSink {
 public:
  void on(const ingest::EnvelopePtr& envelope) override {
    const std::lock_guard lock(mutex_);
    events_.push_back(envelope);
    changed_.notify_all();
  }
  template <class E>
  std::vector<E> all() const {
    const std::lock_guard lock(mutex_);
    std::vector<E> out;
    for (const auto& envelope : events_) {
      if (const auto* event = std::get_if<E>(&envelope->event)) out.push_back(*event);
    }
    return out;
  }
  template <class E>
  bool wait(
      std::size_t count, std::function<bool(const E&)> passes = [](const E&) { return true; }) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, [&] {
      std::size_t n = 0;
      for (const auto& envelope : events_) {
        const auto* event = std::get_if<E>(&envelope->event);
        n += event && passes(*event);
      }
      return n >= count;
    });
  }
  bool waitState(ingest::AgentState state, std::size_t count = 1) {
    return wait<ingest::AgentChange>(count, [state](const auto& e) { return e.state == state; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<ingest::EnvelopePtr> events_;
};

pb::Process server(const std::string& id) {
  pb::Process out;
  out.set_id(id);
  out.set_instance(5);
  out.set_kind(pb::Process::SERVER);
  out.set_domain(id);
  pb::Series* series = out.add_series();
  series->set_index(0);
  series->set_name("tick.duration");
  return out;
}

pb::Batch samples(std::uint64_t sequence, std::uint64_t previous, const std::string& id = "server-1") {
  ingest::SampleBlock block;
  block.process = {ProcessId(id), InstanceId(5)};
  block.firstSequence = sequence * 10;
  block.count = 1;
  block.ticks = {static_cast<Tick>(sequence)};
  block.times = {utcNowNs()};
  block.columns.push_back({SeriesIndex(0), {}, std::vector<std::int64_t>{7}});
  pb::Batch batch;
  toProto(ingest::Envelope{AgentId(), sequence, previous, std::move(block), 0}, batch);
  return batch;
}

pb::Batch caughtUp() {
  pb::Batch batch;
  batch.mutable_caught_up()->set_agent_id("fake");
  return batch;
}

std::vector<Tick> ticksOf(const Keeper& keeper) {
  std::vector<Tick> out;
  for (const auto& block : keeper.all<ingest::SampleBlock>()) out.push_back(block.ticks[0]);
  return out;
}

ClusterOptions to(std::vector<std::string> endpoints) {
  ClusterOptions out;
  out.endpoints = std::move(endpoints);
  return out;
}

class ClusterTest : public testing::Test {
 protected:
  void SetUp() override {
    *agent.describe.add_processes() = server("server-1");
    agent.log(samples(1, 0));
    agent.log(samples(2, 1));
    agent.log(caughtUp());
  }
  FakeAgent agent;
  Keeper keeper;
};

TEST_F(ClusterTest, AttachesAndDelivers) {
  agent.start();
  std::promise<AgentId> live;
  ClusterOptions options = to({agent.endpoint()});
  options.onCaughtUp = [&](const AgentId& id) { live.set_value(id); };
  Cluster cluster(options, keeper);
  cluster.start();
  EXPECT_EQ(live.get_future().get(), AgentId(agent.endpoint()));
  EXPECT_EQ(ticksOf(keeper), (std::vector<Tick>{1, 2}));
  EXPECT_EQ(keeper.all<ingest::ProcessChange>().size(), 1U);
  const auto agents = keeper.all<ingest::AgentChange>();
  ASSERT_EQ(agents.size(), 2U);
  EXPECT_EQ(agents[0].state, ingest::AgentState::Connecting);
  EXPECT_EQ(agents[1].state, ingest::AgentState::Connected);
  EXPECT_EQ(agents[1].version, "9");
  EXPECT_EQ(agent.subscriptions[0].backfill_ns(), 1800 * kNsPerSecond);
}

TEST_F(ClusterTest, MeasuresTheClock) {
  agent.start();
  Cluster cluster(to({agent.endpoint()}), keeper);
  cluster.start();
  ASSERT_TRUE(keeper.wait<ingest::ClockSample>(1));
  const auto sample = keeper.all<ingest::ClockSample>()[0];
  EXPECT_LT(std::abs(sample.offsetNs - kNsPerSecond), sample.uncertaintyNs + 10 * kNsPerMs);
}

TEST_F(ClusterTest, ResumesWithoutDuplicates) {
  agent.start();
  Cluster cluster(to({agent.endpoint()}), keeper);
  cluster.start();
  ASSERT_TRUE(keeper.wait<ingest::SampleBlock>(2));
  const int port = agent.port();
  agent.stop();
  ASSERT_TRUE(keeper.waitState(ingest::AgentState::Lost));
  agent.log(samples(3, 2));
  agent.start(port);
  ASSERT_TRUE(keeper.waitState(ingest::AgentState::Connected, 2));
  ASSERT_TRUE(keeper.wait<ingest::SampleBlock>(3));
  EXPECT_EQ(ticksOf(keeper), (std::vector<Tick>{1, 2, 3}));
  EXPECT_EQ(agent.subscriptions.back().after(), 2U);
  EXPECT_TRUE(keeper.all<ingest::Gap>().empty());
  EXPECT_EQ(keeper.all<ingest::ProcessChange>().size(), 1U);  // it said nothing new
}

TEST_F(ClusterTest, FetchesEntriesAgainPastTheSink) {
  agent.entries.pop_back();  // an agent has caught up when everything in its log has gone out, not before
  for (std::uint64_t i = 3; i <= 6; ++i) agent.log(samples(i, i - 1));
  agent.log(caughtUp());
  agent.start();
  Cluster cluster(to({agent.endpoint()}), keeper);
  cluster.start();
  ASSERT_TRUE(keeper.wait<ingest::SampleBlock>(6));
  const AgentId id = cluster.status().at(0).agent;
  const auto fetch = [&](const AgentId& from, std::uint64_t first, std::uint64_t last) {
    auto came = std::make_shared<std::vector<std::uint64_t>>();
    std::promise<void> over;
    cluster.fetch(
        from, first, last,
        [came, id](const ingest::EnvelopePtr& e) {
          EXPECT_EQ(e->agent, id);
          came->push_back(e->sequence);
        },
        [&over] { over.set_value(); });
    over.get_future().get();
    return *came;
  };
  EXPECT_EQ(fetch(id, 3, 5), (std::vector<std::uint64_t>{3, 4, 5}));
  EXPECT_EQ(fetch(id, 6, 6), (std::vector<std::uint64_t>{6}));
  EXPECT_TRUE(fetch(AgentId("nobody"), 3, 5).empty());
  EXPECT_TRUE(fetch(id, 5, 3).empty());
  EXPECT_EQ(keeper.all<ingest::SampleBlock>().size(), 6U);  // the live stream had each once
}

TEST_F(ClusterTest, AnotherAgentAtTheSameAddressStartsAnew) {
  agent.start();
  Cluster cluster(to({agent.endpoint()}), keeper);
  cluster.start();
  ASSERT_TRUE(keeper.wait<ingest::SampleBlock>(2));
  const int port = agent.port();
  agent.stop();
  agent.describe.set_agent_id("another");
  agent.start(port);
  ASSERT_TRUE(keeper.wait<ingest::SampleBlock>(4));
  EXPECT_EQ(agent.subscriptions.back().after(), 0U);
}

TEST_F(ClusterTest, ProcessThatVanishedMeanwhileIsToldGone) {
  agent.start();
  Cluster cluster(to({agent.endpoint()}), keeper);
  cluster.start();
  ASSERT_TRUE(keeper.wait<ingest::SampleBlock>(2));
  const int port = agent.port();
  agent.stop();
  agent.describe.set_agent_id("another");
  agent.describe.clear_processes();
  agent.start(port);
  ASSERT_TRUE(keeper.wait<ingest::ProcessChange>(
      1, [](const auto& e) { return e.info.id.value == "server-1" && e.info.state == ingest::ProcessState::Gone; }));
}

TEST_F(ClusterTest, ProcessThatDiedUnseenBeforeTheAttachIsToldGone) {
  FakeAgent other;
  other.describe.set_log_last(5);
  pb::Batch old;
  old.set_sequence(3);
  *old.mutable_process()->mutable_process() = server("dead");
  other.log(old);
  pb::Batch young = old;
  young.set_sequence(6);
  young.mutable_process()->mutable_process()->set_id("young");
  young.mutable_process()->mutable_process()->set_instance(6);
  other.log(young);
  other.log(caughtUp());
  other.start();
  Cluster cluster(to({other.endpoint()}), keeper);
  cluster.start();
  ASSERT_TRUE(keeper.wait<ingest::ProcessChange>(3));
  const auto changes = keeper.all<ingest::ProcessChange>();
  EXPECT_EQ(changes[2].info.id, ProcessId("dead"));
  EXPECT_EQ(changes[2].info.state, ingest::ProcessState::Gone);
}

TEST_F(ClusterTest, EndlessProcessesAreRefused) {
  agent.start();
  for (std::uint64_t i = 0; i < 4200; ++i) {
    pb::Batch batch;
    batch.set_sequence(i + 10);
    *batch.mutable_process()->mutable_process() = server("p" + std::to_string(i));
    batch.mutable_process()->mutable_process()->set_instance(i + 10);
    agent.log(std::move(batch));
  }
  agent.log(samples(9000, 8999));
  Cluster cluster(to({agent.endpoint()}), keeper);
  cluster.start();
  ASSERT_TRUE(keeper.wait<ingest::SampleBlock>(3));
  EXPECT_EQ(keeper.all<ingest::ProcessChange>().size(), 4096U);
}

TEST_F(ClusterTest, SaysWhatIsMissing) {
  agent.start();
  Cluster cluster(to({agent.endpoint()}), keeper);
  cluster.start();
  agent.log(samples(9, 8));
  agent.log(samples(4, 3));  // out of order
  agent.log(samples(10, 9));
  ASSERT_TRUE(keeper.wait<ingest::SampleBlock>(4));
  EXPECT_EQ(ticksOf(keeper), (std::vector<Tick>{1, 2, 9, 10}));
  const auto gaps = keeper.all<ingest::Gap>();
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_NE(gaps[0].cause.find("3 to 8"), std::string::npos) << gaps[0].cause;
  EXPECT_EQ(cluster.status()[0].duplicates, 1U);
}

TEST_F(ClusterTest, MalformedEntriesHarmNobody) {
  pb::Batch bad = samples(3, 2);
  bad.mutable_samples()->mutable_columns(0)->add_rows(99);
  agent.log(bad);
  pb::Batch future = samples(4, 3);
  future.mutable_samples()->set_time_deltas(0, utcNowNs() + 100 * 86'400 * kNsPerSecond);
  agent.log(future);
  pb::Batch undeclared = samples(5, 4);
  undeclared.mutable_samples()->mutable_columns(0)->set_series(9);
  agent.log(undeclared);
  agent.log(samples(6, 5));
  agent.start();
  Cluster cluster(to({agent.endpoint()}), keeper);
  cluster.start();
  ASSERT_TRUE(keeper.wait<ingest::SampleBlock>(1, [](const auto& e) { return e.ticks[0] == 6; }));
  EXPECT_EQ(cluster.status()[0].refused, 3U);
  EXPECT_FALSE(keeper.all<ingest::Gap>().empty());
  EXPECT_EQ(cluster.status()[0].state, ingest::AgentState::Connected);
}

TEST_F(ClusterTest, GiantMessageLosesThatAgentOnly) {
  FakeAgent hostile;
  pb::Batch giant;
  giant.set_sequence(1);
  giant.mutable_log()->set_text(std::string(kMaxMessageBytes + 1000, 'x'));
  hostile.log(giant);
  hostile.start();
  agent.start();
  Cluster cluster(to({hostile.endpoint(), agent.endpoint()}), keeper);
  cluster.start();
  ASSERT_TRUE(keeper.waitState(ingest::AgentState::Lost));
  ASSERT_TRUE(keeper.wait<ingest::SampleBlock>(2));
  EXPECT_EQ(cluster.status()[1].state, ingest::AgentState::Connected);
}

// Answers with bytes that are no message.
class GarbageAgent final : public pb::Agent::WithRawCallbackMethod_Subscribe<pb::Agent::Service> {
 public:
  GarbageAgent() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~GarbageAgent() override { server_->Shutdown(std::chrono::system_clock::now()); }
  std::string endpoint() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  struct Stream final : grpc::ServerWriteReactor<grpc::ByteBuffer> {
    Stream() {
      const grpc::Slice slice("\x22\xFF\xFF\xFF\x7Fgarbage");
      bytes = grpc::ByteBuffer(&slice, 1);
      StartWrite(&bytes);
    }
    void OnCancel() override { Finish(grpc::Status::CANCELLED); }
    void OnDone() override { delete this; }
    grpc::ByteBuffer bytes;
  };
  grpc::Status Describe(grpc::ServerContext*, const pb::DescribeRequest*, pb::DescribeResponse* out) override {
    out->set_protocol(1);
    out->set_agent_id("garbage");
    return grpc::Status::OK;
  }
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Subscribe(grpc::CallbackServerContext*,
                                                        const grpc::ByteBuffer*) override {
    return new Stream;
  }

  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

TEST_F(ClusterTest, BytesThatAreNoMessageLoseThatAgentOnly) {
  GarbageAgent hostile;
  agent.start();
  Cluster cluster(to({hostile.endpoint(), agent.endpoint()}), keeper);
  cluster.start();
  ASSERT_TRUE(keeper.waitState(ingest::AgentState::Lost));
  const auto said = keeper.all<ingest::AgentChange>();
  EXPECT_TRUE(std::ranges::any_of(
      said, [](const auto& e) { return e.reason.find("bytes that are no message") != std::string::npos; }));
  ASSERT_TRUE(keeper.wait<ingest::SampleBlock>(2));
  EXPECT_EQ(cluster.status()[1].state, ingest::AgentState::Connected);
}

TEST_F(ClusterTest, AgentWithTheBasicsAloneIsEnough) {
  agent.onlyBasics = true;
  agent.start();
  Cluster cluster(to({agent.endpoint()}), keeper);
  cluster.start();
  ASSERT_TRUE(keeper.wait<ingest::SampleBlock>(2));
  std::promise<Result<std::string>> answer;
  cluster.pause("", [&](Result<std::string> r) { answer.set_value(std::move(r)); });
  const auto got = answer.get_future().get();
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::Unsupported);
  std::promise<Result<std::vector<ingest::PushResult>>> pushed;
  cluster.push({"push-1", {ProcessId("server-1")}, {{"a", true, {}}}, "", "", {}},
               [&](auto r) { pushed.set_value(std::move(r)); });
  EXPECT_EQ(pushed.get_future().get()->at(0).status, ingest::PushStatus::Rejected);
  EXPECT_EQ(cluster.status()[0].state, ingest::AgentState::Connected);
}

TEST_F(ClusterTest, NewerProtocolIsRefusedWithASentence) {
  agent.describe.set_protocol(2);
  agent.start();
  Cluster cluster(to({agent.endpoint()}), keeper);
  cluster.start();
  ASSERT_TRUE(keeper.waitState(ingest::AgentState::Refused));
  EXPECT_NE(keeper.all<ingest::AgentChange>().back().reason.find("protocol 2"), std::string::npos);
}

TEST_F(ClusterTest, UnreachableAgentIsLostAndOrdersSaySo) {
  agent.start();
  const std::string endpoint = agent.endpoint();
  agent.stop();
  Cluster cluster(to({endpoint}), keeper);
  cluster.start();
  ASSERT_TRUE(keeper.waitState(ingest::AgentState::Lost));
  std::promise<Result<std::string>> answer;
  cluster.resume("g", [&](Result<std::string> r) { answer.set_value(std::move(r)); });
  EXPECT_EQ(answer.get_future().get().error().code, ErrorCode::Unavailable);
  const auto overview = describe(endpoint, {});
  ASSERT_FALSE(overview);
  EXPECT_EQ(overview.error().code, ErrorCode::Unavailable);
}

TEST_F(ClusterTest, SameIdAtTwoAgentsIsQualified) {
  FakeAgent other;
  *other.describe.add_processes() = server("server-1");
  agent.start();
  Cluster cluster(to({agent.endpoint(), "127.0.0.1:1"}), keeper);
  cluster.start();
  ASSERT_TRUE(keeper.wait<ingest::ProcessChange>(1));
  other.start();
  Cluster both(to({agent.endpoint(), other.endpoint()}), keeper);
  both.start();
  ASSERT_TRUE(keeper.wait<ingest::ProcessChange>(3));
  std::set<std::string> ids;
  for (const auto& change : keeper.all<ingest::ProcessChange>()) {
    ids.insert(change.info.id.value);
    EXPECT_EQ(change.info.domain, change.info.id.value);
  }
  ASSERT_EQ(ids.size(), 2U);
  std::promise<Result<std::vector<ingest::PushResult>>> pushed;
  std::vector<ProcessId> targets;
  for (const auto& id : ids) targets.emplace_back(id);
  targets.emplace_back("nobody");
  both.push({"push-1", targets, {{"a", true, {}}}, "", "", {}}, [&](auto r) { pushed.set_value(std::move(r)); });
  const auto results = pushed.get_future().get();
  ASSERT_TRUE(results);
  std::map<std::string, ingest::PushStatus> got;
  for (const auto& result : *results) got[result.process.id.value] = result.status;
  EXPECT_EQ(got.size(), 3U);
  EXPECT_EQ(got["nobody"], ingest::PushStatus::Rejected);
  for (const auto& id : ids) EXPECT_EQ(got[id], ingest::PushStatus::Applied) << id;
  EXPECT_EQ(agent.pushes.at(0).process_ids(0), "server-1");
  EXPECT_EQ(other.pushes.at(0).process_ids(0), "server-1");
}

TEST_F(ClusterTest, DebugOrdersAreAnsweredAndTheLeaseIsHeld) {
  agent.start();
  Cluster cluster(to({agent.endpoint()}), keeper);
  cluster.start();
  ASSERT_TRUE(keeper.waitState(ingest::AgentState::Connected));
  cluster.holdLease(true);
  std::promise<Result<std::string>> linked, removed;
  cluster.link({ProcessId("server-1")}, [&](auto r) { linked.set_value(std::move(r)); });
  EXPECT_EQ(linked.get_future().get().value(), "g-1");
  cluster.removeBreakpoint("bp-9", [&](auto r) { removed.set_value(std::move(r)); });
  EXPECT_EQ(removed.get_future().get().error().message, "There is no such breakpoint.");
  std::unique_lock lock(agent.mutex);
  EXPECT_TRUE(agent.commands.at(0).has_renew_lease());
}

TEST_F(ClusterTest, DescribeTellsProcessesAndClock) {
  agent.start();
  const auto overview = describe(agent.endpoint(), {});
  ASSERT_TRUE(overview) << overview.error().message;
  EXPECT_EQ(overview->description.processes.at(0).id, ProcessId("server-1"));
  ASSERT_TRUE(overview->clock);
  EXPECT_LT(std::abs(overview->clock->offsetNs - kNsPerSecond), kNsPerSecond / 10);
}

TEST_F(ClusterTest, EveryDoneIsCalledWhenTheClusterGoes) {
  agent.start();
  std::atomic<int> called = 0;
  {
    Cluster cluster(to({agent.endpoint()}), keeper);
    cluster.start();
    ASSERT_TRUE(keeper.waitState(ingest::AgentState::Connected));
    for (int i = 0; i < 10; ++i) cluster.link({}, [&](auto) { ++called; });
  }
  EXPECT_EQ(called, 10);
}

}  // namespace
}  // namespace qd::link
