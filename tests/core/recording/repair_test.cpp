// SPDX-License-Identifier: Apache-2.0
#include "core/recording/repair.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>
#include <map>

#include "tests/core/recording/read_back.h"
#include "tests/fakes/recording/synthetic.h"
#include "tests/support/paths.h"

namespace qd::recording::testing {
namespace {

using namespace ingest;

// The rows of a table by id, each as the text that SQLite makes of its cells.
std::map<std::int64_t, std::string> rowsOf(const std::string& path, const std::string& table) {
  std::map<std::int64_t, std::string> out;
  sqlite3* db = nullptr;
  EXPECT_EQ(sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
  sqlite3_stmt* rows = nullptr;
  const std::string sql = "SELECT * FROM " + table + " ORDER BY id";
  if (sqlite3_prepare_v2(db, sql.c_str(), -1, &rows, nullptr) == SQLITE_OK) {
    while (sqlite3_step(rows) == SQLITE_ROW) {
      std::string text;
      for (int i = 0; i < sqlite3_column_count(rows); ++i) {
        const auto* bytes = static_cast<const char*>(sqlite3_column_blob(rows, i));
        text.append(bytes ? bytes : "", static_cast<std::size_t>(sqlite3_column_bytes(rows, i))) += '|';
      }
      out[sqlite3_column_int64(rows, 0)] = text;
    }
  }
  sqlite3_finalize(rows);
  sqlite3_close(db);
  return out;
}

void run(const std::string& path, const std::string& sql) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  sqlite3_close(db);
}

std::vector<EnvelopePtr> longGame(std::size_t rounds = 1500) {
  std::vector<EnvelopePtr> all = game(rounds);
  const std::vector<EnvelopePtr> other = game(rounds, "server-2");
  all.insert(all.end(), other.begin(), other.end());
  return all;
}

void spoil(const std::string& path, std::size_t at, std::size_t bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(at));
  for (std::size_t i = 0; i < bytes; ++i) file.put('\xA5');
}

}  // namespace

TEST(Repair, OfASoundFileKeepsEveryRow) {
  const Scratch scratch;
  const std::string whole = record(scratch, "whole.qdrec", longGame()), out = scratch / "r.qdrec";
  const auto report = repair(whole, out);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->damaged.empty());
  EXPECT_EQ(report->lost(), 0u);
  for (const char* table : {"agents", "processes", "declarations", "series", "chunks", "columns", "frames", "events"}) {
    EXPECT_EQ(rowsOf(out, table), rowsOf(whole, table)) << table;
  }
  const VerifyReport verified = open(out)->verify();
  EXPECT_TRUE(verified.ok()) << (verified.ok() ? "" : verified.damaged[0].table + ": " + verified.damaged[0].what);
  EXPECT_EQ(samples(out), samples(whole));
  EXPECT_EQ(open(out)->info()->points, open(whole)->info()->points);
}

// Flipped bytes in one column: that series in that chunk is lost, every other chunk is as it was, bit for bit.
TEST(Repair, ADamagedChunkCostsThatChunkOnly) {
  const Scratch scratch;
  const std::string whole = record(scratch, "whole.qdrec", longGame()), bad = scratch / "bad.qdrec";
  std::filesystem::copy(whole, bad);
  run(bad, "UPDATE columns SET body = cast(substr(body, 1, 8) || x'0101' || substr(body, 11) AS BLOB) WHERE id = 2");
  ASSERT_FALSE(open(bad)->verify().ok());
  const auto report = repair(bad, scratch / "r.qdrec");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->tables.at("columns").lost, 1u);
  EXPECT_EQ(report->damaged[0].table, "columns");
  EXPECT_EQ(report->damaged[0].rowid, 2);
  EXPECT_TRUE(open(scratch / "r.qdrec")->verify().ok());
  auto before = rowsOf(whole, "chunks"), after = rowsOf(scratch / "r.qdrec", "chunks");
  ASSERT_GE(before.size(), 2u);
  before.erase(1);
  after.erase(1);
  EXPECT_EQ(after, before);
  const auto columns = rowsOf(whole, "columns"), left = rowsOf(scratch / "r.qdrec", "columns");
  EXPECT_EQ(left.size(), columns.size() - 1);
  for (const auto& [id, row] : columns) {
    if (id > 3) {
      EXPECT_EQ(left.at(id), row) << id;
    }
  }
  const std::size_t all = samples(whole).size(), some = samples(scratch / "r.qdrec").size();
  EXPECT_LT(some, all);
  EXPECT_GT(some, all / 2);
}

