// SPDX-License-Identifier: Apache-2.0
#include "agent/probe/frames.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace {

struct Writer : qd_writer {
  explicit Writer(uint32_t max = QD_FRAME_MAX + QD_FRAME_HEAD) : qd_writer{} { max_bytes = max; }
  ~Writer() { qd_writer_free(this); }
};

qd_value round_trip(const qd_value& v) {
  Writer w;
  qd_put_value(&w, &v);
  static std::vector<uint8_t> kept;
  kept.assign(w.data, w.data + w.size);
  qd_cursor c = qd_cursor_of(kept.data(), kept.size());
  const qd_value back = qd_get_value(&c);
  EXPECT_FALSE(c.failed);
  EXPECT_EQ(c.at, c.end);
  return back;
}

TEST(Frames, ValuesTravelBitForBit) {
  EXPECT_EQ(round_trip(qd_bool(1)).i64, 1);
  for (int64_t v : {std::numeric_limits<int64_t>::min(), int64_t{-1}, std::numeric_limits<int64_t>::max()}) {
    EXPECT_EQ(round_trip(qd_i64(v)).i64, v);
    EXPECT_EQ(round_trip(qd_duration_ns(v)).i64, v);
  }
  EXPECT_TRUE(std::isnan(round_trip(qd_f64(NAN)).vec[0]));
  EXPECT_TRUE(std::signbit(round_trip(qd_f64(-0.0)).vec[0]));
  const qd_value s = round_trip(qd_text("caf\xc3\xa9 \xff"));
  EXPECT_EQ(std::string(s.text, s.size), "caf\xc3\xa9 \xff");
  const double v[4] = {1, -2, 3.5, 1e300};
  const qd_value vec = round_trip(qd_vec(v, 4));
  EXPECT_EQ(vec.size, 4u);
  EXPECT_EQ(vec.vec[3], 1e300);
  EXPECT_EQ(round_trip(qd_value{}).type, QD_TYPE_NONE);
}

qd_hit_msg some_hit() {
  qd_hit_msg m{};
  m.id = qd_str_of("bp");
  m.revision = 7;
  m.site = qd_str_of("combat");
  m.ring = qd_str_of("game");
  m.hit = 1;
  m.tick = 2;
  m.render_tick = 3;
  m.time_ns = 4;
  m.epoch = 5;
  m.mode = QD_ARM_STOP;
  m.stops = 1;
  m.count = 1;
  return m;
}

std::vector<uint8_t> hit_frame() {
  Writer w;
  const qd_hit_msg m = some_hit();
  const qd_field_item f{qd_str_of("victim"), qd_i64(3)};
  qd_frame_start(&w, QD_F_HIT);
  qd_put_hit(&w, &m);
  qd_put_field(&w, &f);
  EXPECT_EQ(qd_frame_finish(&w), 0);
  return {w.data, w.data + w.size};
}

TEST(Frames, AMessageComesBackWhole) {
  const auto bytes = hit_frame();
  qd_frame f;
  ASSERT_EQ(qd_frame_next(bytes.data(), bytes.size(), &f), static_cast<int64_t>(bytes.size()));
  EXPECT_EQ(f.type, QD_F_HIT);
  qd_hit_msg m;
  ASSERT_TRUE(qd_get_hit(&f.body, &m));
  EXPECT_TRUE(qd_str_is(m.site, "combat"));
  EXPECT_EQ(m.epoch, 5u);
  qd_field_item item;
  ASSERT_EQ(m.count, 1);
  ASSERT_TRUE(qd_get_field(&f.body, &item));
  EXPECT_EQ(item.value.i64, 3);
  EXPECT_FALSE(qd_get_field(&f.body, &item));
}

TEST(Frames, EveryPrefixWaitsAndEveryCutBodyFails) {
  const auto bytes = hit_frame();
  qd_frame f;
  for (size_t n = 0; n < bytes.size(); n++) EXPECT_EQ(qd_frame_next(bytes.data(), n, &f), 0) << n;
  for (size_t n = 0; n + QD_FRAME_HEAD < bytes.size(); n++) {
    qd_cursor c = qd_cursor_of(bytes.data() + QD_FRAME_HEAD, n);
    qd_hit_msg m;
    qd_field_item item;
    EXPECT_FALSE(qd_get_hit(&c, &m) && qd_get_field(&c, &item)) << n;
  }
}

TEST(Frames, ATooLargeFrameIsRefusedOnBothSides) {
  const uint8_t huge[] = {1, 0, 0x10, 0, 1, 0, 0, 0};
  qd_frame f;
  EXPECT_EQ(qd_frame_next(huge, sizeof huge, &f), -1);
  Writer w(4 << 20);
  const std::vector<char> big(QD_FRAME_MAX + 1);
  qd_frame_start(&w, QD_F_BYE);
  EXPECT_EQ(qd_frame_finish(&w), 0);
  const uint32_t before = w.size;
  qd_frame_start(&w, QD_F_PUSH);
  qd_put_raw(&w, big.data(), QD_FRAME_MAX + 1);
  EXPECT_EQ(qd_frame_finish(&w), -1);
  EXPECT_EQ(w.size, before);
  Writer tiny(16);
  qd_frame_start(&tiny, QD_F_PUSH);
  qd_put_str(&tiny, qd_str_of("does not fit in here"));
  EXPECT_EQ(qd_frame_finish(&tiny), -1);
  qd_frame_start(&tiny, QD_F_BYE);
  EXPECT_EQ(qd_frame_finish(&tiny), 0);
}

template <typename T>
void feed(int (*get)(qd_cursor*, T*), const std::vector<uint8_t>& bytes) {
  qd_cursor c = qd_cursor_of(bytes.data(), bytes.size());
  T m;
  if (get(&c, &m)) {
    EXPECT_LE(c.at, c.end);
  }
}

TEST(Frames, RandomBytesNeverReadOutside) {
  uint32_t seed = 7;
  for (int i = 0; i < 20000; i++) {
    std::vector<uint8_t> bytes(seed % 97);
    for (uint8_t& b : bytes)
      b = static_cast<uint8_t>((seed = seed * 1664525 + 1013904223) >> 24) & (i % 2 ? 0x07 : 0xff);
    seed = seed * 1664525 + 1013904223;
#define QD_FEED(type, name) feed<type>(qd_get_##name, bytes);
    QD_EACH_MESSAGE(QD_FEED)
#undef QD_FEED
    feed<qd_result_item>(qd_get_result_item, bytes);
    feed<qd_push_item>(qd_get_push_item, bytes);
  }
}

TEST(Frames, Ids) {
  EXPECT_TRUE(qd_id_valid(qd_str_of("server-1.eu_west")));
  EXPECT_TRUE(qd_id_valid(qd_str_of(std::string(64, 'a').c_str())));
  for (const char* bad : {"", "a b", "ä", "a/b", "a\n"}) EXPECT_FALSE(qd_id_valid(qd_str_of(bad)));
  EXPECT_FALSE(qd_id_valid(qd_str_of(std::string(65, 'a').c_str())));
}

}  // namespace
