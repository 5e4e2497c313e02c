// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "tests/agent/probe/test_agent.h"

namespace qd::test {
namespace {

struct Item {
  std::string name;
  qd_value value;
  int64_t expected = -1;
};

struct Outcome {
  int status = 0;
  uint64_t tick = 0;
  std::string reason;
  struct One {
    int status;
    uint64_t version;
    std::string reason;
    qd_value before, after;
  };
  std::map<std::string, One> items;
};

class Push : public testing::Test {
 protected:
  void SetUp() override {
    declare();
    ASSERT_TRUE(agent.attach(game.stepper())) << agent.error();
  }

  qd_param_desc desc(const char* name, qd_value initial) {
    qd_param_desc d{};
    d.name = name;
    d.type = initial.type;
    d.initial = initial;
    return d;
  }

  void declare() {
    qd_probe* p = game.probe.get();
    qd_param_desc d = desc("npc.density", qd_f64(0.5));
    d.min = qd_f64(0);
    d.max = qd_f64(4);
    d.bind = &density;
    d.bind_size = sizeof density;
    density_param = qd_param_declare(p, &d);
    d = desc("server.tick_hz", qd_i64(60));
    d.min = qd_i64(1);
    d.max = qd_i64(240);
    d.bind = &hz;
    d.bind_size = sizeof hz;
    qd_param_declare(p, &d);
    d = desc("weather.kind", qd_choice("clear"));
    static const char* const kinds[] = {"clear", "rain", "fog"};
    d.choices = kinds;
    d.choice_count = 3;
    d.bind = &kind;
    d.bind_size = sizeof kind;
    qd_param_declare(p, &d);
    d = desc("motd", qd_text("hi"));
    d.bind = motd;
    d.bind_size = sizeof motd;
    qd_param_declare(p, &d);
    d = desc("lag", qd_duration_ns(1000));
    d.min = qd_duration_ns(0);
    d.apply = [](void* user, const qd_value* v) { static_cast<Push*>(user)->applied.push_back(v->i64); };
    d.check = [](void*, const qd_value* v, char* reason, size_t size) {
      if (v->i64 != 13) return 0;
      snprintf(reason, size, "Not thirteen.");
      return 1;
    };
    d.user = this;
    qd_param_declare(p, &d);
    d = desc("lagcomp.enabled", qd_bool(1));
    d.bind = &enabled;
    d.bind_size = sizeof enabled;
    qd_param_declare(p, &d);
    const double zero[3] = {0, 0, 0};
    d = desc("wind", qd_vec(zero, 3));
    d.bind = wind;
    d.bind_size = sizeof wind;
    ASSERT_EQ(qd_param_declare(p, &d), 6) << qd_last_error(p);
  }

  void send(const std::string& id, const std::vector<Item>& items) {
    agent.send(QD_F_PUSH, [&](qd_writer* w) {
      qd_push_msg m{};
      m.id = qd_str_of(id.c_str());
      m.who = qd_str_of("ann");
      m.count = static_cast<uint16_t>(items.size());
      qd_put_push(w, &m);
      for (const Item& i : items) {
        qd_push_item item{};
        item.name = qd_str_of(i.name.c_str());
        item.has_expected = i.expected >= 0;
        item.expected = static_cast<uint64_t>(i.expected);
        item.value = i.value;
        qd_put_push_item(w, &item);
      }
    });
  }

  Outcome result() {
    Outcome o;
    auto f = agent.wait_for(QD_F_PUSH_RESULT, game.stepper());
    if (!f) {
      ADD_FAILURE() << "no result came";
      return o;
    }
    frame = *f;
    qd_cursor c = frame.body();
    qd_push_result r;
    EXPECT_TRUE(qd_get_push_result(&c, &r));
    o.status = r.status;
    o.tick = r.tick;
    o.reason = text(r.reason);
    for (int i = 0; i < r.count; i++) {
      qd_result_item item;
      EXPECT_TRUE(qd_get_result_item(&c, &item));
      o.items[text(item.name)] = {item.status, item.version, text(item.reason), item.before, item.after};
    }
    return o;
  }

