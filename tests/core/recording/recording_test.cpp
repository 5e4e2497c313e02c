// SPDX-License-Identifier: Apache-2.0
#include "core/recording/recording.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "core/recording/pack.h"
#include "core/recording/recorder.h"
#include "core/recording/replay_source.h"
#include "tests/core/recording/same.h"
#include "tests/fakes/recording/synthetic.h"

namespace qd::recording::testing {
namespace {

std::unique_ptr<Recording> opened(const std::string& path) {
  auto file = Recording::open(path);
  EXPECT_TRUE(file) << (file ? "" : file.error().message);
  return file ? std::move(*file) : nullptr;
}

bool hasSame(const std::vector<EnvelopePtr>& in, const Envelope& wanted) {
  return std::any_of(in.begin(), in.end(), [&](const EnvelopePtr& e) { return same(*e, wanted); });
}

}  // namespace

TEST(Pack, IntsAndDoublesKeepEveryBit) {
  Packer packer;
  for (std::size_t n : {0u, 1u, 2u, 127u, 128u, 129u, 1000u}) {
    std::vector<std::int64_t> ints;
    std::vector<double> doubles;
    for (std::size_t i = 0; i < n; ++i) {
      ints.push_back(nastyInts()[i % nastyInts().size()] + static_cast<std::int64_t>(i % 3));
      doubles.push_back(nastyDoubles()[i % nastyDoubles().size()]);
    }
    Bytes bytes;
    packer.ints(ints, bytes);
    packer.doubles(doubles, bytes);
    ByteReader in(bytes);
    EXPECT_EQ(unpackInts(in), ints);
    EXPECT_TRUE(same(unpackDoubles(in), doubles));
    EXPECT_TRUE(in.ok() && in.atEnd());
  }
}

TEST(Pack, EveryWidthOfDelta) {
  Packer packer;
  for (int width = 0; width < 64; ++width) {
    std::vector<std::int64_t> ints;
    for (std::uint64_t i = 0; i < 300; ++i) {
      const std::uint64_t mask = width == 0 ? 0 : ~std::uint64_t{0} >> (64 - width);
      ints.push_back(static_cast<std::int64_t>((i * 0x9e3779b97f4a7c15u) & mask));
    }
    Bytes bytes;
    packer.ints(ints, bytes);
    ByteReader in(bytes);
    EXPECT_EQ(unpackInts(in), ints) << width;
  }
}

TEST(Pack, EveryFormOfAGroupAndEveryMethodOfAListIsUsedAndComesBack) {
  Packer packer;
  std::set<int> modes, methods;
  const auto round = [&](const std::vector<std::int64_t>& ints) {
    Bytes bytes;
    packer.ints(ints, bytes);
    ByteReader in(bytes);
    EXPECT_EQ(unpackInts(in), ints);
    EXPECT_TRUE(in.ok() && in.atEnd());
    ByteReader again(bytes);
    (void)again.varint();
    const int method = again.u8();
    methods.insert(method);
    if (method == 0) modes.insert(again.block()[0]);
  };
  // Noise within bounds, a walk, a walk of the slope; each smooth and with rare outliers, whole and cut groups.
  for (const std::size_t n : {128u, 200u, 301u}) {
    for (const bool outliers : {false, true}) {
      std::vector<std::int64_t> noise, steps, walk, slope;
      std::uint64_t state = n;
      std::int64_t place = 0, value = 0, step = 0;
      for (std::size_t i = 0; i < n; ++i) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const std::int64_t jump = static_cast<std::int64_t>(state >> 52) << (outliers && i % 29 == 3 ? 20 : 0);
        noise.push_back(5'000'000'000 + jump);
        steps.push_back(place += jump - 2048);
        walk.push_back(value += jump + 1'000'000);
        slope.push_back(step += value);
      }
      for (const auto& ints : {noise, steps, walk, slope}) round(ints);
    }
  }
  for (const std::int64_t step : {INT64_MIN, std::int64_t{-3}, std::int64_t{0}, INT64_MAX}) {
    std::vector<std::int64_t> line{7};
    for (int i = 0; i < 5; ++i) {
      line.push_back(
          static_cast<std::int64_t>(static_cast<std::uint64_t>(line.back()) + static_cast<std::uint64_t>(step)));
    }
    round(line);
  }
  round(std::vector<std::int64_t>(1000, 1));
  std::vector<std::int64_t> again;
  for (std::int64_t i = 0; i < 4000; ++i) again.push_back((i % 128) * (i % 128) * 31);
  round(again);
  EXPECT_EQ(modes, (std::set<int>{0, 1, 2, 4, 5, 6}));
  EXPECT_EQ(methods, (std::set<int>{0, 1, 3}));
}

TEST(Pack, DamagedBytesNeverCrashAndNeverReadBeyond) {
  Packer packer;
  std::vector<std::int64_t> ints;
  for (std::int64_t i = 0; i < 500; ++i) ints.push_back(i * i);
  Bytes bytes;
  packer.ints(ints, bytes);
  packer.doubles(nastyDoubles(), bytes);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const std::uint8_t flip : {0x01, 0x80, 0xff}) {
      Bytes damaged = bytes;
      damaged[at] ^= flip;
      damaged.resize(damaged.size() - at % 7);
      ByteReader in(damaged);
      const std::size_t n = unpackInts(in).size() + unpackDoubles(in).size();
      EXPECT_LE(n, 2 * kMostInAList);
    }
  }
}

