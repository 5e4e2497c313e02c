// SPDX-License-Identifier: Apache-2.0
// Rings, from both ends: overflow, several threads, and a mapping that lies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <atomic>
#include <map>
#include <thread>

#include "tests/agent/probe/test_agent.h"

namespace qd::test {
namespace {

struct Attached {
  explicit Attached(bool tiny = true) : game(config(tiny)) {
    attached = agent.attach(game.stepper());
    agent.drain();
  }
  qd_config config(bool tiny) const {
    qd_config c = server_config(dir.socket());
    if (!tiny) return c;
    c.ring_bytes = c.worker_ring_bytes = 256 * 16;
    c.blob_bytes = c.worker_blob_bytes = 8192;
    return c;
  }
  TempDir dir;
  TestAgent agent{dir.socket()};
  Game game;
  bool attached = false;
};

TEST(Lane, AFullRingDropsCountsAndSaysWhere) {
  Attached a;
  ASSERT_TRUE(a.attached);
  qd_probe* p = a.game.probe.get();
  const qd_series s = qd_series_i64(p, "n", "", 0);
  qd_tick_begin(p, 100);
  for (int i = 0; i < 1000; i++) qd_sample_i64(p, s, i);
  auto items = a.agent.drain();
  ASSERT_EQ(items.size(), 256u);
  qd_lane_counts counts;
  qd_lane_get_counts(a.agent.lane(), 0, &counts);
  EXPECT_EQ(counts.dropped_records, 745u);
  qd_sample_i64(p, s, 5000);
  items = a.agent.drain();
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].type, static_cast<uint32_t>(QD_REC_GAP));
  EXPECT_EQ(items[0].value, 745u);
  EXPECT_EQ(items[1].value, 5000u);
  EXPECT_EQ(items[1].tick, 100u);
  EXPECT_EQ(items[1].index, 257u + items[0].index - 256u);
}

TEST(Lane, ATickLostInAFullRingIsStampedOnceThereIsRoom) {
  Attached a;
  qd_probe* p = a.game.probe.get();
  const qd_series s = qd_series_i64(p, "n", "", 0);
  qd_tick_begin(p, 100);
  for (int i = 0; i < 300; i++) qd_sample_i64(p, s, i);
  qd_tick_begin(p, 101);
  a.agent.drain();
  qd_sample_i64(p, s, 7);
  const auto items = a.agent.drain();
  ASSERT_FALSE(items.empty());
  EXPECT_EQ(items.back().value, 7u);
  EXPECT_EQ(items.back().tick, 101u);
}

TEST(Lane, EveryThreadHasItsRingAndItsOrder) {
  Attached a;
  qd_probe* p = a.game.probe.get();
  const qd_series s = qd_series_i64(p, "n", "", 0);
  qd_tick_begin(p, 42);
  std::thread one([&] {
    EXPECT_EQ(qd_thread_ring(p, "physics"), 1);
    for (int i = 0; i < 100; i++) qd_sample_i64(p, s, i);
    qd_thread_release(p);
  });
  one.join();
  std::thread two([&] {
    EXPECT_EQ(qd_thread_ring(p, "physics"), 1);
    EXPECT_EQ(qd_thread_ring(p, "physics"), 1);
    qd_sample_i64(p, s, 100);
  });
  two.join();
  std::thread three([&] { qd_sample_i64(p, s, 0); });
  three.join();
  std::thread four([&] { EXPECT_LT(qd_thread_ring(p, "none.left"), 0); });
  four.join();
  char name[QD_RING_NAME];
  ASSERT_TRUE(qd_lane_ring_name(a.agent.lane(), 1, name));
  EXPECT_STREQ(name, "physics");
  const auto items = a.agent.drain(1);
  ASSERT_EQ(items.size(), 101u);
  for (size_t i = 0; i < items.size(); i++) {
    EXPECT_EQ(items[i].value, i);
    EXPECT_EQ(items[i].tick, 42u);
  }
  EXPECT_EQ(a.agent.drain(2).size(), 1u);
}

TEST(Lane, GameFunctionsOnAnotherThreadAreCountedNotObeyed) {
  Attached a;
  std::thread([&] {
    qd_tick_begin(a.game.probe.get(), 1);
    qd_tick_end(a.game.probe.get());
    EXPECT_LT(qd_series_i64(a.game.probe.get(), "x", "", 0), 0);
  }).join();
  qd_stats stats;
  qd_get_stats(a.game.probe.get(), &stats);
  EXPECT_EQ(stats.misuses, 3u);
}

