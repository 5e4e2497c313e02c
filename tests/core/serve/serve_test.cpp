// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "core/serve/glob.h"
#include "core/serve/rollup.h"
#include "core/serve/server.h"
#include "core/serve/subscription.h"

namespace qd::serve {
namespace {

TEST(Glob, MatchesLikeAShell) {
  EXPECT_TRUE(globMatches("tick.*", "tick.duration"));
  EXPECT_TRUE(globMatches("*", ""));
  EXPECT_TRUE(globMatches("a*b*c", "axxbyyc"));
  EXPECT_TRUE(globMatches("server-?", "server-1"));
  EXPECT_FALSE(globMatches("server-?", "server-12"));
  EXPECT_FALSE(globMatches("tick", "tick.duration"));
  EXPECT_FALSE(globMatches("a*b", "ac"));
  EXPECT_TRUE(globMatches(std::string(100, '*') + "x", std::string(5000, 'a') + "x"));
}

TEST(Glob, RefusesNonsense) {
  EXPECT_FALSE(GlobSet::make({""}, "series"));
  EXPECT_FALSE(GlobSet::make({"a\nb"}, "series"));
  EXPECT_FALSE(GlobSet::make({std::string(kMaxGlobBytes + 1, 'a')}, "series"));
  EXPECT_FALSE(GlobSet::make(std::vector<std::string>(kMaxGlobs + 1, "a"), "series"));
  EXPECT_TRUE(GlobSet::make({"*", "x"}, "series")->all());
}

ingest::ProcessInfo process() {
  ingest::ProcessInfo info;
  info.id = ProcessId("server-1");
  info.instance = InstanceId(7);
  ingest::SeriesInfo milliseconds{SeriesIndex(1), "tick.duration", "ms", true, 6, "", {}, {}, false};
  ingest::SeriesInfo metres{SeriesIndex(2), "interp.error", "m", false, 0, "", {}, {}, false};
  info.series = {milliseconds, metres};
  return info;
}

ingest::SampleBlock block(std::uint64_t first, TimeNs time, std::vector<std::int64_t> values) {
  ingest::SampleBlock out;
  out.process = {ProcessId("server-1"), InstanceId(7)};
  out.firstSequence = first;
  out.count = values.size() * 2;
  ingest::Column integers{SeriesIndex(1), {}, values};
  ingest::Column doubles{SeriesIndex(2), {}, std::vector<double>(values.begin(), values.end())};
  for (std::size_t i = 0; i < values.size(); ++i) {
    out.ticks.push_back(static_cast<Tick>(first + i));
    out.times.push_back(time + static_cast<TimeNs>(i));
  }
  out.columns = {integers, doubles};
  return out;
}

TEST(Rollup, OneRowASecondInDisplayedUnits) {
  RollupMaker maker;
  maker.declare(process());
  std::vector<ingest::Rollup> out;
  maker.add(block(1, 10 * kNsPerSecond, {1'000'000, 3'000'000}), out);
  maker.add(block(3, 10 * kNsPerSecond + 900 * kNsPerMs, {2'000'000}), out);
  EXPECT_TRUE(out.empty());
  maker.add(block(4, 11 * kNsPerSecond + 600 * kNsPerMs, {9'000'000}), out);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].from, 10 * kNsPerSecond);
  ASSERT_EQ(out[0].rows.size(), 2u);
  const auto& row = out[0].rows[0];
  EXPECT_EQ(row.count, 3u);
  EXPECT_DOUBLE_EQ(row.min, 1);
  EXPECT_DOUBLE_EQ(row.max, 3);
  EXPECT_DOUBLE_EQ(row.mean, 2);
  EXPECT_DOUBLE_EQ(row.last, 2);
  EXPECT_DOUBLE_EQ(row.p99, 3);
  maker.forget(InstanceId(7), out);
  EXPECT_EQ(out.size(), 2u);
}

// A log in memory, as a replay would be.
class FakeBackend : public Backend {
 public:
  class FakeCursor final : public Cursor {
   public:
    explicit FakeCursor(FakeBackend& backend, std::uint64_t after) : backend_(backend), at_(after), start_(after) {}
    ingest::EnvelopePtr next() override { return at_ < backend_.log.size() ? backend_.log[at_++] : nullptr; }
    std::uint64_t startedAfter() const override { return start_; }

   private:
    FakeBackend& backend_;
    std::uint64_t at_, start_;
  };

