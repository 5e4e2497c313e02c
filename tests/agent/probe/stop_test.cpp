// SPDX-License-Identifier: Apache-2.0
// Sites, stops at a tick, parking and coming back. The game runs in a thread of its own, as games do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/agent/probe/test_agent.h"

namespace qd::test {
namespace {

using std::chrono::milliseconds;

// A game thread: server or editor (whose render tick follows its frames, half a tick each).
class Running {
 public:
  explicit Running(qd_config config) {
    thread_ = std::thread([this, config] { run(config); });
    until([&] { return site.load() != nullptr; });
  }
  ~Running() {
    stop = true;
    thread_.join();
  }

  std::atomic<bool> stop{false};
  std::atomic<uint64_t> tick{0};
  std::atomic<uint64_t> parked_ns{0};
  std::atomic<uint64_t> parks{0};
  std::atomic<qd_site*> site{nullptr};
  std::atomic<qd_probe*> probe{nullptr};
  std::atomic<uint64_t> render_step{1 << 15};

 private:
  void run(const qd_config& config) {
    char error[256];
    Probe p(qd_open(&config, error, sizeof error));
    probe = p.get();
    site = qd_site_declare(p.get(), "combat.hit_resolved", "combat.cpp", 42, "victim,damage,weapon");
    uint64_t render = 100 << 16;
    while (!stop) {
      if (config.kind == QD_KIND_SERVER)
        qd_tick_begin(p.get(), ++tick);
      else
        render = qd_frame_begin(p.get(), ++tick, render + render_step, (render >> 16) + 3);
      if (qd_site_enabled(site)) {
        const qd_field fields[] = {qd_kv("victim", qd_i64(static_cast<int64_t>(tick % 5))),
                                   qd_kv("damage", qd_f64(60.5)), qd_kv("weapon", qd_text("rail"))};
        qd_site_hit(p.get(), site, fields, 3);
      }
      const uint64_t stood = config.kind == QD_KIND_SERVER ? qd_tick_end(p.get()) : qd_frame_end(p.get());
      if (stood) parks++;
      parked_ns += stood;
      if (!stood) poll(nullptr, 0, 1);
    }
  }
  std::thread thread_;
};

class Stop : public testing::Test {
 protected:
  void start(qd_kind kind = QD_KIND_SERVER, uint64_t orphan_ms = 2000, uint64_t max_ms = 60000) {
    qd_config c = server_config(dir.socket());
    c.kind = kind;
    c.domain = "server-1";
    c.park_orphan_ns = orphan_ms * 1'000'000;
    c.park_max_ns = max_ms * 1'000'000;
    game = std::make_unique<Running>(c);
    ASSERT_TRUE(agent.attach([] {})) << agent.error();
  }
  void arm(const char* id, const char* condition, qd_arm_mode mode = QD_ARM_STOP,
           const char* site = "combat.hit_resolved", uint64_t after = 0, const char* log = "") {
    agent.send(QD_F_ARM, [&](qd_writer* w) {
      qd_arm_msg m{};
      m.id = qd_str_of(id);
      m.revision = 3;
      m.site = qd_str_of(site);
      m.condition = qd_str_of(condition);
      m.after = after;
      m.mode = static_cast<uint8_t>(mode);
      m.text = qd_str_of(log);
      qd_put_arm(w, &m);
    });
  }
  template <typename T, typename Get>
  T wait(qd_frame_type type, Get get, milliseconds deadline = milliseconds(5000)) {
    T m{};
    auto f = agent.wait_for(type, {}, deadline);
    if (!f) {
      ADD_FAILURE() << "frame " << type << " did not come";
      return m;
    }
    last = *f;
    cursor = last.body();
    EXPECT_TRUE(get(&cursor, &m));
    return m;
  }
  qd_parked parked() { return wait<qd_parked>(QD_F_PARKED, qd_get_parked); }
  qd_resumed resumed(milliseconds deadline = milliseconds(5000)) {
    return wait<qd_resumed>(QD_F_RESUMED, qd_get_resumed, deadline);
  }
  bool runs_on() {
    const uint64_t from = game->tick;
    return until([&] { return game->tick > from + 5; });
  }

