// SPDX-License-Identifier: Apache-2.0
// A real server, its bots and an editor attached to an agent that speaks the real wire: what they declare and send, and
// that a stop leaves the players connected while the editor runs on to exactly the server's tick.
#include <gtest/gtest.h>
#include <poll.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/agent/probe/test_agent.h"
#include "tests/stage/processes/process.h"

namespace qd::stage {
namespace {

using std::chrono::milliseconds;
using test::TempDir;
using test::TestAgent;
using test::text;
using test::until;

// One attached process: takes all its frames and samples and keeps what the tests ask for.
struct Attached {
  explicit Attached(const std::string& socket) : agent(socket) {}
  TestAgent agent;
  std::map<std::uint32_t, std::string> series;  // by handle, those without dimensions
  std::map<std::string, std::vector<double>> values;
  std::set<std::string> names, parameters, sites, actions, logs, events;
  std::vector<std::uint64_t> ticks;
  std::map<std::uint64_t, int> durations;  // samples of tick.duration by tick
  std::uint32_t poses = 0;
  bool declared = false, parked = false, resumed = false;
  qd_parked park{};
  std::string pushed;

  bool attach() {
    if (!agent.wait_hello([] {})) return false;
    agent.welcome();
    return until([&] { return take(), declared; });
  }
  void take() {
    agent.pump();
    while (auto frame = agent.next()) onFrame(*frame);
    const auto seen = agent.blobs().size();
    for (const auto& item : agent.drain()) onItem(item);
    for (auto i = seen; i < agent.blobs().size(); ++i) poses += agent.blobs()[i].size() > sizeof(qd_entity) ? 1 : 0;
  }
  void onFrame(const test::Frame& frame) {
    qd_cursor c = frame.body();
    if (frame.type == QD_F_SERIES) {
      qd_series_msg m;
      ASSERT_TRUE(qd_get_series(&c, &m));
      names.insert(text(m.name));
      if (m.count == 0) series[m.handle] = text(m.name);
    } else if (frame.type == QD_F_PARAM) {
      qd_param_msg m;
      ASSERT_TRUE(qd_get_param(&c, &m));
      parameters.insert(text(m.name));
    } else if (frame.type == QD_F_SITE) {
      qd_site_msg m;
      ASSERT_TRUE(qd_get_site(&c, &m));
      sites.insert(text(m.name));
    } else if (frame.type == QD_F_ACTION) {
      qd_action_msg m;
      ASSERT_TRUE(qd_get_action(&c, &m));
      actions.insert(text(m.name));
    } else if (frame.type == QD_F_PARKED) {
      ASSERT_TRUE(qd_get_parked(&c, &park));
      parked = true;
    } else if (frame.type == QD_F_RESUMED) {
      resumed = true;
    } else if (frame.type == QD_F_DECLARED) {
      declared = true;
    }
  }
  void onItem(const qd_lane_item& item) {
    if (item.type == QD_REC_TICK) ticks.push_back(item.tick);
    if (item.type != QD_REC_I64 && item.type != QD_REC_F64) return;
    const auto known = series.find(item.series);
    if (known == series.end()) return;
    double real = 0;
    std::memcpy(&real, &item.value, sizeof real);
    values[known->second].push_back(
        item.type == QD_REC_F64 ? real : static_cast<double>(static_cast<std::int64_t>(item.value)));
    if (known->second == "tick.duration") ++durations[item.tick];
  }
  double last(const std::string& name) const {
    const auto it = values.find(name);
    return it == values.end() || it->second.empty() ? -1 : it->second.back();
  }
};

std::set<std::string> missing(const std::set<std::string>& wanted, const std::set<std::string>& found) {
  std::set<std::string> rest;
  std::set_difference(wanted.begin(), wanted.end(), found.begin(), found.end(), std::inserter(rest, rest.begin()));
  return rest;
}

struct Link : ::testing::Test {
  TempDir serverDir, editorDir;
  Attached server{serverDir.socket()}, editor{editorDir.socket()};
  std::unique_ptr<Process> serverProcess, bots, editorProcess;
  std::string report = serverDir.path + "-bots.json";

