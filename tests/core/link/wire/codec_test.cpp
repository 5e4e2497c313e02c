// SPDX-License-Identifier: Apache-2.0
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "core/link/wire/batch_codec.h"
#include "core/link/wire/convert.h"
#include "core/link/wire/sample_bytes.h"

namespace qd::link {
namespace {

using google::protobuf::util::MessageDifferencer;

ingest::ProcessRef ref() {
  return {ProcessId("server-1"), InstanceId(77)};
}

ingest::SampleBlock block() {
  ingest::SampleBlock out;
  out.process = ref();
  out.ring = 2;
  out.firstSequence = 1000;
  out.count = 5;
  out.dropped = 3;
  out.ticks = {10, 11, 12};
  out.times = {1'700'000'000'000'000'000, 1'700'000'000'016'666'667, 1'700'000'000'033'333'334};
  out.columns.push_back({SeriesIndex(0), {}, std::vector<std::int64_t>{5, -6, INT64_MIN}});
  out.columns.push_back({SeriesIndex(7), {0, 2}, std::vector<double>{0.25, std::nan("")}});
  return out;
}

// Everything that a toProto writes, fromProto must bring back: checked by writing it once more.
void expectRoundTrip(const ingest::Event& event) {
  pb::Batch first;
  ASSERT_TRUE(toProto(ingest::Envelope{AgentId("a"), 9, 8, event}, first));
  const auto back = fromProto(first, AgentId("a"));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->sequence, 9U);
  EXPECT_EQ(back->previous, 8U);
  EXPECT_EQ(back->event.index(), event.index());
  pb::Batch second;
  ASSERT_TRUE(toProto(*back, second));
  MessageDifferencer differencer;
  differencer.set_message_field_comparison(MessageDifferencer::EQUAL);
  google::protobuf::util::DefaultFieldComparator comparator;
  comparator.set_treat_nan_as_equal(true);
  differencer.set_field_comparator(&comparator);
  std::string report;
  differencer.ReportDifferencesToString(&report);
  EXPECT_TRUE(differencer.Compare(first, second)) << report;
}

ingest::ParameterSpec densitySpec() {
  ingest::ParameterSpec spec;
  spec.name = "npc.density";
  spec.type = ValueType::Float;
  spec.unit = "1";
  spec.min = 0;
  spec.max = 4;
  spec.step = 0.1;
  spec.choices = {"a", "b"};
  spec.defaultValue = 1.0;
  spec.group = "npc";
  spec.description = "How many.\nReally.";
  spec.risk = ingest::Risk::Guarded;
  spec.effect = ingest::Effect::NextMatch;
  return spec;
}

ingest::ProcessInfo process() {
  ingest::ProcessInfo info;
  info.id = ProcessId("editor-1");
  info.instance = InstanceId(5);
  info.kind = ingest::ProcessKind::Editor;
  info.name = "Editor";
  info.pid = 12;
  info.state = ingest::ProcessState::Parked;
  info.domain = "server-1";
  info.tickHz = 60;
  info.tick = 33;
  info.started = 44;
  info.labels = {{"zone", "eu"}};
  info.build = {"1.2", "abc", "id"};
  info.series.push_back({SeriesIndex(3), "tick.duration", "ms", true, 6, "text", 16.6, {{"client", "12"}}, true});
  info.parameters.push_back(densitySpec());
  info.sites.push_back({"tick.begin", "loop.cpp", 12});
  info.actions.push_back({"map.reload", "Loads it again.", ingest::Risk::Dangerous, {densitySpec()}});
  return info;
}

TEST(Codec, EveryEventComesBack) {
  const ingest::ParameterValue value{"npc.density", Duration{5}, 3, 4, 5, "push-1", "ann"};
  expectRoundTrip(ingest::ProcessChange{process(), "joined"});
  expectRoundTrip(block());
  expectRoundTrip(ingest::Rollup{ref(), 1, 2, {{SeriesIndex(1), 60, 1, 2, 1.5, 1.7, 1.9}}});
  expectRoundTrip(ingest::EntityFrame{ref(),
                                      true,
                                      5,
                                      6,
                                      "server-1",
                                      7,
                                      {1, 2},
                                      {1, -2},
                                      {3, 4},
                                      {5, 6},
                                      {7, 8},
                                      {9, 10},
                                      {11, 12},
                                      {0, 0, 0, 32767, 1, 2, 3, -4},
                                      {1, 9}});
  expectRoundTrip(ingest::FrameBlock{ref(), "server-1", {1, 2}, {3, 4}, {5, 6}, {7, 8}});
  expectRoundTrip(ingest::LogLine{ref(), 1, 2, ingest::LogLevel::Error, "net", "two\nlines", 4});
  expectRoundTrip(ingest::GameEvent{ref(), 1, 2, "combat.hit", {{"who", std::string("x")}, {"at", Vector{1, 2, 3}}}});
  expectRoundTrip(ingest::ParameterChange{ref(), {value}});
  expectRoundTrip(ingest::PushResult{"push-1",
                                     ref(),
                                     ingest::PushStatus::Applied,
                                     1,
                                     2,
                                     {{"npc.density", 1.0, std::int64_t{2}, 3, "why"}},
                                     "ann",
                                     "note",
                                     "reason"});
  expectRoundTrip(ingest::ActionResult{"a-1", ref(), "map.reload", true, 1, 2, "done", "ann"});
  ingest::ParameterValue drifted = value;
  drifted.desired = Value(2.5);
  drifted.desiredPush = "push-9";
  drifted.desiredWho = "bob";
  expectRoundTrip(ingest::ParameterChange{ref(), {drifted}});
  expectRoundTrip(ingest::ChangeState{
      {"c-1",
       "ann",
       "ipv4:1.2.3.4:5",
       "why",
       "server-1 4 players",
       {ProcessId("server-1")},
       {{"127.0.0.1:7401", {ProcessId("server-2")}}},
       {{"region", "eu"}},
       {{"npc.density", 2.5, 7}, {"weather.kind", std::string("rain"), std::nullopt}},
       8,
       9,
       ingest::RampShape::Smooth,
       Duration{10},
       11,
       Duration{12},
       Duration{13},
       ingest::OnVanish::Revert,
       {{1, 0, Duration{14}}, {0, 50, Duration{15}}},
       16,
       {{"tick.duration", ingest::GuardStatistic::Max, false, ingest::GuardBasis::Untouched, -5.5, 17, true, true}},
       true},
      18,
      ingest::ChangePhase::Reverting,
      1,
      19,
      20,
      "because",
      "reverted, recovered",
      {{ProcessId("server-1"),
        "127.0.0.1:7401",
        1,
        ingest::TargetState::Foreign,
        21,
        "push-1",
        "gone",
        {{"npc.density", 1.0, 6}},
        4.0}},
      {{0, ProcessId("server-1"), ingest::GuardState::Breached, 22.5, 23.5, 24, "too much"}},
      25,
      26});
  expectRoundTrip(ingest::SharedItem{"preset/storm", "x = 1\n", 3, "ann", 4, 5, true});
  expectRoundTrip(ingest::Breakpoint{"bp-1",
                                     2,
                                     "g-1",
                                     ingest::BreakpointKind::Tick,
                                     "tick.begin",
                                     3,
                                     4,
                                     "x > 1",
                                     5,
                                     "text",
                                     true,
                                     false,
                                     6,
                                     {{ProcessId("server-1"), ingest::MemberAck::Moved, "moved", 7}},
                                     true,
                                     true});
  const ingest::GroupMember member{ProcessId("server-1"), ingest::MemberState::Stopped, 1, 2, 3};
  expectRoundTrip(ingest::LinkGroup{"g-1",
                                    "server-1",
                                    ingest::GroupState::Partial,
                                    3,
                                    {member},
                                    "hit-1",
                                    "bp-1",
                                    ProcessId("server-1"),
                                    4,
                                    5,
                                    6,
                                    "why",
                                    true});
  expectRoundTrip(ingest::Hit{"hit-1",
                              "g-1",
                              "bp-1",
                              ProcessId("server-1"),
                              1,
                              2,
                              "breakpoint",
                              {{member, {{"f", "a.cpp", 3}}, {{"hp", std::int64_t{3}}, {"on", true}}, {value}}}});
  expectRoundTrip(ingest::Gap{ProcessId("server-1"), 1, 2, 3, "cause"});
}

TEST(Codec, SamplesAreBitForBit) {
  const std::string bytes = encodeBatch({AgentId(), 1, 0, block()});
  const auto back = decodeBatch(std::as_bytes(std::span(bytes)));
  ASSERT_TRUE(back) << back.error().message;
  const auto& got = std::get<ingest::SampleBlock>(back->event);
  EXPECT_EQ(got.ticks, block().ticks);
  EXPECT_EQ(got.times, block().times);
  EXPECT_EQ(std::get<0>(got.columns[0].values), std::get<0>(block().columns[0].values));
  EXPECT_TRUE(std::isnan(std::get<1>(got.columns[1].values)[1]));
}

ingest::SampleBlock randomBlock(std::mt19937_64& random) {
  ingest::SampleBlock out;
  out.process = {ProcessId("server-1"), InstanceId(random() % 2 == 0 ? 0 : random())};
  out.ring = static_cast<std::uint32_t>(random() % 3);
  out.firstSequence = random() >> (random() % 64);
  out.count = random() % 300;
  out.dropped = random() % 2;
  out.late = random() % 4 == 0;
  const std::size_t rows = random() % 40;
  for (std::size_t i = 0; i < rows; ++i) {
    out.ticks.push_back(static_cast<std::int64_t>(random() >> (random() % 64)));
    out.times.push_back(static_cast<std::int64_t>(random() >> 1));
  }
  std::ranges::sort(out.times);
  for (std::uint32_t series = 0; series < random() % 6; ++series) {
    ingest::Column column{SeriesIndex(series * 40), {}, {}};
    if (random() % 2 == 0) {
      for (std::uint32_t row = 0; row < rows; ++row) {
        if (random() % 3 == 0) column.rows.push_back(row);
      }
    }
    std::vector<std::int64_t> values(column.rows.empty() ? random() % (rows + 1) : column.rows.size());
    for (std::int64_t& v : values) v = static_cast<std::int64_t>(random());
    if (random() % 2 == 0) {
      std::vector<double> doubles;
      for (const std::int64_t v : values) doubles.push_back(std::bit_cast<double>(v));
      column.values = std::move(doubles);
    } else {
      column.values = std::move(values);
    }
    out.columns.push_back(std::move(column));
  }
  return out;
}

std::string throughProtobuf(const ingest::Envelope& envelope) {
  pb::Batch batch;
  EXPECT_TRUE(toProto(envelope, batch));
  return batch.SerializeAsString();
}

TEST(Codec, SamplesAreWrittenAsProtobufWritesThem) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 2'000; ++i) {
    const ingest::Envelope sent{AgentId(), random() >> (random() % 64), random() % 200, randomBlock(random),
                                static_cast<TimeNs>(random() % 3 * 1'700'000'000'000'000'000)};
    const std::string bytes = throughProtobuf(sent);
    EXPECT_EQ(encodeBatch(sent), bytes);
    ingest::Envelope got;
    if (!readSampleBatch(std::as_bytes(std::span(bytes)), got)) {
      // Only a column that says nothing is left to protobuf's reader.
      ASSERT_TRUE(decodeBatch(std::as_bytes(std::span(bytes))));
      continue;
    }
    EXPECT_EQ(throughProtobuf(got), bytes);
  }
}