  TempDir dir;
  TestAgent agent{dir.socket()};
  std::unique_ptr<Running> game;
  Frame last;
  qd_cursor cursor{};
};

TEST_F(Stop, AtTheNextBoundaryAndResume) {
  start();
  qd_lane_stop(agent.lane(), 0, 77);
  const qd_parked p = parked();
  EXPECT_EQ(p.stop_id, 77u);
  EXPECT_EQ(p.cause, QD_STOP_ORDER);
  EXPECT_EQ(p.epoch, 0u);
  EXPECT_EQ(p.tick, game->tick);
  qd_lane_status s;
  qd_lane_get_status(agent.lane(), &s);
  EXPECT_EQ(s.state, static_cast<uint32_t>(QD_STATE_PARKED));
  EXPECT_EQ(s.parked_tick, p.tick);
  qd_lane_resume(agent.lane());
  const qd_resumed r = resumed();
  EXPECT_EQ(r.epoch, 1u);
  EXPECT_EQ(r.reason, QD_RESUME_ASKED);
  EXPECT_GT(r.parked_ns, 0u);
  EXPECT_TRUE(runs_on());
}

TEST_F(Stop, AtATickAheadAndStepwise) {
  start();
  const uint64_t target = game->tick + 50;
  qd_lane_stop(agent.lane(), target, 1);
  EXPECT_EQ(parked().tick, target);
  for (uint64_t i = 1; i <= 5; i++) {
    qd_lane_step(agent.lane(), target + i, 1 + i);
    EXPECT_EQ(resumed().epoch, i);
    const qd_parked p = parked();
    EXPECT_EQ(p.tick, target + i);
    EXPECT_EQ(p.stop_id, 1 + i);
  }
  qd_lane_resume(agent.lane());
  resumed();
  EXPECT_TRUE(runs_on());
}

TEST_F(Stop, AnEditorDrawsExactlyTheTickItStopsAt) {
  start(QD_KIND_EDITOR);
  game->render_step = 45000;
  qd_lane_status s;
  ASSERT_TRUE(until([&] {
    qd_lane_get_status(agent.lane(), &s);
    return s.render_tick > 105 << 16;
  }));
  const uint64_t target = (s.render_tick >> 16) + 20;
  qd_lane_stop(agent.lane(), target, 5);
  const qd_parked p = parked();
  EXPECT_EQ(p.tick, target);
  EXPECT_EQ(p.render_tick, target << 16);
  qd_lane_resume(agent.lane());
  resumed();
  qd_lane_get_status(agent.lane(), &s);
  qd_lane_stop(agent.lane(), target - 10, 6); /* behind it: at once, never back */
  EXPECT_GE(parked().render_tick, target << 16);
  qd_lane_resume(agent.lane());
  EXPECT_TRUE(runs_on());
}

TEST_F(Stop, ASiteHitReportsItsContextAndParksTheSameTick) {
  start();
  arm("bp1", "victim == 3 && damage > 50 && weapon == 'rail'");
  const auto a = wait<qd_arm_result>(QD_F_ARM_RESULT, qd_get_arm_result);
  EXPECT_EQ(a.status, QD_ARM_VERIFIED) << text(a.reason);
  EXPECT_EQ(text(a.file), "combat.cpp");
  EXPECT_EQ(a.line, 42u);
  const auto h = wait<qd_hit_msg>(QD_F_HIT, qd_get_hit);
  const uint64_t tick = h.tick;
  EXPECT_EQ(tick % 5, 3u);
  EXPECT_EQ(h.revision, 3u);
  EXPECT_EQ(h.stops, 1);
  EXPECT_EQ(text(h.ring), "game");
  ASSERT_EQ(h.count, 3);
  qd_field_item f;
  ASSERT_TRUE(qd_get_field(&cursor, &f));
  EXPECT_EQ(text(f.name), "victim");
  EXPECT_EQ(f.value.i64, 3);
  const qd_parked p = parked();
  EXPECT_EQ(p.tick, tick);
  EXPECT_EQ(p.cause, QD_STOP_SITE);
  EXPECT_EQ(text(p.id), "bp1");
  qd_lane_resume(agent.lane());
  resumed();
  EXPECT_EQ(parked().tick, tick + 5);
  agent.send(QD_F_DISARM, [](qd_writer* w) {
    qd_disarm_msg m{qd_str_of("bp1")};
    qd_put_disarm(w, &m);
  });
  wait<qd_disarmed>(QD_F_DISARMED, qd_get_disarmed);
  qd_lane_resume(agent.lane());
  resumed();
  EXPECT_FALSE(qd_site_enabled(game->site));
  EXPECT_TRUE(runs_on());
}

TEST_F(Stop, BadBreakpointsAreRejectedWithAReason) {
  start();
  const std::pair<const char*, const char*> bad[] = {
      {"combat.hit_resolved", "damage >"}, {"combat.hit_resolved", "demage > 1"}, {"no.such", ""}};
  for (const auto& [site, condition] : bad) {
    arm("bp", condition, QD_ARM_STOP, site);
    const auto a = wait<qd_arm_result>(QD_F_ARM_RESULT, qd_get_arm_result);
    EXPECT_EQ(a.status, QD_ARM_REJECTED);
    EXPECT_GT(a.reason.size, 0u);
  }
  EXPECT_FALSE(qd_site_enabled(game->site));
}

TEST_F(Stop, HitCountCaptureAndLog) {
  start();
  arm("cap", "victim == 1", QD_ARM_CAPTURE);
  const auto h = wait<qd_hit_msg>(QD_F_HIT, qd_get_hit);
  EXPECT_EQ(h.stops, 0);
  const auto d = wait<qd_disarmed>(QD_F_DISARMED, qd_get_disarmed);
  EXPECT_EQ(text(d.id), "cap");
  EXPECT_EQ(d.reason, QD_DISARM_SPENT);
  arm("log", "", QD_ARM_LOG, "combat.hit_resolved", 0, "{victim} took {damage} by {weapon}, {nobody}");
  wait<qd_arm_result>(QD_F_ARM_RESULT, qd_get_arm_result);
  EXPECT_TRUE(until([&] {
    agent.drain();
    return !agent.blobs().empty();
  }));
  qd_cursor c = qd_cursor_of(agent.blobs()[0].data(), agent.blobs()[0].size());
  qd_log_blob log;
  ASSERT_TRUE(qd_get_log_blob(&c, &log));
  EXPECT_THAT(text(log.text), testing::MatchesRegex("[0-4] took 60.5 by rail, \\{nobody\\}"));
  arm("late", "", QD_ARM_STOP, "combat.hit_resolved", 10);
  EXPECT_EQ(wait<qd_hit_msg>(QD_F_HIT, qd_get_hit).hit, 11u);
  parked();
  qd_lane_resume(agent.lane());
}

TEST_F(Stop, RenewedItStaysAbandonedItResumesAndDisarms) {
  start(QD_KIND_SERVER, 300);
  arm("bp", "");
  parked();
  const auto from = Clock::now();
  EXPECT_FALSE(until(
      [&] {
        qd_lane_renew(agent.lane());
        agent.pump();
        return agent.next().has_value();
      },
      milliseconds(1000)));
  const qd_resumed r = resumed();
  EXPECT_GE(Clock::now() - from, milliseconds(1200));
  EXPECT_EQ(r.reason, QD_RESUME_ORPHANED);
  EXPECT_FALSE(qd_site_enabled(game->site));
  EXPECT_TRUE(runs_on());
}

TEST_F(Stop, AKilledAgentFreesTheGameAfterTwoSeconds) {
  start();
  arm("bp", "");
  parked();
  agent.hang_up();
  const uint64_t tick = game->tick;
  const auto from = Clock::now();
  ASSERT_TRUE(until([&] { return game->tick > tick; }, milliseconds(4000)));
  EXPECT_GE(Clock::now() - from, milliseconds(1500));
  ASSERT_TRUE(agent.attach([] {}));
  EXPECT_TRUE(runs_on());
}

TEST_F(Stop, ANewAgentLearnsThatTheGameIsParkedAndMayResumeIt) {
  start();
  qd_lane_stop(agent.lane(), 0, 9);
  const uint64_t tick = parked().tick;
  agent.hang_up();
  ASSERT_TRUE(agent.attach([] {}));
  const qd_parked p = parked();
  EXPECT_EQ(p.tick, tick);
  EXPECT_EQ(p.stop_id, 9u);
  qd_lane_resume(agent.lane());
  EXPECT_EQ(resumed().reason, QD_RESUME_ASKED);
  EXPECT_TRUE(runs_on());
}

TEST_F(Stop, TheMaximumHoldsWhateverTheAgentSays) {
  start(QD_KIND_SERVER, 2000, 400);
  arm("bp", "");
  std::atomic<bool> done{false};
  qd_lane* lane = agent.lane();
  std::thread hostile([&] {
    for (uint64_t i = 0; !done; i++) {
      qd_lane_renew(lane);
      qd_lane_stop(lane, 0, i);
      poll(nullptr, 0, 1);
    }
  });
  EXPECT_EQ(resumed().reason, QD_RESUME_MAXIMUM);
  EXPECT_TRUE(runs_on());
  EXPECT_EQ(game->parks, 1u);
  done = true;
  hostile.join();
}

TEST_F(Stop, APushSentWhileParkedAppliesAtTheNextTick) {
  start();
  qd_lane_stop(agent.lane(), 0, 1);
  const uint64_t tick = parked().tick;
  agent.send(QD_F_PUSH, [](qd_writer* w) {
    qd_push_msg m{};
    m.id = qd_str_of("p");
    qd_put_push(w, &m);
  });
  qd_lane_step(agent.lane(), tick + 1, 2);
  EXPECT_EQ(wait<qd_push_result>(QD_F_PUSH_RESULT, qd_get_push_result).tick, tick + 1);
  EXPECT_EQ(parked().tick, tick + 1);
  qd_lane_resume(agent.lane());
}

TEST_F(Stop, ParkedTimeStandsInTheLane) {
  start();
  qd_lane_stop(agent.lane(), 0, 1);
  parked();
  qd_lane_resume(agent.lane());
  resumed();
  std::vector<uint32_t> seen;
  until([&] {
    for (const auto& item : agent.drain())
      if (item.type == QD_REC_PARK || item.type == QD_REC_RESUME) {
        seen.push_back(item.type);
        if (item.type == QD_REC_RESUME) {
          EXPECT_EQ(item.value, 1u);
          EXPECT_EQ(item.series, static_cast<uint32_t>(QD_RESUME_ASKED));
        }
      }
    return seen.size() >= 2;
  });
  EXPECT_THAT(seen, testing::ElementsAre(QD_REC_PARK, QD_REC_RESUME));
}

}  // namespace
}  // namespace qd::test
