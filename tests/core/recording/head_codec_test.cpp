// SPDX-License-Identifier: Apache-2.0
// Places of blocks as bytes: nothing is lost, on the grid or off it; and the placer puts them onto it without drifting.
#include "core/recording/head_codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "core/ingest/log_grid.h"
#include "core/recording/placer.h"
#include "tests/fakes/recording/synthetic.h"

namespace qd::recording::testing {
namespace {

using ingest::kLogGridNs;

constexpr TimeNs kStart = 1'700'000'000'123'456'789;

struct Rows {
  std::vector<Tick> ticks;
  std::vector<TimeNs> times;
};

bool same(const BlockHead& a, const BlockHead& b) {
  return a.ord == b.ord && a.at == b.at && a.sequence == b.sequence && a.previous == b.previous &&
         a.received == b.received && a.firstSequence == b.firstSequence && a.count == b.count &&
         a.dropped == b.dropped && a.rows == b.rows;
}

Bytes packed(const std::vector<BlockHead>& blocks, const Rows& rows) {
  Packer packer;
  Bytes out = encodeHead(packer, blocks, rows.ticks, rows.times);
  ByteWriter(out).varint(0);  // row lists
  return out;
}

void expectRoundTrip(const std::vector<BlockHead>& blocks, const Rows& rows) {
  const auto head = decodeHead(packed(blocks, rows), 3);
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_EQ(head->ticks, rows.ticks);
  EXPECT_EQ(head->times, rows.times);
  ASSERT_EQ(head->blocks.size(), blocks.size());
  for (std::size_t i = 0; i < blocks.size(); ++i) EXPECT_TRUE(same(head->blocks[i], blocks[i])) << i;
}

// A server's blocks as an agent logs them: one row each, drained up to 16 ms later, every third one after something
// newer. `step`: what their log and replay times are rounded to.
std::vector<BlockHead> logged(Rows& rows, TimeNs step) {
  std::mt19937_64 random(7);
  std::vector<BlockHead> blocks;
  std::uint64_t first = 1;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const TimeNs time = kStart + static_cast<TimeNs>(i * 16'666'667 + random() % 100'000);
    const TimeNs drained = time + 2'000'000 + static_cast<TimeNs>(random() % 14'000'000);
    const TimeNs late = time + static_cast<TimeNs>(random() % 9'000'000);
    rows.ticks.push_back(static_cast<Tick>(i));
    rows.times.push_back(time);
    const TimeNs at = i % 3 == 0 ? late - late % step + step : time;
    blocks.push_back({2 * i + 7, at, 2 * i + 3, 2 * i + 2, drained - drained % step, first, 45, 0, 1});
    first += 45;
  }
  return blocks;
}

TEST(HeadCodec, BlocksOnTheGridComeBackAndTakeAThirdLess) {
  Rows rows, same;
  const std::vector<BlockHead> onGrid = logged(rows, kLogGridNs), off = logged(same, 1);
  expectRoundTrip(onGrid, rows);
  expectRoundTrip(off, same);
  EXPECT_LT(packed(onGrid, rows).size() * 3, packed(off, same).size() * 2);
}

TEST(HeadCodec, WhatNoGridFitsComesBackBitForBit) {
  const Rows rows{{5, 6, -1}, {kStart, kStart + 1, INT64_MIN}};
  expectRoundTrip({}, {});
  expectRoundTrip({{1, kStart, 0, 0, 0, 0, 0, 0, 3}}, rows);
  expectRoundTrip({{1, kStart - 1, 9, 4, kStart + 17, 1, 2, 3, 2}, {2, kStart + 5, 9, 9, -5, 90, 0, 0, 1}}, rows);
  expectRoundTrip({{1, INT64_MAX, UINT64_MAX, 0, INT64_MIN, UINT64_MAX, UINT64_MAX, 1, 0},
                   {UINT64_MAX, INT64_MIN, 0, UINT64_MAX, INT64_MAX, 0, 5, UINT64_MAX, 3}},
                  rows);
  const TimeNs grid = kStart - kStart % kLogGridNs;
  expectRoundTrip({{1, grid, 3, 2, 0, 0, 0, 0, 0}, {2, 0, 4, 3, grid, 0, 0, 0, 0}}, {});
}

TEST(HeadCodec, HostileBytesAreRefusedOrDecodeToHeadsThatFitTheirRows) {
  Rows rows;
  const Bytes good = packed(logged(rows, kLogGridNs), rows);
  std::mt19937_64 random(11);
  int refused = 0;
  for (int i = 0; i < 3000; ++i) {
    Bytes bad = good;
    for (int flips = 0; flips < 3; ++flips) bad[random() % 40 * (bad.size() / 40)] ^= 1U << random() % 8;
    const auto head = decodeHead(bad, 1 + i % 3);
    refused += head ? 0 : 1;
    std::size_t sum = 0;
    if (head) {
      for (const BlockHead& block : head->blocks) sum += block.rows;
      EXPECT_EQ(sum, head->ticks.size());
      EXPECT_EQ(sum, head->times.size());
    }
  }
  EXPECT_GT(refused, 1000);  // the others hit values, which the row's checksum is for
  EXPECT_FALSE(decodeHead({}, 3));
  EXPECT_FALSE(decodeHead(Bytes{0}, 3));
  Bytes unknown = good;
  unknown[1] |= 0x80;
  EXPECT_FALSE(decodeHead(unknown, 3)) << "bits of a newer format";
}

// Two hundred processes of one agent, whose blocks each come after a newer one: raising each a little above the one
// before must not add up.
TEST(Placer, BlocksBehindTheLogStandOnTheGridAndNeverDriftAwayFromIt) {
  Placer placer;
  std::uint64_t sequence = 0;
  TimeNs newest = 0, before = 0;
  int raised = 0;
  for (int round = 0; round < 100; ++round) {
    for (int process = 0; process < 200; ++process) {
      const TimeNs time = kStart + round * 10'000'000 + (199 - process) * 40'001;
      ingest::SampleBlock block{{ProcessId("p" + std::to_string(process)), InstanceId(1)}, 0, 0, 1, 0, {1}, {time}, {}};
      const Placed placed = placer.place(envelope(std::move(block), ++sequence, "agent"));
      newest = std::max(newest, time);
      EXPECT_GE(placed.at, before) << "replay time fell";
      EXPECT_GE(placed.at, time);
      EXPECT_LT(placed.at, newest + kLogGridNs);
      EXPECT_TRUE(placed.at == time || ingest::isOnLogGrid(placed.at));
      raised += placed.at == time ? 0 : 1;
      before = placed.at;
    }
  }
  EXPECT_GT(raised, 10'000);
}

}  // namespace
}  // namespace qd::recording::testing