TEST(Lane, AThreadReadsWhileTheGameWrites) {
  Attached a;
  qd_probe* p = a.game.probe.get();
  const qd_series s = qd_series_i64(p, "n", "", 0);
  constexpr int kMany = 200000;
  std::vector<qd_lane_item> seen;
  std::atomic<uint64_t> taken = 0;
  std::thread reader([&] {
    until([&] {
      for (const auto& item : a.agent.drain()) seen.push_back(item);
      if (!seen.empty()) taken = seen.back().index + 1;
      return !seen.empty() && seen.back().type == QD_REC_TICK_END;
    });
  });
  qd_tick_begin(p, 1);
  for (int i = 0; i < kMany; i++) qd_sample_i64(p, s, i);
  qd_stats stats{};
  qd_get_stats(p, &stats);
  EXPECT_TRUE(until([&] { return taken == stats.records; }));  // there is room for the end of the tick
  qd_tick_end(p);
  reader.join();
  uint64_t samples = 0, lost = 0, next = 0;
  for (const auto& item : seen) {
    if (item.type == QD_REC_GAP) {
      lost += item.value;
      next += item.value;
    }
    if (item.type == QD_REC_I64) {
      EXPECT_EQ(item.value, next);
      next++;
      samples++;
    }
  }
  EXPECT_EQ(samples + lost, static_cast<uint64_t>(kMany));
}

TEST(Lane, EntityFramesEventsAndLogsKeepTheirPlaceAmongTheSamples) {
  Attached a(false);
  ASSERT_TRUE(a.attached);
  qd_probe* p = a.game.probe.get();
  const qd_series s = qd_series_i64(p, "n", "", 0);
  qd_tick_begin(p, 7);
  qd_sample_i64(p, s, 1);
  std::vector<qd_entity> entities(1000);
  for (size_t i = 0; i < entities.size(); i++) entities[i].id = static_cast<uint32_t>(i);
  EXPECT_EQ(qd_entities(p, QD_ENTITIES_AUTHORITATIVE, 0, entities.data(), 1000), 0);
  qd_sample_i64(p, s, 2);
  const qd_field fields[] = {qd_kv("victim", qd_i64(3)), qd_kv("name", qd_text("Ann"))};
  qd_event(p, "kill", fields, 2);
  qd_log(p, QD_WARNING, "combat", "caf\xff");
  ASSERT_EQ(qd_entities_begin(p, QD_ENTITIES_RENDERED, 0x18000, 50), 0);
  for (int i = 0; i < 3; i++) qd_entities_add(p, &entities[static_cast<size_t>(i)]);
  qd_entities_end(p);
  const auto items = a.agent.drain();
  ASSERT_EQ(items.size(), 7u);
  EXPECT_EQ(items[2].series, static_cast<uint32_t>(QD_BLOB_ENTITIES));
  EXPECT_EQ(items[3].value, 2u);
  EXPECT_EQ(items[4].series, static_cast<uint32_t>(QD_BLOB_EVENT));
  EXPECT_EQ(items[5].series, static_cast<uint32_t>(QD_BLOB_LOG));
  EXPECT_EQ(items[6].tick, 7u);
  qd_entities_header h;
  std::memcpy(&h, a.agent.blobs()[0].data(), sizeof h);
  EXPECT_EQ(h.count, 1000u);
  EXPECT_EQ(h.render_tick, 7u << 16);
  ASSERT_EQ(a.agent.blobs()[0].size(), sizeof h + 1000 * sizeof(qd_entity));
  qd_entity last;
  std::memcpy(&last, a.agent.blobs()[0].data() + sizeof h + 999 * sizeof last, sizeof last);
  EXPECT_EQ(last.id, 999u);
  std::memcpy(&h, a.agent.blobs()[3].data(), sizeof h);
  EXPECT_EQ(h.count, 3u);
  EXPECT_EQ(h.kind, static_cast<uint32_t>(QD_ENTITIES_RENDERED));
  qd_cursor c = qd_cursor_of(a.agent.blobs()[1].data(), a.agent.blobs()[1].size());
  qd_event_blob e;
  qd_field_item f;
  ASSERT_TRUE(qd_get_event_blob(&c, &e) && qd_get_field(&c, &f) && qd_get_field(&c, &f));
  EXPECT_EQ(text(e.name), "kill");
  EXPECT_EQ(text(f.value), "Ann");
}

