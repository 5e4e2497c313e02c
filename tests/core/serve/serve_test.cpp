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
    envelope->received = received;
    log.push_back(envelope);
  }
  Snapshot snapshot() override {
    Snapshot out;
    out.agentId = "fake";
    out.logLast = log.size();
    out.processes = {process()};
    out.rollups = rollups;
    return out;
  }
  TimeNs now() override { return clock; }
  Result<std::unique_ptr<Cursor>> openCursor(const CursorStart& start, std::function<void()>) override {
    return std::make_unique<FakeCursor>(*this, start.after);
  }
  void push(control::PushOrder, control::PushDone done) override { done(unsupported()); }
  void queryPush(const std::string&, bool, control::PushDone done) override { done(unsupported()); }
  void runAction(control::ActionOrder, control::ActionDone done) override { done(unsupported()); }
  Result<std::unique_ptr<DebugSession>> openDebug(const std::string&) override { return unsupported(); }
  static std::unexpected<Error> unsupported() { return fail(ErrorCode::Unsupported, "A recording takes no orders."); }

  std::vector<ingest::EnvelopePtr> log;
  TimeNs clock = 42, received = 0;
  bool rollups = false;
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

TEST(Rollup, CarriesASketchThatMerges) {
  RollupMaker maker;
  maker.declare(process());
  std::vector<ingest::Rollup> out;
  std::vector<std::int64_t> values;
  for (int i = 1; i <= 10'000; ++i) values.push_back(std::int64_t{i} * 1'000'000);  // more than are kept
  maker.add(block(1, 10 * kNsPerSecond, values), out);
  maker.forget(InstanceId(7), out);
  ASSERT_EQ(out.size(), 1u);
  const auto& row = out[0].rows[0];
  EXPECT_EQ(row.count, 10'000u);
  EXPECT_EQ(row.max, 10'000);
  EXPECT_NEAR(row.p99, 9'900, 9'900 * Sketch::kRelativeError);
  const auto sketch = Sketch::decode(row.sketch);
  ASSERT_TRUE(sketch);
  EXPECT_EQ(sketch->count(), 10'000u);
  EXPECT_NEAR(sketch->quantile(0.5), 5'000, 5'000 * Sketch::kRelativeError);
}

// The samples of `from` to `to` in the order in which they come, with the series of each; late ones by name.
struct Got {
  std::vector<std::uint64_t> first;
  std::vector<std::size_t> columns;
  std::vector<std::uint64_t> late;
  std::uint64_t rollups = 0, entities = 0;
};
Got drain(Subscription& subscription) {
  Got got;
  while (const auto entry = subscription.next()) {
    if (const auto* samples = std::get_if<ingest::SampleBlock>(&entry->event)) {
      if (samples->late) {
        EXPECT_EQ(entry->sequence, 0u);
        got.late.push_back(samples->firstSequence);
      } else {
        got.first.push_back(samples->firstSequence);
        got.columns.push_back(samples->columns.size());
      }
    }
    got.rollups += std::holds_alternative<ingest::Rollup>(entry->event);
    got.entities += std::holds_alternative<ingest::EntityFrame>(entry->event);
  }
  (void)subscription.caughtUp();
  return got;
}

std::unique_ptr<Subscription> withInterest(FakeBackend& backend, ingest::Interest interest, Duration mostLag = {}) {
  link::SubscribeOrder order;
  order.interest = std::move(interest);
  order.mostLag = mostLag;
  return std::move(*Subscription::open(backend, order, [] {}));
}

const ingest::Selector kTicks{{}, {"tick.*"}, {}};

TEST(Interest, OnlyWhatIsWantedComesAtFullRateAndRollUpsOfAll) {
  FakeBackend backend;
  backend.add(block(1, 10 * kNsPerSecond, {1}));
  backend.add(ingest::EntityFrame{
      {ProcessId("server-1"), InstanceId(7)}, false, 1, 1, "", 0, {}, {}, {}, {}, {}, {}, {}, {}, {}});
  backend.add(block(3, 14 * kNsPerSecond, {2}));
  auto subscription = withInterest(backend, {true, {kTicks}, {}});
  const Got got = drain(*subscription);
  EXPECT_THAT(got.first, testing::ElementsAre(1, 3));
  EXPECT_THAT(got.columns, testing::Each(1));
  EXPECT_EQ(got.rollups, 1u);
  EXPECT_EQ(got.entities, 0u);
}

TEST(Interest, OfALogWithRollUpsTheyAreTakenFromThere) {
  FakeBackend backend;
  backend.rollups = true;
  backend.add(block(1, 10 * kNsPerSecond, {1}));
  backend.add(ingest::Rollup{{ProcessId("server-1"), InstanceId(7)}, 10 * kNsPerSecond, 1, {{SeriesIndex(1), 1}}});
  EXPECT_EQ(drain(*withInterest(backend, {true, {}, {}})).rollups, 1u);
  EXPECT_EQ(drain(*withInterest(backend, {false, {kTicks}, {}})).rollups, 0u);
  // Subscribers of old do not get what they do not know to ask for.
  auto old = std::move(*Subscription::open(backend, {}, [] {}));
  const Got got = drain(*old);
  EXPECT_EQ(got.rollups, 0u);
  EXPECT_THAT(got.columns, testing::ElementsAre(2));
}

TEST(Interest, PosesOfOpenWorldsOnly) {
  FakeBackend backend;
  for (const char* id : {"server-1", "server-2"}) {
    ingest::EntityFrame frame;
    frame.process = {ProcessId(id), InstanceId(7)};
    backend.add(frame);
  }
  EXPECT_EQ(drain(*withInterest(backend, {false, {}, {"server-2"}})).entities, 1u);
  EXPECT_EQ(drain(*withInterest(backend, {false, {}, {"*"}})).entities, 2u);
}

TEST(Interest, WideningBringsThePastInOrderAndNothingTwice) {
  FakeBackend backend;
  for (std::uint64_t i = 1; i <= 10; ++i) backend.add(block(i * 2 - 1, static_cast<TimeNs>(i), {1}));
  auto subscription = withInterest(backend, {false, {kTicks}, {}});
  EXPECT_EQ(drain(*subscription).first.size(), 10u);
  ASSERT_TRUE(subscription->update({false, {ingest::Selector{}}, {}}, Duration{kNsPerSecond}));
  backend.add(block(21, 11, {1}));
  const Got got = drain(*subscription);
  // The new series: everything up to where the live ones had come, once; then both together.
  EXPECT_THAT(got.late, testing::ElementsAre(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21));
  EXPECT_THAT(got.columns, testing::ElementsAre(1));  // the tick's of block 21: the other one of it came late
  backend.add(block(23, 12, {1}));
  const Got then = drain(*subscription);
  EXPECT_TRUE(then.late.empty());
  EXPECT_THAT(then.columns, testing::ElementsAre(2));
}

TEST(Interest, NarrowingIsNoGapAndWidensAgain) {
  FakeBackend backend;
  backend.add(block(1, 1, {1}));
  auto subscription = withInterest(backend, {false, {ingest::Selector{}}, {}});
  EXPECT_THAT(drain(*subscription).columns, testing::ElementsAre(2));
  ASSERT_TRUE(subscription->update({false, {}, {}}, {}));
  backend.add(block(3, 2, {1}));
  EXPECT_EQ(subscription->next(), nullptr);
  ASSERT_TRUE(subscription->update({false, {kTicks}, {}}, {}));  // without its past
  backend.add(block(5, 3, {1}));
  const auto entry = subscription->next();
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->sequence, 3u);
  EXPECT_EQ(entry->previous, 1u);
  EXPECT_EQ(std::get<ingest::SampleBlock>(entry->event).columns.size(), 1u);
}

TEST(Interest, NonsenseIsRefusedAndTheOldOneGoesOn) {
  FakeBackend backend;
  auto subscription = withInterest(backend, {false, {kTicks}, {}});
  EXPECT_FALSE(subscription->update({false, {{{""}, {}, {}}}, {}}, {}));
  drain(*subscription);
  backend.add(block(1, 1, {1}));
  EXPECT_EQ(drain(*subscription).first.size(), 1u);
}

TEST(Lag, AClientThatCannotKeepUpIsBroughtToThePresentAndTold) {
  FakeBackend backend;
  auto subscription = withInterest(backend, {false, {ingest::Selector{}}, {}}, Duration{2 * kNsPerSecond});
  drain(*subscription);
  backend.clock = 100 * kNsPerSecond;
  backend.received = 90 * kNsPerSecond;  // ten seconds behind
  backend.add(block(1, 90 * kNsPerSecond, {1, 2}));
  backend.add(ingest::LogLine{{ProcessId("server-1"), InstanceId(7)}, 0, 0, {}, "", "kept", 0});
  backend.received = 100 * kNsPerSecond;
  backend.add(block(3, 100 * kNsPerSecond, {3}));
  const auto line = subscription->next();
  ASSERT_TRUE(line && std::holds_alternative<ingest::LogLine>(line->event));
  const auto told = subscription->next();
  ASSERT_TRUE(told && std::holds_alternative<ingest::Gap>(told->event));
  const auto& gap = std::get<ingest::Gap>(told->event);
  EXPECT_EQ(gap.dropped, 4u);
  EXPECT_EQ(gap.from, 90 * kNsPerSecond);
  EXPECT_THAT(gap.cause, testing::HasSubstr("could not keep up"));
  const auto now = subscription->next();
  ASSERT_TRUE(now && std::holds_alternative<ingest::SampleBlock>(now->event));
  EXPECT_EQ(now->previous, 2u);  // no gap of the log
  EXPECT_EQ(subscription->next(), nullptr);
}

TEST(Lag, ABackfillIsNeverShed) {
  FakeBackend backend;
  backend.clock = 100 * kNsPerSecond;
  backend.received = 10 * kNsPerSecond;
  backend.add(block(1, 10 * kNsPerSecond, {1}));
  EXPECT_EQ(drain(*withInterest(backend, {false, {ingest::Selector{}}, {}}, Duration{kNsPerSecond})).first.size(), 1u);
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