// What reads samples without protobuf accepts nothing that protobuf would not, and reads the same out of it.
TEST(Hostile, BrokenSamplesAreReadAsProtobufReadsThem) {
  std::mt19937_64 random(6);
  int accepted = 0, refused = 0;
  for (int i = 0; i < 60'000; ++i) {
    std::string bytes = throughProtobuf({AgentId(), 7, 6, randomBlock(random), 9});
    for (std::size_t flips = 1 + random() % 3; flips > 0; --flips) {
      const std::size_t at = random() % std::min<std::size_t>(bytes.size(), random() % 2 == 0 ? 60 : bytes.size());
      switch (random() % 4) {
        case 0:
          bytes.resize(at + 1);
          break;
        case 1:
          bytes.insert(at, 1, static_cast<char>(random()));
          break;
        case 2:
          bytes.erase(at, 1);
          break;
        default:
          bytes[at] = static_cast<char>(bytes[at] ^ (1 << (random() % 8)));
          break;
      }
      if (bytes.empty()) break;
    }
    ingest::Envelope got;
    pb::Batch batch;
    const bool parsed = batch.ParseFromString(bytes);
    const auto wanted = parsed ? fromProto(batch, AgentId()) : Result<ingest::Envelope>(fail(ErrorCode::Corrupt, ""));
    if (readSampleBatch(std::as_bytes(std::span(bytes)), got)) {
      ++accepted;
      ASSERT_TRUE(wanted);
      EXPECT_EQ(throughProtobuf(got), throughProtobuf(*wanted));
    } else {
      ++refused;
      EXPECT_EQ(decodeBatch(std::as_bytes(std::span(bytes))).has_value(), wanted.has_value());
    }
  }
  EXPECT_GT(accepted, 1'000);
  EXPECT_GT(refused, 1'000);
}

TEST(Codec, ConsoleEventsHaveNoWireForm) {
  EXPECT_EQ(encodeBatch({AgentId(), 0, 0, ingest::Mark{}}), "");
  EXPECT_EQ(encodeBatch({AgentId(), 0, 0, ingest::ClockSample{}}), "");
}

TEST(Codec, EveryDebugOrderComesBack) {
  ingest::Breakpoint wanted;
  wanted.id = "bp";
  wanted.site = "tick.begin";
  const control::DebugOrder orders[] = {control::BreakpointOrder{wanted, {ProcessId("server-1")}},
                                        control::RemoveOrder{"bp"},
                                        control::LinkOrder{{ProcessId("a"), ProcessId("b")}},
                                        control::UnlinkOrder{"g"},
                                        control::PauseOrder{"g"},
                                        control::ResumeOrder{"g"},
                                        control::StepOrder{"g", 3},
                                        control::RenewLeaseOrder{Duration{15}}};
  for (const auto& order : orders) {
    pb::DebugCommand message;
    toProto(control::DebugRequest{7, order}, message);
    const auto back = fromProto(message);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->requestId, 7U);
    EXPECT_EQ(back->order.index(), order.index());
    pb::DebugCommand again;
    toProto(*back, again);
    EXPECT_TRUE(MessageDifferencer::Equals(message, again));
  }
}

// --- what a hostile peer may send

pb::Batch wireBlock() {
  pb::Batch batch;
  toProto(ingest::Envelope{AgentId(), 1, 0, block()}, batch);
  return batch;
}

TEST(Hostile, ColumnsThatDoNotFitAreRefused) {
  auto lengths = wireBlock();
  lengths.mutable_samples()->add_tick_deltas(1);
  EXPECT_EQ(fromProto(lengths, AgentId()).error().code, ErrorCode::Corrupt);
  auto tooMany = wireBlock();
  tooMany.mutable_samples()->mutable_columns(0)->add_integers(1);
  EXPECT_EQ(fromProto(tooMany, AgentId()).error().code, ErrorCode::Corrupt);
  auto row = wireBlock();
  row.mutable_samples()->mutable_columns(1)->set_rows(1, 3);
  EXPECT_EQ(fromProto(row, AgentId()).error().code, ErrorCode::Corrupt);
  auto unsorted = wireBlock();
  unsorted.mutable_samples()->mutable_columns(1)->set_rows(0, 2);
  unsorted.mutable_samples()->mutable_columns(1)->set_rows(1, 0);
  EXPECT_EQ(fromProto(unsorted, AgentId()).error().code, ErrorCode::Corrupt);
  auto both = wireBlock();
  both.mutable_samples()->mutable_columns(0)->add_doubles(1);
  EXPECT_EQ(fromProto(both, AgentId()).error().code, ErrorCode::Corrupt);
  auto series = wireBlock();
  series.mutable_samples()->mutable_columns(0)->set_series(0x20000);
  EXPECT_EQ(fromProto(series, AgentId()).error().code, ErrorCode::Corrupt);
}

TEST(Hostile, TimesThatWrapAreRefused) {
  auto batch = wireBlock();
  batch.mutable_samples()->set_time_deltas(1, INT64_MAX);
  EXPECT_EQ(fromProto(batch, AgentId()).error().code, ErrorCode::Corrupt);
}

TEST(Hostile, IdsAreChecked) {
  auto batch = wireBlock();
  batch.mutable_samples()->mutable_process()->set_id("../etc");
  EXPECT_EQ(fromProto(batch, AgentId()).error().code, ErrorCode::Corrupt);
  batch.mutable_samples()->clear_process();
  EXPECT_EQ(fromProto(batch, AgentId()).error().code, ErrorCode::Corrupt);
}

TEST(Hostile, TextIsSanitisedAndNumbersClamped) {
  pb::Process message;
  toProto(process(), message);
  message.set_name("a\xFF");
  message.set_tick_hz(std::numeric_limits<double>::quiet_NaN());
  message.mutable_series(0)->set_scale(1000);
  *message.add_series() = message.series(0);
  message.mutable_parameters(0)->set_min(9);
  message.mutable_parameters(0)->set_type(static_cast<pb::Parameter::Type>(99));
  const auto info = fromProto(message);
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->name, "a\xEF\xBF\xBD");
  EXPECT_EQ(info->tickHz, 0);
  ASSERT_EQ(info->series.size(), 1U);
  EXPECT_EQ(info->series[0].scale, 18);
  EXPECT_FALSE(info->parameters[0].min);
  EXPECT_EQ(info->parameters[0].type, ValueType::None);
}