TEST(Lane, TooManyBlobsAreDroppedAndCountedAndTheRestStaysIntact) {
  Attached a;
  qd_probe* p = a.game.probe.get();
  const std::string line(900, 'x');
  for (int round = 0; round < 30; round++) {
    qd_tick_begin(p, static_cast<uint64_t>(round + 1));
    for (int i = 0; i < 7; i++) qd_log(p, QD_INFO, "c", line.c_str());
    for (const auto& item : a.agent.drain()) EXPECT_EQ(item.tick, static_cast<uint64_t>(round + 1));
  }
  EXPECT_EQ(a.agent.blobs().size(), 200u); /* the rate limit of one second */
  qd_lane_counts counts;
  qd_lane_get_counts(a.agent.lane(), 0, &counts);
  EXPECT_EQ(counts.suppressed_logs, 10u);
  EXPECT_EQ(counts.dropped_blobs, 0u);
  std::vector<qd_entity> many(1000);
  EXPECT_LT(qd_entities(p, QD_ENTITIES_AUTHORITATIVE, 0, many.data(), 1000), 0);
  qd_lane_get_counts(a.agent.lane(), 0, &counts);
  EXPECT_EQ(counts.dropped_blobs, 1u);
}

// ---- a peer that lies ----

int sealed(size_t bytes, unsigned seals) {
  const int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  EXPECT_EQ(ftruncate(fd, static_cast<off_t>(bytes)), 0);
  EXPECT_EQ(fcntl(fd, F_ADD_SEALS, seals), 0);
  return fd;
}

TEST(Lane, AnUnsealedOrMisshapenLaneIsRefused) {
  char error[256];
  constexpr size_t kSize = 1 << 20;
  const std::pair<size_t, unsigned> bad[] = {{kSize, 0},
                                             {kSize, F_SEAL_SHRINK},
                                             {kSize, F_SEAL_GROW},
                                             {100, F_SEAL_SHRINK | F_SEAL_GROW},
                                             {kSize, F_SEAL_SHRINK | F_SEAL_GROW}};
  for (const auto& [bytes, seals] : bad) {
    EXPECT_EQ(qd_lane_open(sealed(bytes, seals), 1, error, sizeof error), nullptr);
    EXPECT_STRNE(error, "");
  }
  EXPECT_EQ(qd_lane_open(open("/dev/null", O_RDWR), 1, error, sizeof error), nullptr);
  EXPECT_EQ(qd_lane_open(-1, 1, error, sizeof error), nullptr);
}

