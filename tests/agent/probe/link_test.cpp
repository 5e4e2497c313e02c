// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <filesystem>

#include "tests/agent/probe/test_agent.h"

namespace qd::test {
namespace {

size_t open_fds() {
  size_t n = 0;
  for ([[maybe_unused]] const auto& e : std::filesystem::directory_iterator("/proc/self/fd")) n++;
  return n;
}

TEST(Link, WithoutAnAgentNothingHappens) {
  TempDir dir;
  Game game(server_config(dir.socket()));
  ASSERT_TRUE(game.probe) << game.error;
  const qd_series s = qd_series_i64(game.probe.get(), "tick.duration", "ms", 6);
  EXPECT_GE(s, 0);
  for (int i = 0; i < 1000; i++) {
    game.step();
    qd_sample_i64(game.probe.get(), s, i);
    qd_log(game.probe.get(), QD_INFO, "game", "hello");
  }
  qd_stats stats;
  qd_get_stats(game.probe.get(), &stats);
  EXPECT_EQ(stats.records, 0u);
  EXPECT_EQ(stats.dropped_records, 0u);
  EXPECT_FALSE(qd_connected(game.probe.get()));
}

TEST(Link, RefusesABadConfiguration) {
  qd_config c{};
  c.kind = QD_KIND_SERVER;
  char error[256];
  for (const char* id : {"", "has space", "ünï", "a/b"}) {
    c.id = id;
    EXPECT_EQ(qd_open(&c, error, sizeof error), nullptr) << id;
    EXPECT_STRNE(error, "");
  }
  const std::string long_id(65, 'x');
  c.id = long_id.c_str();
  EXPECT_EQ(qd_open(&c, error, sizeof error), nullptr);
  const std::string long_path(300, 'x');
  c.id = "fine";
  c.socket_path = long_path.c_str();
  EXPECT_EQ(qd_open(&c, error, sizeof error), nullptr);
  EXPECT_STRNE(error, "");
}

TEST(Link, HelloAndDeclarationsArriveAndSamplesCarryTheirTick) {
  TempDir dir;
  TestAgent agent(dir.socket());
  qd_config config = server_config(dir.socket());
  const qd_pair labels[] = {{"zone", "eu"}, {"pod", "a-1"}};
  config.labels = labels;
  config.label_count = 2;
  Game game(config);
  ASSERT_TRUE(game.probe) << game.error;
  const qd_series s = qd_series_i64(game.probe.get(), "tick.duration", "ms", 6);
  const qd_series f = qd_series_f64(game.probe.get(), "load", "");
  ASSERT_TRUE(agent.wait_hello(game.stepper())) << agent.error();
  qd_cursor c = agent.hello().body();
  qd_hello h;
  ASSERT_TRUE(qd_get_hello(&c, &h));
  EXPECT_EQ(text(h.id), "server-1");
  EXPECT_EQ(h.instance, qd_instance(game.probe.get()));
  ASSERT_EQ(h.count, 2);
  qd_pair_item label;
  ASSERT_TRUE(qd_get_pair(&c, &label));
  EXPECT_EQ(text(label.key), "zone");
  agent.welcome();
  auto series = agent.wait_for(QD_F_SERIES, game.stepper());
  ASSERT_TRUE(series);
  c = series->body();
  qd_series_msg m;
  ASSERT_TRUE(qd_get_series(&c, &m));
  EXPECT_EQ(text(m.name), "tick.duration");
  EXPECT_EQ(m.scale, 6);
  ASSERT_TRUE(agent.wait_for(QD_F_DECLARED, game.stepper()));

  agent.drain();
  const uint64_t now = qd_tick_begin(game.probe.get(), 777);
  qd_sample_i64(game.probe.get(), s, -5);
  qd_sample_f64(game.probe.get(), f, 0.25);
  qd_tick_end(game.probe.get());
  const auto items = agent.drain();
  ASSERT_EQ(items.size(), 4u);
  EXPECT_EQ(items[0].type, static_cast<uint32_t>(QD_REC_TICK));
  EXPECT_EQ(items[1].tick, 777u);
  EXPECT_EQ(items[1].time_ns, now);
  EXPECT_EQ(static_cast<int64_t>(items[1].value), -5);
  EXPECT_EQ(items[1].series, static_cast<uint32_t>(s));
  double back;
  std::memcpy(&back, &items[2].value, sizeof back);
  EXPECT_EQ(back, 0.25);
  EXPECT_EQ(items[2].index, items[1].index + 1);
}

TEST(Link, ALateDeclarationIsSentAtOnce) {
  TempDir dir;
  TestAgent agent(dir.socket());
  Game game(server_config(dir.socket()));
  ASSERT_TRUE(agent.attach(game.stepper())) << agent.error();
  qd_series_f64(game.probe.get(), "late", "m");
  auto f = agent.wait_for(QD_F_SERIES, game.stepper());
  ASSERT_TRUE(f);
  qd_cursor c = f->body();
  qd_series_msg m;
  ASSERT_TRUE(qd_get_series(&c, &m));
  EXPECT_EQ(text(m.name), "late");
}

TEST(Link, AFullTableOfSeriesReachesTheAgent) {
  TempDir dir;
  TestAgent agent(dir.socket());
  Game game(server_config(dir.socket()));
  for (int i = 0; i < QD_MAX_SERIES; i++)
    ASSERT_EQ(qd_series_i64(game.probe.get(), ("series." + std::to_string(i)).c_str(), "ms", 6), i);
  EXPECT_LT(qd_series_i64(game.probe.get(), "one.too.many", "", 0), 0);
  EXPECT_THAT(qd_last_error(game.probe.get()), testing::HasSubstr("4096"));
  ASSERT_TRUE(agent.wait_hello(game.stepper()));
  agent.welcome();
  int seen = 0;
  bool declared = false;
  EXPECT_TRUE(until([&] {
    game.step();
    agent.pump();
    while (auto f = agent.next()) {
      seen += f->type == QD_F_SERIES;
      declared |= f->type == QD_F_DECLARED;
    }
    return declared;
  }));
  EXPECT_EQ(seen, QD_MAX_SERIES);
}

TEST(Link, ARefusalIsRememberedAndRetriedSlowly) {
  TempDir dir;
  TestAgent agent(dir.socket());
  Game game(server_config(dir.socket()));
  ASSERT_TRUE(agent.wait_hello(game.stepper()));
  agent.send(QD_F_REFUSED, [](qd_writer* w) {
    qd_refused m{QD_REFUSED_DUPLICATE, qd_str_of("server-1 is alive already.")};
    qd_put_refused(w, &m);
  });
  EXPECT_TRUE(until([&] {
    game.step();
    return *qd_last_error(game.probe.get()) != 0;
  }));
  EXPECT_THAT(qd_last_error(game.probe.get()), testing::HasSubstr("server-1 is alive already."));
  agent.hang_up();
  EXPECT_FALSE(until(
      [&] {
        game.step();
        return agent.try_accept();
      },
      std::chrono::milliseconds(300)));
}

TEST(Link, ANewerProtocolIsNotSpoken) {
  TempDir dir;
  TestAgent agent(dir.socket());
  Game game(server_config(dir.socket()));
  ASSERT_TRUE(agent.wait_hello(game.stepper()));
  agent.send(QD_F_WELCOME, [](qd_writer* w) {
    qd_welcome m{QD_PROTOCOL + 1, qd_str_of("future")};
    qd_put_welcome(w, &m);
  });
  EXPECT_TRUE(until([&] {
    game.step();
    return *qd_last_error(game.probe.get()) != 0;
  }));
  EXPECT_FALSE(qd_connected(game.probe.get()));
}

TEST(Link, AHugeOrBrokenFrameOnlyEndsTheConnection) {
  TempDir dir;
  TestAgent agent(dir.socket());
  Game game(server_config(dir.socket()));
  ASSERT_TRUE(agent.attach(game.stepper()));
  for (uint16_t type = 0; type < 80; type++) {
    if (type == QD_F_WELCOME || type == QD_F_REFUSED) continue;
    const uint8_t junk[] = {5, 0, 0, 0, static_cast<uint8_t>(type), 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff};
    agent.send_bytes(junk, sizeof junk);
    game.step();
  }
  EXPECT_TRUE(qd_connected(game.probe.get()));
  const uint8_t huge[] = {0, 0, 0, 0x7f, 66, 0, 0, 0};
  agent.send_bytes(huge, sizeof huge);
  EXPECT_TRUE(until([&] {
    game.step();
    return !qd_connected(game.probe.get());
  }));
  agent.hang_up();
  EXPECT_TRUE(agent.attach(game.stepper()));
}

TEST(Link, ANewAgentGoesOnWhereTheOldOneStopped) {
  TempDir dir;
  const size_t before = open_fds();
  {
    auto agent = std::make_unique<TestAgent>(dir.socket());
    Game game(server_config(dir.socket()));
    const qd_series s = qd_series_i64(game.probe.get(), "n", "", 0);
    ASSERT_TRUE(agent->attach(game.stepper()));
    int64_t written = 0, read = 0;
    const auto tick = [&] {
      qd_tick_begin(game.probe.get(), ++game.tick);
      qd_sample_i64(game.probe.get(), s, ++written);
      qd_tick_end(game.probe.get());
    };
    const auto check = [&] {
      for (const auto& item : agent->drain())
        if (item.type == QD_REC_I64) {
          EXPECT_EQ(static_cast<int64_t>(item.value), ++read);
          EXPECT_NE(item.tick, 0u);
        }
    };
    for (int round = 0; round < 5; round++) {
      for (int i = 0; i < 10; i++) tick();
      check();
      for (int i = 0; i < 3; i++) tick();
      agent.reset();
      EXPECT_TRUE(until([&] {
        tick();
        return !qd_connected(game.probe.get());
      }));
      agent = std::make_unique<TestAgent>(dir.socket());
      ASSERT_TRUE(agent->attach(tick)) << agent->error();
      check();
    }
    check();
    EXPECT_EQ(read, written);
  }
  EXPECT_EQ(open_fds(), before);
}

TEST(Link, WhatWasWrittenOutlivesAKilledGame) {
  TempDir dir;
  TestAgent agent(dir.socket());
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    Game game(server_config(dir.socket()));
    const qd_series s = qd_series_i64(game.probe.get(), "n", "", 0);
    until([&] {
      game.step();
      return qd_connected(game.probe.get()) != 0;
    });
    qd_tick_begin(game.probe.get(), 1'000'000);
    for (int i = 1; i <= 500; i++) qd_sample_i64(game.probe.get(), s, i);
    qd_log(game.probe.get(), QD_ERROR, "game", "last words");
    (void)!write(ready[1], "x", 1);
    for (;;) pause();
  }
  ASSERT_TRUE(agent.wait_hello([] {}));
  agent.welcome();
  char byte;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  EXPECT_TRUE(until([&] { return !agent.pump(); }));
  int64_t last = 0;
  for (const auto& item : agent.drain())
    if (item.type == QD_REC_I64) last = static_cast<int64_t>(item.value);
  EXPECT_EQ(last, 500);
  ASSERT_FALSE(agent.blobs().empty());
  qd_cursor c = qd_cursor_of(agent.blobs().back().data(), agent.blobs().back().size());
  qd_log_blob log;
  ASSERT_TRUE(qd_get_log_blob(&c, &log));
  EXPECT_EQ(text(log.text), "last words");
  close(ready[0]);
  close(ready[1]);
}

TEST(Link, ClosingSaysGoodbye) {
  TempDir dir;
  TestAgent agent(dir.socket());
  Game game(server_config(dir.socket()));
  ASSERT_TRUE(agent.attach(game.stepper()));
  game.probe.reset();
  EXPECT_TRUE(agent.wait_for(QD_F_BYE));
}

}  // namespace
}  // namespace qd::test