// --- agents among themselves -----------------------------------------------------------------------------------------

template <class Message, class Said>
std::optional<Said> there(const Said& said) {
  Message message;
  toProto(said, message);
  auto back = fromProto(message);
  EXPECT_TRUE(back) << back.error().message;
  return back ? std::optional<Said>(*back) : std::nullopt;
}

TEST(Lend, OrdersComeAsTheyWere) {
  const auto order = [](const control::LendOrder& said) { return *there<pb::LendOrder>(said); };
  const ProcessId id("editor-1");
  EXPECT_EQ(std::get<control::Borrow>(order(control::Borrow{"10.0.0.1:7", {id}})).processes, std::vector{id});
  EXPECT_EQ(std::get<control::OrderStop>(order(control::OrderStop{id, 4, 77, true})).atTick, std::optional<Tick>(77));
  EXPECT_TRUE(std::get<control::OrderStop>(order(control::OrderStop{id, 4, 77, true})).byDebugger);
  EXPECT_FALSE(std::get<control::OrderStop>(order(control::OrderStop{id, 4, std::nullopt})).atTick);
  EXPECT_EQ(std::get<control::OrderResume>(order(control::OrderResume{id, 9, 3})).epoch, 9U);
  EXPECT_EQ(std::get<control::OrderStep>(order(control::OrderStep{id, 5, 78})).atTick, 78);
  const auto line =
      std::get<control::OrderSourceStep>(order(control::OrderSourceStep{id, 5, control::StepHow::Into, 3}));
  EXPECT_EQ(line.how, control::StepHow::Into);
  EXPECT_EQ(std::get<control::DisarmSite>(order(control::DisarmSite{id, "bp-1"})).breakpoint, "bp-1");
  EXPECT_FALSE(std::get<control::Follow>(order(control::Follow{id, false})).on);
  ingest::Breakpoint breakpoint;
  breakpoint.id = "bp-1";
  breakpoint.members = {{ProcessId("server-1")}, {id}};
  const auto arm = std::get<control::ArmSite>(order(control::ArmSite{id, breakpoint}));
  EXPECT_EQ(arm.process, id);
  EXPECT_EQ(arm.breakpoint.id, "bp-1");
  ingest::LinkGroup group;
  group.id = "group-1@10.0.0.1:7";
  group.home = "10.0.0.1:7";
  group.members = {{.process = ProcessId("server-1@10.0.0.1:7"), .ack = ingest::StopAck::Frozen, .stoppedSkewNs = -5}};
  const auto copy = std::get<ingest::LinkGroup>(order(group));
  EXPECT_EQ(copy.home, group.home);
  EXPECT_EQ(copy.members[0].process, group.members[0].process);
  EXPECT_EQ(copy.members[0].ack, ingest::StopAck::Frozen);
  EXPECT_EQ(copy.members[0].stoppedSkewNs, -5);
}