struct Mapping {
  explicit Mapping(int fd) : size(static_cast<size_t>(lseek(fd, 0, SEEK_END))) {
    base = static_cast<uint8_t*>(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
  }
  ~Mapping() { munmap(base, size); }
  qd_lane_header* header() { return reinterpret_cast<qd_lane_header*>(base); }
  qd_ring_header* ring(uint32_t i) {
    return reinterpret_cast<qd_ring_header*>(base + QD_LANE_PAGE + i * QD_RING_HEADER_BYTES);
  }
  uint64_t* slot(uint64_t i) { return reinterpret_cast<uint64_t*>(base + ring(0)->record_offset) + 2 * i; }
  uint8_t* base;
  size_t size;
};

TEST(Lane, AHeaderThatPointsOutsideIsRefused) {
  Attached a;
  Mapping m(a.agent.memfd());
  char error[256];
  const auto open_it = [&] {
    qd_lane* lane = qd_lane_open(dup(a.agent.memfd()), qd_instance(a.game.probe.get()), error, sizeof error);
    const bool ok = lane != nullptr;
    qd_lane_close(lane);
    return ok;
  };
  ASSERT_TRUE(open_it());
  const auto refuses = [&](auto& word, auto value) {
    const auto old = word;
    word = value;
    EXPECT_FALSE(open_it());
    EXPECT_STRNE(error, "");
    word = old;
  };
  refuses(m.header()->magic, uint64_t{1});
  refuses(m.header()->version, uint32_t{99});
  refuses(m.header()->instance, uint64_t{1});
  refuses(m.header()->total_bytes, uint64_t{1} << 40);
  refuses(m.header()->ring_count, uint32_t{17});
  refuses(m.header()->ring_count, uint32_t{0});
  refuses(m.ring(1)->record_offset, UINT64_MAX - 15);
  refuses(m.ring(1)->record_offset, uint64_t{m.size - 16});
  refuses(m.ring(1)->record_offset, uint64_t{8});
  refuses(m.ring(1)->record_count, uint64_t{300});
  refuses(m.ring(1)->record_count, uint64_t{1} << 60);
  refuses(m.ring(0)->blob_bytes, uint64_t{1} << 63);
  refuses(m.ring(0)->blob_offset, uint64_t{m.size});
  EXPECT_TRUE(open_it());
}

TEST(Lane, HostileIndicesBreakOnlyTheirRing) {
  const auto broken_by = [](const std::function<void(Mapping&)>& spoil) {
    Attached a;
    qd_tick_begin(a.game.probe.get(), 9);
    qd_log(a.game.probe.get(), QD_INFO, "c", "text");
    Mapping m(a.agent.memfd());
    spoil(m);
    std::vector<qd_lane_item> out(4096);
    int64_t n = 0;
    for (int i = 0; i < 3; i++) n = qd_lane_read(a.agent.lane(), 0, out.data(), out.size());
    EXPECT_EQ(qd_lane_read(a.agent.lane(), 1, out.data(), out.size()), 0);
    return n == -1;
  };
  const auto last = [](Mapping& m) { return m.slot((m.ring(0)->head - 1) & 255); };
  EXPECT_FALSE(broken_by([](Mapping&) {}));
  EXPECT_TRUE(broken_by([](Mapping& m) { m.ring(0)->head += 1000; }));
  EXPECT_TRUE(broken_by([](Mapping& m) { m.ring(0)->head = 0; }));
  EXPECT_TRUE(broken_by([&](Mapping& m) { *last(m) = 0xff; }));
  EXPECT_TRUE(broken_by([&](Mapping& m) { *last(m) = QD_REC_I64 | uint64_t{QD_MAX_SERIES} << 16; }));
  EXPECT_TRUE(broken_by([&](Mapping& m) { *last(m) = QD_REC_FRAME; }));
  EXPECT_TRUE(broken_by([&](Mapping& m) { *last(m) = QD_REC_BLOB | uint64_t{1} << 40 << 16; }));
  EXPECT_TRUE(broken_by([&](Mapping& m) { *last(m) = QD_REC_BLOB | uint64_t{4} << 16; }));
  EXPECT_TRUE(broken_by([&](Mapping& m) { last(m)[1] = UINT64_MAX - 7; }));
  EXPECT_TRUE(broken_by([&](Mapping& m) { last(m)[1] += 8; }));
  EXPECT_TRUE(broken_by([&](Mapping& m) { last(m)[1] += 1; }));
  EXPECT_TRUE(broken_by([](Mapping& m) { *reinterpret_cast<uint32_t*>(m.base + m.ring(0)->blob_offset) = 1 << 30; }));
  EXPECT_TRUE(broken_by([](Mapping& m) { m.ring(0)->blob_head = 0; }));
}

TEST(Lane, AnAgentThatWritesNonsenseIntoTheLaneHarmsNoGame) {
  Attached a;
  qd_probe* p = a.game.probe.get();
  const qd_series s = qd_series_i64(p, "n", "", 0);
  Mapping m(a.agent.memfd());
  std::memset(m.base, 0xff, 64);
  for (uint32_t r = 0; r < 3; r++) {
    m.ring(r)->record_offset = m.ring(r)->record_count = m.ring(r)->blob_offset = UINT64_MAX;
    m.ring(r)->tail = m.ring(r)->blob_tail = UINT64_MAX / 2;
  }
  for (int i = 0; i < 100; i++) {
    a.game.step();
    for (int n = 0; n < 100; n++) qd_sample_i64(p, s, n);
    qd_log(p, QD_INFO, "c", "text");
  }
  qd_stats stats;
  qd_get_stats(p, &stats);
  EXPECT_GT(stats.dropped_records, 0u);
}

}  // namespace
}  // namespace qd::test