TEST(Recording, EveryKindOfEventComesBackBitForBit) {
  const Scratch scratch;
  const std::vector<EnvelopePtr> all = everyKind();
  const std::vector<EnvelopePtr> back = replay(record(scratch, "a.qdrec", all));
  EXPECT_EQ(back.size(), all.size());
  for (const EnvelopePtr& e : all) EXPECT_TRUE(hasSame(back, *e)) << "event " << e->event.index();
  std::vector<bool> kinds(std::variant_size_v<Event>);
  for (const EnvelopePtr& e : all) kinds[e->event.index()] = true;
  EXPECT_EQ(std::count(kinds.begin(), kinds.end(), true), std::ptrdiff_t(kinds.size()));
}

TEST(Recording, ACleanCloseLeavesOneCompleteSoundFile) {
  const Scratch scratch;
  const std::string path = record(scratch, "a.qdrec", everyKind());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.path()), {}), 1);
  const auto file = opened(path);
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->notes().empty());
  const auto info = file->info();
  ASSERT_TRUE(info);
  EXPECT_TRUE(info->complete);
  EXPECT_EQ(info->gaps, 1u);
  EXPECT_EQ(info->processes, 1u);
  EXPECT_EQ(info->series, 4u);
  EXPECT_EQ(info->points, 64u * 2 + 21 + 2 + 2);
  const VerifyReport report = file->verify();
  EXPECT_TRUE(report.ok());
  EXPECT_GT(report.rows, 10u);
}

TEST(Recording, AReplayIsInTimeOrderWithDeclarationsFirstAndRecordsAgainToTheSame) {
  const Scratch scratch;
  std::vector<EnvelopePtr> all = game(300);
  const std::vector<EnvelopePtr> other = game(300, "server-2");  // arrives later, as a second backfill does
  all.insert(all.end(), other.begin(), other.end());
  const std::vector<EnvelopePtr> once = replay(record(scratch, "a.qdrec", all));
  ASSERT_EQ(once.size(), all.size());
  EXPECT_TRUE(std::holds_alternative<ProcessChange>(once[0]->event));
  EXPECT_TRUE(std::holds_alternative<ProcessChange>(once[1]->event));
  for (std::size_t i = 3; i < once.size(); ++i) {
    EXPECT_LE(timeOf(once[i - 1]->event), timeOf(once[i]->event) + 2 * kNsPerSecond);
  }
  for (std::size_t i = 0; i < all.size(); i += 97) EXPECT_TRUE(hasSame(once, *all[i]));
  const std::vector<EnvelopePtr> twice = replay(record(scratch, "b.qdrec", once));
  ASSERT_EQ(twice.size(), once.size());
  for (std::size_t i = 0; i < once.size(); ++i) ASSERT_TRUE(same(*once[i], *twice[i])) << i;
}