TEST(Lend, EventsComeAsTheyWere) {
  const auto event = [](const control::LendEvent& said) { return *there<pb::LendEvent>(said); };
  const ProcessId id("editor-1");
  control::LentProcess up{
      {id, InstanceId(7), ingest::ProcessKind::Editor, "server-1", 30, {"a", "b"}, 5}, 9, true, true};
  up.live = control::LiveProcess{id, "live=true", {"client 10s"}, 84};
  const auto lent = std::get<control::LentProcess>(event(up));
  EXPECT_EQ(lent.up.instance, InstanceId(7));
  EXPECT_EQ(lent.up.kind, ingest::ProcessKind::Editor);
  EXPECT_EQ(lent.up.sites, up.up.sites);
  EXPECT_EQ(lent.agentRun, 9U);
  EXPECT_TRUE(lent.domainHere && lent.mayDebug);
  ASSERT_TRUE(lent.live);
  EXPECT_EQ(lent.live->players, std::optional<std::int64_t>(84));
  const auto hit = std::get<control::SiteHit>(event(control::SiteHit{
      id, 3, "bp-1", 2, true, 500, 6, {{"f", "a.cpp", 7}}, {{"damage", Value(2.5)}}, true, "main", {}}));
  EXPECT_EQ(hit.tick, 500);
  EXPECT_EQ(hit.frames[0].line, 7);
  EXPECT_EQ(hit.locals.size(), 1U);
  EXPECT_TRUE(hit.byDebugger);
  const auto parked = std::get<control::Parked>(event(control::Parked{id, 3, 4, "bp-1", 500, 6, true}));
  EXPECT_EQ(parked.stopId, 4U);
  EXPECT_TRUE(parked.byDebugger);
  EXPECT_FALSE(std::get<control::Resumed>(event(control::Resumed{id, 4, 6, false, "why"})).asked);
  EXPECT_EQ(std::get<control::ArmAnswer>(event(control::ArmAnswer{id, "bp-1", 2, true, "", 12})).movedLine, 12);
  EXPECT_EQ(std::get<control::ProcessDown>(event(control::ProcessDown{id, "gone"})).reason, "gone");
  const auto forward = std::get<control::Forward>(event(control::Forward{5, 6, "ann", control::PauseOrder{"group-1"}}));
  EXPECT_EQ(std::get<control::PauseOrder>(forward.order).group, "group-1");
  EXPECT_EQ(forward.session, 6U);
}

