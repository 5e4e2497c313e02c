// SPDX-License-Identifier: Apache-2.0
#include "core/params/param_book.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/core/ingest/make.h"

namespace qd::params {
namespace {

using namespace qd::ingest;

const ProcessId kOne("server-1"), kTwo("server-2");

ParameterSpec spec(const std::string& name, ValueType type) {
  ParameterSpec s;
  s.name = name;
  s.type = type;
  return s;
}

ProcessInfo process(const std::string& id, std::uint64_t instance = 1) {
  ProcessInfo info = serverInfo(id, instance);
  ParameterSpec density = spec("npc.density", ValueType::Float);
  density.min = 0;
  density.max = 10;
  ParameterSpec kind = spec("weather.kind", ValueType::Enum);
  kind.choices = {"clear", "rain"};
  ParameterSpec latency = spec("net.latency", ValueType::Duration);
  latency.min = 0;
  latency.max = 1e9;
  ParameterSpec wind = spec("wind", ValueType::Vector);
  wind.defaultValue = Vector{0, 0, 0};
  info.parameters = {density,
                     kind,
                     latency,
                     wind,
                     spec("on", ValueType::Bool),
                     spec("count", ValueType::Int),
                     spec("motd", ValueType::String)};
  return info;
}

EnvelopePtr changed(const std::string& id, Value value, std::uint64_t version, TimeNs time,
                    std::uint64_t instance = 1) {
  ParameterChange change{{ProcessId(id), InstanceId(instance)}, {}};
  change.values.push_back({.name = "npc.density",
                           .value = std::move(value),
                           .version = version,
                           .tick = time,
                           .time = time,
                           .pushId = {},
                           .who = {}});
  return envelope(change);
}

struct Book {
  ParamBook book;
  Book() {
    for (const char* id : {"server-1", "server-2"}) {
      book.on(envelope(ProcessChange{process(id), ""}));
      book.on(changed(id, Value(1.0), 1, 100));
    }
  }
  PushResult applied(const control::PushOrder& order, const ProcessId& target, double from, double to,
                     std::uint64_t version) {
    PushResult r;
    r.pushId = order.pushId;
    r.process = {target, InstanceId(1)};
    r.status = PushStatus::Applied;
    r.tick = 50;
    r.time = utcNowNs();
    r.parameters = {{"npc.density", Value(from), Value(to), version, ""}};
    return r;
  }
};

}  // namespace

TEST(ParamBook, ValidationNamesWhatIsExpected) {
  const ProcessInfo info = process("server-1");
  const auto ok = [&](std::size_t i, const Value& v) { return ParamBook::validate(info.parameters[i], v).has_value(); };
  EXPECT_TRUE(ok(0, Value(10.0)));
  EXPECT_TRUE(ok(0, Value(std::int64_t{3})));
  EXPECT_FALSE(ok(0, Value(10.001)));
  EXPECT_FALSE(ok(0, Value(std::nan(""))));
  EXPECT_FALSE(ok(0, Value(std::string("1"))));
  EXPECT_TRUE(ok(1, Value(std::string("rain"))));
  EXPECT_FALSE(ok(1, Value(std::string("snow"))));
  EXPECT_TRUE(ok(2, Value(Duration{1'000'000})));
  EXPECT_FALSE(ok(2, Value(Duration{-1})));
  EXPECT_FALSE(ok(2, Value(5.0)));
  EXPECT_TRUE(ok(3, Value(Vector{1, 2, 3})));
  EXPECT_FALSE(ok(3, Value(Vector{1, 2})));
  EXPECT_TRUE(ok(4, Value(true)));
  EXPECT_FALSE(ok(5, Value(1.5)));
  EXPECT_FALSE(ok(6, Value(std::string(5000, 'x'))));
  EXPECT_EQ(ParamBook::validate(info.parameters[0], Value(12.0)).error().message,
            "npc.density: 12 is out of range, expected 0 to 10.");
  EXPECT_EQ(ParamBook::validate(info.parameters[2], Value(Duration{-1})).error().message,
            "net.latency: -1ns is out of range, expected 0ms to 1s.");
}

TEST(ParamBook, StagingUndoAndGoingBack) {
  Book b;
  EXPECT_EQ(b.book.stage(kOne, "nothing", Value(1.0)).error().code, ErrorCode::NotFound);
  EXPECT_EQ(b.book.stage(kOne, "npc.density", Value(99.0)).error().code, ErrorCode::InvalidArgument);
  EXPECT_FALSE(b.book.undo());
  ASSERT_TRUE(b.book.stage(kOne, "npc.density", Value(std::int64_t{2})));
  ASSERT_TRUE(b.book.stage(kOne, "npc.density", Value(3.0)));
  ASSERT_EQ(b.book.staged().size(), 1u);
  EXPECT_EQ(b.book.staged()[0].to, Value(3.0));
  EXPECT_EQ(b.book.staged()[0].from, Value(1.0));
  EXPECT_TRUE(b.book.undo());
  EXPECT_EQ(b.book.staged()[0].to, Value(2.0));
  b.book.unstageAll();
  EXPECT_TRUE(b.book.staged().empty());
  EXPECT_TRUE(b.book.undo());
  EXPECT_EQ(b.book.staged().size(), 1u);
  ASSERT_TRUE(b.book.stage(kOne, "npc.density", Value(1.0)));  // what it has already
  EXPECT_TRUE(b.book.staged().empty());
}

TEST(ParamBook, ALiveChangeMakesAConflict) {
  Book b;
  ASSERT_TRUE(b.book.stage(kOne, "npc.density", Value(3.0)));
  b.book.on(changed("server-1", Value(1.0), 1, 100));  // told again
  EXPECT_FALSE(b.book.staged()[0].conflict);
  b.book.on(changed("server-1", Value(4.0), 2, 200));
  EXPECT_TRUE(b.book.staged()[0].conflict);
  ASSERT_TRUE(b.book.stage(kOne, "npc.density", Value(3.0)));  // looked at and meant
  EXPECT_FALSE(b.book.staged()[0].conflict);
  EXPECT_EQ(b.book.staged()[0].fromVersion, 2u);
}

TEST(ParamBook, EqualEditsShareOnePush) {
  Book b;
  ASSERT_TRUE(b.book.stage(kOne, "npc.density", Value(3.0)));
  ASSERT_TRUE(b.book.stage(kTwo, "npc.density", Value(3.0)));
  auto orders = b.book.takeOrders("ana", "storm");
  ASSERT_EQ(orders.size(), 1u);
  EXPECT_EQ(orders[0].targets, (std::vector<ProcessId>{kOne, kTwo}));
  EXPECT_EQ(orders[0].assignments[0].expectedVersion, 1u);
  EXPECT_TRUE(b.book.staged().empty());
  EXPECT_TRUE(b.book.takeOrders("ana", "").empty());
  ASSERT_TRUE(b.book.stage(kOne, "npc.density", Value(3.0)));
  ASSERT_TRUE(b.book.stage(kTwo, "npc.density", Value(4.0)));
  orders = b.book.takeOrders("ana", "");
  EXPECT_EQ(orders.size(), 2u);
  EXPECT_NE(orders[0].pushId, orders[1].pushId);
}

TEST(ParamBook, PendingThenAppliedThenReverted) {
  Book b;
  ASSERT_TRUE(b.book.stage(kOne, "npc.density", Value(3.0)));
  ASSERT_TRUE(b.book.stage(kTwo, "npc.density", Value(5.0)));
  const auto orders = b.book.takeOrders("ana", "storm");
  for (const auto& order : orders) b.book.markPending(order);
  ASSERT_EQ(b.book.pushes().size(), 2u);
  EXPECT_EQ(b.book.pushes()[0].results[0].status, PushStatus::Pending);
  EXPECT_TRUE(b.book.revertLast("ana").empty());
  b.book.resolve(orders[0].pushId, std::vector{b.applied(orders[0], kOne, 1, 3, 2)});
  b.book.resolve(orders[1].pushId, std::vector{b.applied(orders[1], kTwo, 1, 5, 2)});
  EXPECT_EQ(b.book.pushes()[0].results[0].status, PushStatus::Applied);
  EXPECT_EQ(b.book.value(kOne, "npc.density")->value, Value(3.0));
  EXPECT_EQ(b.book.value(kOne, "npc.density", 150)->value, Value(1.0));
  EXPECT_FALSE(b.book.value(kOne, "npc.density", 99));
  // Both pushes of the click go back together, as one order since the old values are equal.
  const auto revert = b.book.revertLast("bo");
  ASSERT_EQ(revert.size(), 1u);
  EXPECT_EQ(revert[0].targets.size(), 2u);
  EXPECT_EQ(revert[0].assignments[0].value, Value(1.0));
  EXPECT_EQ(revert[0].assignments[0].expectedVersion, 2u);
  // Where somebody changed it since, it stays.
  b.book.on(changed("server-1", Value(8.0), 3, utcNowNs() + 1000));
  const auto rest = b.book.revertLast("bo");
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].targets, std::vector<ProcessId>{kTwo});
}