TEST(Recording, ReadsOneSeriesAlone) {
  const Scratch scratch;
  const auto file = opened(record(scratch, "a.qdrec", game(50)));
  ASSERT_TRUE(file);
  const auto series = file->series();
  ASSERT_TRUE(series);
  ASSERT_EQ(series->size(), 3u);
  EXPECT_EQ((*series)[1].label(), "load{world=w1,client=3}");
  std::vector<Tick> ticks;
  std::vector<std::int64_t> values;
  const auto damaged = file->read((*series)[0], true, [&](const SampleRun& run) {
    ticks.insert(ticks.end(), run.ticks.begin(), run.ticks.end());
    ASSERT_TRUE(run.integers);
    values.insert(values.end(), run.integers->begin(), run.integers->end());
  });
  ASSERT_TRUE(damaged && damaged->empty());
  ASSERT_EQ(values.size(), 50u * 64);
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    ASSERT_EQ(ticks[i], Tick(i) + 1);
    ASSERT_EQ(values[i], 3'000'000 + (ticks[i] * 7919) % 100'000);
  }
}

TEST(Recording, MalformedBlocksBecomeGapsAndHarmNobody) {
  const Scratch scratch;
  const ProcessInfo info = server();
  SampleBlock bad = block(1, 10, 1, info);
  bad.columns[2].rows[0] = 1000;
  SampleBlock shorter = block(1, 10, 1, info);
  shorter.times.pop_back();
  EntityFrame frame = entities(1, 4, info);
  frame.vz.pop_back();
  const auto file = opened(record(scratch, "a.qdrec",
                                  {envelope(ProcessChange{info, ""}), envelope(bad, 1), envelope(shorter, 2),
                                   envelope(frame, 3), envelope(block(1, 10, 1, info), 4)}));
  ASSERT_TRUE(file);
  EXPECT_EQ(file->info()->gaps, 3u);
  EXPECT_EQ(file->info()->points, 23u);
  EXPECT_TRUE(file->verify().ok());
}

TEST(Recording, OpeningNeverWritesAndWorksInAReadOnlyFolder) {
  const Scratch scratch;
  const std::string path = record(scratch, "a.qdrec", game(20));
  const auto before = std::filesystem::last_write_time(path);
  std::filesystem::permissions(scratch.path(), std::filesystem::perms(0555));
  std::filesystem::permissions(path, std::filesystem::perms(0444));
  EXPECT_FALSE(replay(path).empty());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.path()), {}), 1);
  EXPECT_EQ(std::filesystem::last_write_time(path), before);
}

TEST(Recording, FilesThatAreNoneGetOneClearSentence) {
  const Scratch scratch;
  const auto why = [&](const std::string& name) {
    const auto file = Recording::open(scratch / name);
    EXPECT_FALSE(file);
    return file ? std::string() : file.error().message;
  };
  EXPECT_NE(why("missing.qdrec").find("no recording"), std::string::npos);
  std::ofstream(scratch / "empty.qdrec").flush();
  EXPECT_NE(why("empty.qdrec").find("empty"), std::string::npos);
  std::ofstream(scratch / "text.qdrec") << std::string(5000, 'x');
  EXPECT_NE(why("text.qdrec").find("not a Quarterdeck recording"), std::string::npos);
  EXPECT_NE(why("").find("not a Quarterdeck recording"), std::string::npos);
  const std::string newer = record(scratch, "newer.qdrec", game(1));
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(newer.c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, "PRAGMA user_version=99", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(db);
  EXPECT_NE(why("newer.qdrec").find("newer version"), std::string::npos);
  const std::string cut = record(scratch, "cut.qdrec", game(200));
  std::filesystem::resize_file(cut, std::filesystem::file_size(cut) / 2);
  const auto file = Recording::open(cut);
  EXPECT_TRUE(!file || !(*file)->verify().ok());
}

TEST(Recording, AFlippedBitInEachPayloadIsNamedWithItsRow) {
  const Scratch scratch;
  for (const char* table : {"columns", "chunks", "frames", "events", "declarations"}) {
    const std::string path = record(scratch, std::string(table) + ".qdrec", game(40));
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
    const std::string sql = std::string("UPDATE ") + table +
                            " SET body = cast(substr(body, 1, 8) || x'01' || substr(body, 10) AS BLOB) WHERE id = 1";
    ASSERT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    sqlite3_close(db);
    const VerifyReport report = opened(path)->verify();
    ASSERT_FALSE(report.ok()) << table;
    EXPECT_EQ(report.damaged[0].table, table);
    EXPECT_EQ(report.damaged[0].rowid, 1);
  }
}

TEST(Recording, DeletedRowsAreMissed) {
  const Scratch scratch;
  const std::string path = record(scratch, "a.qdrec", game(40));
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, "DELETE FROM events WHERE id = 3", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(db);
  EXPECT_FALSE(opened(path)->verify().ok());
}

}  // namespace qd::recording::testing