TEST(Hostile, WhatAgentsSayToEachOtherIsChecked) {
  pb::LendOrder borrow;
  borrow.mutable_borrow()->set_home("not an address\n");
  EXPECT_EQ(fromProto(borrow).error().code, ErrorCode::Corrupt);
  pb::LendOrder many;
  for (int i = 0; i < 300; ++i) many.mutable_hold()->add_process_ids("p-" + std::to_string(i));
  EXPECT_EQ(fromProto(many).error().code, ErrorCode::Exhausted);
  pb::LendOrder nameless;
  nameless.mutable_member()->set_what(pb::MemberOrder::STOP);
  EXPECT_EQ(fromProto(nameless).error().code, ErrorCode::Corrupt);
  pb::LendOrder newer;
  newer.mutable_member()->set_process_id("server-1");
  newer.mutable_member()->set_what(static_cast<pb::MemberOrder::What>(99));
  EXPECT_EQ(fromProto(newer).error().code, ErrorCode::Unsupported);
  pb::LendOrder everybody;
  everybody.mutable_arm()->set_id("bp-1");
  EXPECT_EQ(fromProto(everybody).error().code, ErrorCode::Corrupt);
  pb::LendEvent up;
  up.mutable_up()->set_process_id("a/b");
  EXPECT_EQ(fromProto(up).error().code, ErrorCode::Corrupt);
  EXPECT_EQ(fromProto(pb::LendEvent()).error().code, ErrorCode::Unsupported);
}