// A page of a tree is gone: what its rows were is lost, the pages that only it led to are found by their checksums.
TEST(Repair, DamagedTreePagesAreSearchedFor) {
  const Scratch scratch;
  const std::string whole = record(scratch, "whole.qdrec", longGame(300));
  const std::size_t size = std::filesystem::file_size(whole);
  const std::vector<Sample> all = samples(whole);
  constexpr std::size_t kPage = 4096;
  std::size_t found = 0, tried = 0;
  for (std::size_t page = 3; page * kPage < size; page += 1 + size / kPage / 12) {
    const std::string bad = scratch / "bad.qdrec", out = scratch / "r.qdrec";
    std::filesystem::copy(whole, bad, std::filesystem::copy_options::overwrite_existing);
    std::filesystem::remove(out);
    spoil(bad, page * kPage, 512);
    const auto report = repair(bad, out);
    ASSERT_TRUE(report) << page << ": " << report.error().message;
    const auto file = Recording::open(out);
    ASSERT_TRUE(file) << page << ": " << file.error().message;
    const VerifyReport verified = (*file)->verify();
    EXPECT_TRUE(verified.ok()) << page << ": "
                               << (verified.ok() ? "" : verified.damaged[0].table + " " + verified.damaged[0].what);
    // Nothing is made up: every sample was there.
    const std::vector<Sample> some = samples(out);
    EXPECT_TRUE(std::includes(all.begin(), all.end(), some.begin(), some.end())) << page;
    for (const auto& [name, table] : report->tables) found += table.found;
    ++tried;
  }
  EXPECT_GT(tried, 10u);
  EXPECT_GT(found, 0u) << "at least one of those pages led to others";
}

// With the very first page gone neither the page size nor the format nor one table is known: the rows tell them.
TEST(Repair, WithoutItsFirstPageTheRowsAreFoundAllTheSame) {
  const Scratch scratch;
  const std::string whole = record(scratch, "whole.qdrec", longGame()), bad = scratch / "bad.qdrec";
  std::filesystem::copy(whole, bad);
  spoil(bad, 0, 4096);
  ASSERT_FALSE(Recording::open(bad));
  const auto report = repair(bad, scratch / "r.qdrec");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->treesDamaged);
  EXPECT_FALSE(report->complete) << "nobody knows any more how many there were";
  EXPECT_TRUE(open(scratch / "r.qdrec")->verify().ok());
  EXPECT_EQ(samples(scratch / "r.qdrec"), samples(whole));
}

// A part of the header only: a page size of 0 is believed as little as any other that cannot be.
TEST(Repair, WithHalfAHeaderThePageSizeIsGuessed) {
  const Scratch scratch;
  const std::string whole = record(scratch, "whole.qdrec", longGame()), bad = scratch / "bad.qdrec";
  std::filesystem::copy(whole, bad);
  {
    std::fstream file(bad, std::ios::in | std::ios::out | std::ios::binary);
    file.write(std::string(50, '\0').data(), 50);
  }
  const auto opened = Recording::open(bad);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("repair"), std::string::npos) << opened.error().message;
  ASSERT_TRUE(repair(bad, scratch / "r.qdrec"));
  EXPECT_TRUE(open(scratch / "r.qdrec")->verify().ok());
  EXPECT_EQ(samples(scratch / "r.qdrec"), samples(whole));
}

TEST(Repair, ANewerFormatIsRefused) {
  const Scratch scratch;
  const std::string newer = record(scratch, "newer.qdrec", longGame());
  run(newer, "UPDATE meta SET value = 99 WHERE key = 'format'; PRAGMA user_version = 99");
  const auto report = repair(newer, scratch / "r.qdrec");
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::Unsupported);
  EXPECT_FALSE(std::filesystem::exists(scratch / "r.qdrec"));
}

// The tables of format 2 are those of format 3, as which it is saved: the heads of its chunks say what they are.
TEST(Repair, WithoutItsFirstPageAnOldFormatIsKnownByItsRows) {
  const Scratch scratch;
  for (const auto& [format, savedAs] : {std::pair("1", 1), std::pair("2", 3)}) {
    SCOPED_TRACE(format);
    const std::string whole = qd::paths::kSourceDir + "/tests/golden/format" + format + ".qdrec",
                      bad = scratch / (std::string("bad") + format), out = scratch / (std::string("out") + format);
    std::filesystem::copy(whole, bad);
    spoil(bad, 0, 512);
    ASSERT_FALSE(Recording::open(bad));
    const auto report = repair(bad, out);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(open(out)->info()->format, savedAs);
    EXPECT_TRUE(open(out)->verify().ok());
    EXPECT_EQ(samples(out), samples(whole));
  }
}

TEST(Repair, WhatIsNoRecordingIsSaid) {
  const Scratch scratch;
  std::ofstream(scratch / "text") << std::string(20'000, 'x');
  const auto text = repair(scratch / "text", scratch / "r.qdrec");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, ErrorCode::Corrupt);
  EXPECT_FALSE(std::filesystem::exists(scratch / "r.qdrec"));
  EXPECT_EQ(repair(scratch / "missing", scratch / "r.qdrec").error().code, ErrorCode::NotFound);
  const std::string whole = record(scratch, "whole.qdrec", game(3));
  EXPECT_EQ(repair(whole, whole).error().code, ErrorCode::Conflict);
}

}  // namespace qd::recording::testing