  Outcome push(const std::string& id, const std::vector<Item>& items) {
    send(id, items);
    return result();
  }

  void query(const std::string& id) {
    agent.send(QD_F_QUERY, [&](qd_writer* w) {
      qd_query_msg m{QD_QUERY_PUSH, qd_str_of(id.c_str())};
      qd_put_query(w, &m);
    });
  }

  double density = -1;
  int32_t hz = -1;
  int32_t kind = -1;
  char motd[16] = {};
  uint8_t enabled = 7;
  double wind[3] = {9, 9, 9};
  std::vector<int64_t> applied;
  qd_param density_param = -1;
  TempDir dir;
  TestAgent agent{dir.socket()};
  Game game{server_config(dir.socket())};
  Frame frame;
};

TEST_F(Push, DefaultsAreWrittenAndDeclared) {
  EXPECT_EQ(density, 0.5);
  EXPECT_EQ(hz, 60);
  EXPECT_EQ(kind, 0);
  EXPECT_STREQ(motd, "hi");
  EXPECT_EQ(enabled, 1);
  EXPECT_EQ(wind[0], 0);
  EXPECT_TRUE(applied.empty());
}

TEST_F(Push, AppliesEverythingAtOneTick) {
  const double gust[3] = {1, -2, 3};
  const Outcome o = push("p1", {{"npc.density", qd_f64(2)},
                                {"server.tick_hz", qd_i64(30), 1},
                                {"weather.kind", qd_choice("fog")},
                                {"motd", qd_text("hello")},
                                {"lag", qd_duration_ns(5)},
                                {"lagcomp.enabled", qd_bool(0)},
                                {"wind", qd_vec(gust, 3)}});
  EXPECT_EQ(o.status, QD_APPLIED);
  EXPECT_EQ(o.tick, game.tick);
  EXPECT_EQ(density, 2);
  EXPECT_EQ(hz, 30);
  EXPECT_EQ(kind, 2);
  EXPECT_STREQ(motd, "hello");
  EXPECT_THAT(applied, testing::ElementsAre(5));
  EXPECT_EQ(enabled, 0);
  EXPECT_EQ(wind[1], -2);
  EXPECT_EQ(o.items.at("npc.density").before.vec[0], 0.5);
  EXPECT_EQ(o.items.at("npc.density").after.vec[0], 2);
  EXPECT_EQ(o.items.at("npc.density").version, 2u);
  EXPECT_EQ(text(o.items.at("weather.kind").before), "clear");
  EXPECT_EQ(text(o.items.at("motd").before), "hi");
}

TEST_F(Push, OneBadChangeAndNothingIsApplied) {
  const double nan3[3] = {0, NAN, 0}, two[2] = {1, 1};
  const std::vector<Item> bad = {{"npc.density", qd_f64(4.01)},
                                 {"npc.density", qd_f64(-0.1)},
                                 {"npc.density", qd_f64(NAN)},
                                 {"npc.density", qd_f64(INFINITY)},
                                 {"npc.density", qd_text("2")},
                                 {"npc.density", qd_f64(1), 7},
                                 {"no.such", qd_f64(1)},
                                 {"server.tick_hz", qd_i64(0)},
                                 {"server.tick_hz", qd_f64(60.5)},
                                 {"weather.kind", qd_choice("hail")},
                                 {"motd", qd_text("far too long for it")},
                                 {"lag", qd_duration_ns(13)},
                                 {"lag", qd_duration_ns(-1)},
                                 {"wind", qd_vec(nan3, 3)},
                                 {"wind", qd_vec(two, 2)},
                                 {"lagcomp.enabled", qd_bool(0)}};
  int n = 0;
  for (const Item& item : bad) {
    const Outcome o = push("bad" + std::to_string(n++), {{"lagcomp.enabled", qd_bool(0)}, item});
    EXPECT_EQ(o.status, QD_REJECTED) << item.name;
    EXPECT_FALSE(o.items.at(item.name).reason.empty()) << item.name;
    EXPECT_EQ(o.items.at("lagcomp.enabled").status, QD_REJECTED);
    EXPECT_EQ(enabled, 1);
  }
  EXPECT_EQ(density, 0.5);
  EXPECT_TRUE(applied.empty());
}

TEST_F(Push, ARepeatedIdAnswersTheSameAndAppliesNothing) {
  push("once", {{"lag", qd_duration_ns(5)}});
  const std::vector<uint8_t> first = frame.bytes;
  for (int i = 0; i < 3; i++) game.step();
  push("once", {{"lag", qd_duration_ns(6)}});
  EXPECT_EQ(frame.bytes, first);
  EXPECT_THAT(applied, testing::ElementsAre(5));
  send("twice", {{"lag", qd_duration_ns(7)}});
  send("twice", {{"lag", qd_duration_ns(7)}});
  EXPECT_EQ(result().status, QD_APPLIED);
  EXPECT_EQ(result().status, QD_APPLIED);
  EXPECT_THAT(applied, testing::ElementsAre(5, 7));
}

TEST_F(Push, AQueryTellsTheOutcomeEvenToTheNextAgent) {
  push("mine", {{"lag", qd_duration_ns(5)}});
  agent.hang_up();
  ASSERT_TRUE(until([&] {
    game.step();
    return !qd_connected(game.probe.get());
  }));
  ASSERT_TRUE(agent.attach(game.stepper()));
  query("mine");
  EXPECT_EQ(result().status, QD_APPLIED);
  query("other");
  EXPECT_EQ(result().status, QD_UNKNOWN);
  for (int i = 0; i < 64; i++)
    push("more" + std::to_string(i), {{"lag", qd_duration_ns(i)}, {"lag", qd_duration_ns(1)}});
  query("mine");
  EXPECT_EQ(result().status, QD_UNKNOWN);
}

TEST_F(Push, TheGamesOwnChangeRaisesTheVersionAndIsReported) {
  EXPECT_EQ(qd_param_set(game.probe.get(), density_param, qd_f64(1.5)), 0);
  EXPECT_EQ(density, 1.5);
  EXPECT_LT(qd_param_set(game.probe.get(), density_param, qd_f64(100)), 0);
  auto f = agent.wait_for(QD_F_PARAM_VALUE, game.stepper());
  ASSERT_TRUE(f);
  qd_cursor c = f->body();
  qd_param_value_msg m;
  ASSERT_TRUE(qd_get_param_value(&c, &m));
  EXPECT_EQ(m.version, 2u);
  EXPECT_EQ(m.cause, QD_CHANGED_BY_GAME);
  EXPECT_EQ(push("stale", {{"npc.density", qd_f64(1), 1}}).status, QD_REJECTED);
  EXPECT_EQ(push("fresh", {{"npc.density", qd_f64(1), 2}}).status, QD_APPLIED);
}

TEST_F(Push, BadDeclarationsAreRefusedWithAReason) {
  qd_probe* p = game.probe.get();
  qd_param_desc d = desc("npc.density", qd_f64(0));
  EXPECT_LT(qd_param_declare(p, &d), 0);
  d = desc("x", qd_f64(5));
  d.max = qd_f64(4);
  EXPECT_LT(qd_param_declare(p, &d), 0);
  EXPECT_THAT(qd_last_error(p), testing::HasSubstr("most allowed"));
  d = desc("x", qd_i64(5));
  d.bind = &hz;
  d.bind_size = 2;
  EXPECT_LT(qd_param_declare(p, &d), 0);
  d = desc("x", qd_choice("a"));
  EXPECT_LT(qd_param_declare(p, &d), 0);
  d = desc("x", qd_i64(5));
  EXPECT_GE(qd_param_declare(p, &d), 0);
}

TEST_F(Push, AnActionRunsOnceAndAnswers) {
  int kicked = 0;
  qd_action_desc a{};
  a.name = "player.kick";
  const qd_arg_desc args[] = {{"player", QD_TYPE_I64, 1, "who"}, {"why", QD_TYPE_STRING, 0, "reason"}};
  a.args = args;
  a.arg_count = 2;
  a.user = &kicked;
  a.run = [](void* user, const qd_field* f, uint32_t n, char* out, size_t size) {
    *static_cast<int*>(user) += static_cast<int>(f[0].value.i64);
    snprintf(out, size, "kicked, %s", n > 1 ? f[1].value.text : "no reason");
    return 0;
  };
  ASSERT_GE(qd_action_declare(game.probe.get(), &a), 0);
  const auto run = [&](const char* id, const char* name, std::vector<qd_field> fields) {
    agent.send(QD_F_ACTION_RUN, [&](qd_writer* w) {
      qd_action_run m{qd_str_of(id), qd_str_of(name), qd_str_of("ann"), static_cast<uint16_t>(fields.size())};
      qd_put_action_run(w, &m);
      for (const qd_field& f : fields) {
        qd_field_item item{qd_str_of(f.name), f.value};
        qd_put_field(w, &item);
      }
    });
    auto f = agent.wait_for(QD_F_ACTION_RESULT, game.stepper());
    qd_action_result r{};
    if (!f) return std::pair<int, std::string>{-1, ""};
    qd_cursor c = f->body();
    EXPECT_TRUE(qd_get_action_result(&c, &r));
    return std::pair<int, std::string>{r.status, text(r.text)};
  };
  EXPECT_EQ(run("a1", "player.kick", {qd_kv("player", qd_i64(7)), qd_kv("why", qd_text("idle"))}),
            (std::pair<int, std::string>{QD_APPLIED, "kicked, idle"}));
  EXPECT_EQ(run("a1", "player.kick", {qd_kv("player", qd_i64(7))}).second, "kicked, idle");
  EXPECT_EQ(kicked, 7);
  EXPECT_EQ(run("a2", "player.kick", {}).first, QD_REJECTED);
  EXPECT_EQ(run("a3", "player.kick", {qd_kv("player", qd_text("x"))}).first, QD_REJECTED);
  EXPECT_EQ(run("a4", "player.kick", {qd_kv("player", qd_i64(1)), qd_kv("zzz", qd_i64(1))}).first, QD_REJECTED);
  EXPECT_EQ(run("a5", "no.such", {}).first, QD_REJECTED);
  EXPECT_EQ(kicked, 7);
}

TEST_F(Push, ALongTextComesWhole) {
  std::string initial(4000, 'a'), next(QD_MAX_STRING, 'b');
  qd_param_desc d = desc("long", qd_text(initial.c_str()));
  const qd_param long_param = qd_param_declare(game.probe.get(), &d);
  ASSERT_GE(long_param, 0) << qd_last_error(game.probe.get());
  qd_value v;
  ASSERT_EQ(qd_param_get(game.probe.get(), long_param, &v, nullptr), 0);
  EXPECT_EQ(text(v), initial);
  EXPECT_EQ(push("long", {{"long", qd_text(next.c_str())}}).status, QD_APPLIED);
  qd_param_get(game.probe.get(), long_param, &v, nullptr);
  EXPECT_EQ(text(v), next);
  next += 'b';
  EXPECT_EQ(push("longer", {{"long", qd_text(next.c_str())}}).status, QD_REJECTED);
}

TEST_F(Push, AnAgentThatNeverReadsIsGivenUpAndTheGameGoesOn) {
  push("fat", {{"x", qd_text(std::string(4000, 'x').c_str())}, {"y", qd_text(std::string(4000, 'y').c_str())}});
  bool gone = false;
  for (int i = 0; i < 3000 && !gone; i++) {
    for (int n = 0; n < 64 && agent.ok(); n++) query("fat");
    game.step();
    gone = !qd_connected(game.probe.get());
  }
  EXPECT_THAT(qd_last_error(game.probe.get()), testing::HasSubstr("did not read"));
  EXPECT_TRUE(gone);
  agent.hang_up();
  EXPECT_TRUE(agent.attach(game.stepper()));
}

}  // namespace
}  // namespace qd::test