TEST(Hostile, GarbageAndGiantsAreRefused) {
  const std::string garbage("\xFF\xFF\xFF\xFF\x07garbage");
  EXPECT_EQ(decodeBatch(std::as_bytes(std::span(garbage))).error().code, ErrorCode::Corrupt);
  const std::string giant(kMaxMessageBytes + 1, '\0');
  EXPECT_EQ(decodeBatch(std::as_bytes(std::span(giant))).error().code, ErrorCode::Exhausted);
  EXPECT_EQ(decodeBatch({}).error().code, ErrorCode::Unsupported);
}

TEST(Hostile, EntityColumnsMayBeLeftOutButNotDiffer) {
  pb::EntityFrame frame;
  frame.mutable_process()->set_id("server-1");
  frame.add_ids(4);
  frame.add_x_um(5);
  const auto sparse = fromProto(frame);
  ASSERT_TRUE(sparse) << sparse.error().message;
  EXPECT_EQ(sparse->y, std::vector<std::int64_t>{0});
  EXPECT_EQ(sparse->rotation, (std::vector<std::int16_t>{0, 0, 0, 32767}));
  frame.add_x_um(6);
  EXPECT_EQ(fromProto(frame).error().code, ErrorCode::Corrupt);
}

TEST(Hostile, NewerProtocolIsRefused) {
  pb::DescribeResponse message;
  message.set_protocol(2);
  EXPECT_EQ(fromProto(message).error().code, ErrorCode::Unsupported);
}

}  // namespace
}  // namespace qd::link