  void add(ingest::Event event) {
    auto envelope = std::make_shared<ingest::Envelope>();
    envelope->sequence = log.size() + 1;
    envelope->previous = log.size();
    envelope->event = std::move(event);
    log.push_back(envelope);
  }
  Snapshot snapshot() override {
    Snapshot out;
    out.agentId = "fake";
    out.logLast = log.size();
    out.processes = {process()};
    return out;
  }
  TimeNs now() override { return 42; }
  Result<std::unique_ptr<Cursor>> openCursor(const CursorStart& start, std::function<void()>) override {
    return std::make_unique<FakeCursor>(*this, start.after);
  }
  void push(control::PushOrder, control::PushDone done) override { done(unsupported()); }
  void queryPush(const std::string&, bool, control::PushDone done) override { done(unsupported()); }
  void runAction(control::ActionOrder, control::ActionDone done) override { done(unsupported()); }
  Result<std::unique_ptr<DebugSession>> openDebug(const std::string&) override { return unsupported(); }
  static std::unexpected<Error> unsupported() { return fail(ErrorCode::Unsupported, "A recording takes no orders."); }

  std::vector<ingest::EnvelopePtr> log;
};

TEST(Subscription, StateFirstThenTheLogThenCaughtUpOnce) {
  FakeBackend backend;
  backend.add(block(1, 1, {1}));
  auto made = Subscription::open(backend, {}, [] {});
  ASSERT_TRUE(made);
  auto& subscription = **made;
  const auto state = subscription.next();
  ASSERT_TRUE(state);
  EXPECT_EQ(state->sequence, 0u);
  EXPECT_TRUE(std::holds_alternative<ingest::ProcessChange>(state->event));
  EXPECT_FALSE(subscription.caughtUp());
  EXPECT_EQ(subscription.next()->sequence, 1u);
  EXPECT_EQ(subscription.next(), nullptr);
  EXPECT_TRUE(subscription.caughtUp());
  EXPECT_FALSE(subscription.caughtUp());
}

TEST(Subscription, LeavesOutSeriesAndKeepsPreviousChained) {
  FakeBackend backend;
  backend.add(block(1, 1, {1}));
  backend.add(ingest::LogLine{{ProcessId("other"), InstanceId(1)}, 0, 0, {}, "", "", 0});
  backend.add(block(2, 2, {2}));
  link::SubscribeOrder order;
  order.processGlobs = {"server-*"};
  order.seriesGlobs = {"interp.*"};
  auto subscription = std::move(*Subscription::open(backend, order, [] {}));
  EXPECT_EQ(subscription->next()->sequence, 0u);
  const auto first = subscription->next();
  ASSERT_TRUE(first);
  const auto& samples = std::get<ingest::SampleBlock>(first->event);
  ASSERT_EQ(samples.columns.size(), 1u);
  EXPECT_EQ(samples.columns[0].series.value, 2u);
  EXPECT_EQ(samples.count, 2u);
  const auto second = subscription->next();
  EXPECT_EQ(second->sequence, 3u);
  EXPECT_EQ(second->previous, 1u);
}

TEST(Subscription, EventsTierHasNoSamples) {
  FakeBackend backend;
  backend.add(block(1, 1, {1}));
  backend.add(ingest::LogLine{{ProcessId("server-1"), InstanceId(7)}, 0, 0, {}, "", "hi", 0});
  link::SubscribeOrder order;
  order.tier = link::Tier::Events;
  auto subscription = std::move(*Subscription::open(backend, order, [] {}));
  EXPECT_EQ(subscription->next()->sequence, 0u);
  EXPECT_EQ(subscription->next()->sequence, 2u);
}

TEST(Subscription, RefusesANegativeBackfill) {
  FakeBackend backend;
  link::SubscribeOrder order;
  order.backfill.ns = -5;
  const auto made = Subscription::open(backend, order, [] {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::InvalidArgument);
}

TEST(Server, RefusesPlaintextBeyondLoopbackAndNonsense) {
  FakeBackend backend;
  for (const char* listen : {"0.0.0.0:0", "192.0.2.1:7400", "nonsense", "127.0.0.1", "127.0.0.1:99999", ":1"}) {
    ServerConfig config;
    config.listen = listen;
    const auto server = Server::start(backend, config);
    ASSERT_FALSE(server) << listen;
    EXPECT_EQ(server.error().code, ErrorCode::InvalidArgument) << listen;
  }
}

TEST(Server, ASecondOneOnThePortIsTold) {
  FakeBackend backend;
  ServerConfig config;
  config.listen = "127.0.0.1:0";
  const auto server = Server::start(backend, config);
  ASSERT_TRUE(server) << server.error().message;
  config.listen = (*server)->address();
  const auto second = Server::start(backend, config);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::Unavailable);
}

}  // namespace
}  // namespace qd::serve