  void SetUp() override {
    const std::string impair = "60ms/8ms/1%";
    serverProcess = std::make_unique<Process>(
        std::vector<std::string>{"quarterdeck-stage-server", "--socket", serverDir.socket(), "--impair", impair});
    const auto address = nlohmann::json::parse(serverProcess->line())["listen"].get<std::string>();
    bots = std::make_unique<Process>(
        std::vector<std::string>{"quarterdeck-stage-bots", "--server", address, "--bots", "16", "--report", report});
    editorProcess = std::make_unique<Process>(
        std::vector<std::string>{"quarterdeck-stage-editor", "--server", address, "--socket", editorDir.socket()});
    ASSERT_TRUE(server.attach()) << server.agent.error();
    ASSERT_TRUE(editor.attach()) << editor.agent.error();
    ASSERT_NE(bots->line(), "");
    ASSERT_NE(editorProcess->line(), "");
  }
  void TearDown() override { unlink(report.c_str()); }
  void take() {
    server.take();
    editor.take();
  }
  void run(milliseconds time) {
    const auto end = test::Clock::now() + time;
    until([&] { return take(), test::Clock::now() >= end; }, time + milliseconds(1'000));
  }
  // As an agent does: both leases are renewed while it stands.
  void hold(milliseconds time) {
    const auto end = test::Clock::now() + time;
    auto next = test::Clock::now();
    until(
        [&] {
          take();
          if (test::Clock::now() >= next) {
            qd_lane_renew(server.agent.lane());
            qd_lane_renew(editor.agent.lane());
            next += milliseconds(300);
          }
          return test::Clock::now() >= end;
        },
        time + milliseconds(1'000));
  }
};

}  // namespace

TEST_F(Link, DeclaresAndSendsWhatTheContractNames) {
  EXPECT_EQ(missing({"tick.duration",
                     "tick.start_jitter",
                     "tick.overruns",
                     "tick.rate",
                     "players.online",
                     "npc.count",
                     "game.tps",
                     "net.rtt",
                     "net.rtt_dev",
                     "net.jitter",
                     "net.loss",
                     "net.reorder",
                     "net.loss_burst",
                     "net.snapshot_bytes",
                     "net.bandwidth",
                     "repl.cost",
                     "hit.agreement",
                     "lagcomp.rewind_time",
                     "lagcomp.rewind_error",
                     "lagcomp.rewind_distance",
                     "input.late",
                     "input.missing",
                     "input.rejected",
                     "input.queue_depth",
                     "interp.view_age"},
                    server.names),
            std::set<std::string>{});
  EXPECT_EQ(missing({"frame.duration", "frame.hitches", "interp.view_age", "interp.buffer_depth", "interp.extrapolated",
                     "interp.held", "interp.starved", "interp.time_scale", "predict.error", "predict.corrections",
                     "input.latency", "net.state", "net.reconnects", "net.rtt", "net.jitter", "net.loss"},
                    editor.names),
            std::set<std::string>{});
  EXPECT_EQ(missing({"weather.intensity", "weather.kind", "npc.density", "net.latency", "net.jitter", "net.loss",
                     "server.tick_hz", "server.snapshot_hz", "lagcomp.enabled", "lagcomp.max_rewind", "lagcomp.method"},
                    server.parameters),
            std::set<std::string>{});
  EXPECT_EQ(missing({"interp.delay", "net.latency", "net.jitter", "net.loss"}, editor.parameters),
            std::set<std::string>{});
  EXPECT_EQ(missing({"tick.begin", "combat.hit_resolved", "npc.spawned"}, server.sites), std::set<std::string>{});
  EXPECT_EQ(missing({"frame.rendered", "combat.hit_predicted"}, editor.sites), std::set<std::string>{});
  EXPECT_EQ(missing({"map.reload", "player.kick", "broadcast"}, server.actions), std::set<std::string>{});

  run(milliseconds(2'500));
  ASSERT_GT(server.ticks.size(), 100u);
  for (std::size_t i = 1; i < server.ticks.size(); ++i) ASSERT_EQ(server.ticks[i], server.ticks[i - 1] + 1);
  for (std::size_t i = 1; i + 1 < server.ticks.size(); ++i) ASSERT_EQ(server.durations[server.ticks[i]], 1) << i;
  EXPECT_EQ(server.last("players.online"), 17);
  EXPECT_EQ(server.last("npc.count"), 120);
  EXPECT_GT(server.last("net.bandwidth"), 1'000);
  EXPECT_NEAR(server.last("net.rtt") / 1e6, 120, 40);
  EXPECT_GT(server.poses, 50u);
  EXPECT_GT(editor.poses, 50u);
  EXPECT_EQ(editor.last("net.state"), 2);
  EXPECT_GT(editor.last("interp.view_age") / 1e6, 80);
  EXPECT_LT(editor.last("interp.view_age") / 1e6, 400);
  EXPECT_FALSE(editor.values["predict.error"].empty());
}

TEST_F(Link, BothStopAtTheSameTickAndThePlayersStay) {
  run(milliseconds(500));
  qd_lane_stop(server.agent.lane(), 0, 1);
  ASSERT_TRUE(until([&] { return take(), server.parked; }));
  qd_lane_stop(editor.agent.lane(), server.park.tick, 2);
  ASSERT_TRUE(until([&] { return take(), editor.parked; })) << "the editor must be able to reach the stopped tick";
  EXPECT_EQ(editor.park.tick, server.park.tick);
  EXPECT_EQ(editor.park.render_tick, server.park.tick << 16) << "skew 0";
  hold(milliseconds(10'500));  // longer than the session timeout of 10 s
  qd_lane_status status;
  qd_lane_get_status(server.agent.lane(), &status);
  EXPECT_EQ(status.tick, server.park.tick) << "nothing moved";
  server.ticks.clear();
  qd_lane_resume(editor.agent.lane());
  qd_lane_resume(server.agent.lane());
  ASSERT_TRUE(until([&] { return take(), server.resumed && editor.resumed; }));
  run(milliseconds(2'000));
  ASSERT_FALSE(server.ticks.empty());
  EXPECT_EQ(server.ticks.front(), server.park.tick + 1);
  EXPECT_LT(server.ticks.size(), 160u) << "no catch-up";
  EXPECT_EQ(server.last("players.online"), 17);
  EXPECT_EQ(server.last("tick.overruns"), 0) << "parked time is no overrun";
  EXPECT_NEAR(server.last("tick.rate"), 60, 2);
  EXPECT_EQ(editor.last("net.state"), 2);
  EXPECT_EQ(editor.last("net.reconnects"), 0);
  kill(bots->pid, SIGTERM);
  EXPECT_EQ(bots->wait(), 0);
  std::ifstream in(report);
  EXPECT_EQ(nlohmann::json::parse(in)["reconnects"], 0);
}

TEST_F(Link, APushedDensityIsFollowed) {
  run(milliseconds(1'200));
  const auto before = server.last("net.bandwidth");
  server.agent.send(QD_F_PUSH, [](qd_writer* w) {
    qd_push_msg m{};
    m.id = qd_str_of("push-1");
    m.count = 1;
    qd_put_push(w, &m);
    qd_push_item item{};
    item.name = qd_str_of("npc.density");
    item.value = qd_f64(5);
    qd_put_push_item(w, &item);
  });
  ASSERT_TRUE(until([&] { return take(), server.last("npc.count") == 600; }));
  run(milliseconds(1'500));
  EXPECT_GT(server.last("net.bandwidth"), before * 1.2);
}

}  // namespace qd::stage