TEST(ParamBook, ALostAnswerIsUnknownUntilItComes) {
  Book b;
  ASSERT_TRUE(b.book.stage(kOne, "npc.density", Value(3.0)));
  const auto orders = b.book.takeOrders("ana", "");
  b.book.markPending(orders[0]);
  b.book.resolve(orders[0].pushId, fail(ErrorCode::Unavailable, "the agent was lost"));
  EXPECT_EQ(b.book.pushes()[0].results[0].status, PushStatus::Unknown);
  EXPECT_EQ(b.book.pushes()[0].results[0].reason, "the agent was lost");
  b.book.on(envelope(b.applied(orders[0], kOne, 1, 3, 2)));
  EXPECT_EQ(b.book.pushes()[0].results[0].status, PushStatus::Applied);
  b.book.resolve(orders[0].pushId, fail(ErrorCode::Timeout, "late"));
  EXPECT_EQ(b.book.pushes()[0].results[0].status, PushStatus::Applied);
}

// Random operations against a plain model of the stage.
TEST(ParamBook, TheStageFollowsItsModel) {
  Book b;
  std::mt19937 random(7);
  using Model = std::map<std::pair<ProcessId, std::string>, Value>;
  Model model;
  std::vector<Model> undo;
  const std::vector<Value> choices{Value(1.0), Value(2.0), Value(3.0)};
  for (int i = 0; i < 3000; ++i) {
    const ProcessId& target = random() % 2 == 0 ? kOne : kTwo;
    const auto key = std::make_pair(target, std::string("npc.density"));
    switch (random() % 5) {
      case 0:
      case 1: {
        const Value& value = choices[random() % choices.size()];
        undo.push_back(model);
        ASSERT_TRUE(b.book.stage(target, key.second, value));
        model.erase(key);
        if (value != Value(1.0)) model[key] = value;
        break;
      }
      case 2:
        if (model.contains(key)) undo.push_back(model);
        model.erase(key);
        b.book.unstage(target, key.second);
        break;
      case 3:
        if (!model.empty()) undo.push_back(model);
        model.clear();
        b.book.unstageAll();
        break;
      default:
        ASSERT_EQ(b.book.undo(), !undo.empty());
        if (!undo.empty()) {
          model = undo.back();
          undo.pop_back();
        }
    }
    if (undo.size() > 100) undo.erase(undo.begin());
    Model staged;
    for (const StagedEdit& edit : b.book.staged()) staged[{edit.process, edit.name}] = edit.to;
    ASSERT_EQ(staged, model);
  }
}

}  // namespace qd::params
