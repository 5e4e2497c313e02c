// SPDX-License-Identifier: Apache-2.0
#include "core/recording/summary.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cmath>
#include <map>

#include "core/recording/recording.h"
#include "core/recording/summary_tree.h"
#include "core/recording/writer.h"
#include "tests/fakes/recording/synthetic.h"

namespace qd::recording::testing {

using namespace ingest;

namespace {

std::vector<double> wild(std::size_t n) {
  std::vector<double> out;
  for (std::size_t i = 0; i < n; ++i)
    out.push_back(nastyDoubles()[i * 7 % nastyDoubles().size()] * (i % 3 == 0 ? 1 : -1));
  return out;
}

std::vector<Summary> someOf(bool isDouble) {
  std::vector<Summary> out;
  for (std::size_t n : {1u, 2u, 255u, 256u}) {
    std::vector<std::int64_t> ints;
    for (std::size_t i = 0; i < n; ++i) ints.push_back(nastyInts()[i % nastyInts().size()]);
    out.push_back(isDouble ? summarise(wild(n)) : summarise(ints));
    ints.assign(n, -7);
    if (!isDouble) out.push_back(summarise(ints));
  }
  if (isDouble) out.push_back(summarise(std::vector<double>(3, std::nan(""))));
  return out;
}

// What an honest person would write down of a list, without any of the product's code.
struct Plain {
  std::uint64_t n = 0, count = 0;
  double min = INFINITY, max = -INFINITY, last = 0;
  long double sum = 0;
  void add(double v) {
    ++n;
    if (!std::isfinite(v)) return;
    ++count;
    min = std::min(min, v);
    max = std::max(max, v);
    last = v;
    sum += v;
  }
};

void expectSame(const Summary& s, const Plain& plain) {
  EXPECT_EQ(s.n, plain.n);
  ASSERT_EQ(s.count, plain.count);
  if (plain.count == 0) return;
  EXPECT_EQ(s.real(s.min), plain.min);
  EXPECT_EQ(s.real(s.max), plain.max);
  EXPECT_EQ(s.real(s.last), plain.last);
  const auto mean = static_cast<double>(plain.sum / plain.count);
  EXPECT_NEAR(s.mean, mean, 1e-9 * (std::abs(plain.min) + std::abs(plain.max)));
}

// One value of a query against the file.
class File {
 public:
  explicit File(const std::string& path) { EXPECT_EQ(sqlite3_open(path.c_str(), &db_), SQLITE_OK); }
  ~File() { sqlite3_close(db_); }
  template <class Row>
  void each(const std::string& sql, Row row) {
    sqlite3_stmt* s = nullptr;
    ASSERT_EQ(sqlite3_prepare_v2(db_, sql.c_str(), -1, &s, nullptr), SQLITE_OK) << sqlite3_errmsg(db_);
    while (sqlite3_step(s) == SQLITE_ROW) row(s);
    sqlite3_finalize(s);
  }
  static ByteView blob(sqlite3_stmt* s, int column) {
    return {static_cast<const std::uint8_t*>(sqlite3_column_blob(s, column)),
            static_cast<std::size_t>(sqlite3_column_bytes(s, column))};
  }

 private:
  sqlite3* db_ = nullptr;
};

// A file whose chunks are so small that its trees have three levels.
std::string manyChunks(const Scratch& scratch, std::size_t folds) {
  const std::string path = scratch / "many.qdrec";
  auto writer = Writer::create(path, "test", {.foldPoints = 1, .foldTails = 60, .pendingBytes = 1 << 20});
  EXPECT_TRUE(writer);
  const ProcessInfo info = server();
  EXPECT_TRUE((*writer)->commit({envelope(ProcessChange{info, ""})}));
  for (std::size_t i = 0; i < folds; ++i) {
    EXPECT_TRUE((*writer)->commit({envelope(block(1 + static_cast<Tick>(i) * 3, 3, i * 100, info), i + 1)}));
  }
  EXPECT_TRUE((*writer)->finish());
  return path;
}

}  // namespace

TEST(Summary, IsOfTheFiniteValues) {
  for (std::size_t n : {1u, 5u, 256u, 1000u}) {
    const std::vector<double> values = wild(n);
    Plain plain;
    for (const double v : values) plain.add(v);
    const Summary s = summarise(values);
    EXPECT_EQ(s.count, plain.count);
    EXPECT_EQ(s.real(s.min), plain.min);
    EXPECT_EQ(s.real(s.max), plain.max);
    EXPECT_EQ(s.real(s.last), plain.last);
    EXPECT_TRUE(std::isfinite(s.mean));
  }
}

TEST(Summary, PartsComeToTheWhole) {
  std::vector<std::int64_t> values;
  Plain plain;
  Summary parts;
  for (std::int64_t i = 0; i < 1000; ++i) {
    values.push_back((i * 7919) % 1001 - 500);
    plain.add(static_cast<double>(values.back()));
  }
  for (std::size_t at = 0; at < values.size(); at += 77) {
    parts.add(summarise(std::span(values).subspan(at, std::min<std::size_t>(77, values.size() - at))));
  }
  expectSame(summarise(values), plain);
  expectSame(parts, plain);
}

TEST(Summary, PacksBitForBit) {
  Packer packer;
  for (const bool isDouble : {false, true}) {
    const std::vector<Summary> all = someOf(isDouble);
    Pyramid pyramid;
    std::vector<Node> nodes;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      nodes.push_back({at * 5, all[i], {at, at + 100, -at, 7}});
    }
    const auto back = decodeNodes(isDouble, encodeNodes(packer, nodes));
    ASSERT_TRUE(back);
    ASSERT_EQ(back->size(), nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      EXPECT_EQ((*back)[i].chunk, nodes[i].chunk);
      EXPECT_EQ((*back)[i].summary, nodes[i].summary) << i;
      EXPECT_EQ((*back)[i].extent, nodes[i].extent);
    }
  }
}

TEST(Summary, TotalsPackBitForBit) {
  Packer packer;
  std::vector<SeriesTotal> totals;
  for (const bool isDouble : {false, true}) {
    for (const Summary& s : someOf(isDouble)) {
      totals.push_back({static_cast<std::uint32_t>(totals.size()), 3, s, {1, 2, 3, 4}});
    }
  }
  const auto back = decodeTotals(encodeTotals(packer, totals));
  ASSERT_TRUE(back);
  ASSERT_EQ(back->size(), totals.size());
  for (std::size_t i = 0; i < totals.size(); ++i) {
    EXPECT_EQ((*back)[i].series, totals[i].series);
    EXPECT_EQ((*back)[i].summary, totals[i].summary);
    EXPECT_EQ((*back)[i].extent, totals[i].extent);
  }
  EXPECT_TRUE(decodeTotals(encodeTotals(packer, {}))->empty());
}

TEST(Summary, DamagedBytesNeverCrash) {
  Packer packer;
  std::vector<Node> nodes;
  for (const Summary& s : someOf(true)) nodes.push_back({1, s, {}});
  const Bytes whole = encodeNodes(packer, nodes);
  std::size_t refused = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    Bytes damaged = whole;
    damaged[at] ^= 0x41;
    damaged.resize(whole.size() - at % 3);
    for (const bool isDouble : {false, true}) refused += decodeNodes(isDouble, damaged) ? 0 : 1;
    (void)decodePyramid(true, 700, damaged);
    (void)decodeTotals(damaged);
  }
  EXPECT_GT(refused, whole.size());
}

TEST(Summary, EveryBucketOfTheStoredPyramidIsOfItsValues) {
  const Scratch scratch;
  const std::string path = record(scratch, "a.qdrec", game(60));
  const auto file = Recording::open(path);
  ASSERT_TRUE(file);
  std::size_t buckets = 0;
  File raw(path);
  const auto all = (*file)->series();
  ASSERT_TRUE(all);
  for (const RecordedSeries& series : *all) {
    std::vector<double> values;
    std::vector<TimeNs> times;
    const auto read = (*file)->read(series, true, [&](const SampleRun& run) {
      times.insert(times.end(), run.times.begin(), run.times.end());
      if (run.integers) values.insert(values.end(), run.integers->begin(), run.integers->end());
      if (run.doubles) values.insert(values.end(), run.doubles->begin(), run.doubles->end());
    });
    ASSERT_TRUE(read);
    raw.each(
        "SELECT c.is_double, c.n, c.pyramid, k.marks FROM columns c JOIN chunks k ON k.id = c.chunk WHERE c.idx = " +
            std::to_string(series.info.index.value),
        [&](sqlite3_stmt* s) {
          const auto n = static_cast<std::uint64_t>(sqlite3_column_int64(s, 1));
          ASSERT_EQ(n, values.size());
          const auto pyramid = decodePyramid(sqlite3_column_int(s, 0) != 0, n, File::blob(s, 2));
          ASSERT_TRUE(pyramid);
          ByteReader marks(File::blob(s, 3));
          const std::vector<Extent> bounds = pyramid->own.empty() ? unpackExtents(marks) : pyramid->own;
          ASSERT_EQ(bounds.size(), pyramid->buckets.size());
          for (std::size_t b = 0; b < bounds.size(); ++b, ++buckets) {
            Plain plain;
            const std::size_t end = std::min(values.size(), (b + 1) * kBucket);
            for (std::size_t i = b * kBucket; i < end; ++i) plain.add(values[i]);
            expectSame(pyramid->buckets[b], plain);
            EXPECT_EQ(bounds[b].timeMin, times[b * kBucket]);
            EXPECT_EQ(bounds[b].timeMax, times[end - 1]);
          }
        });
  }
  EXPECT_EQ(buckets, 2u * 15 + 5);
}

TEST(Summary, ATreeStandsAboveTheColumnsAndTotalsSayWhatAllColumnsCometo) {
  const Scratch scratch;
  const std::size_t folds = 64 * 64 + 64 + 3;
  const std::string path = manyChunks(scratch, folds);
  const auto file = Recording::open(path);
  ASSERT_TRUE(file);
  EXPECT_TRUE((*file)->verify().ok());
  File raw(path);
  std::map<int, std::size_t> rows;
  raw.each("SELECT level, count(*) FROM summaries WHERE idx = 0 GROUP BY level",
           [&](sqlite3_stmt* s) { rows[sqlite3_column_int(s, 0)] = sqlite3_column_int64(s, 1); });
  EXPECT_EQ(rows, (std::map<int, std::size_t>{{1, 65}, {2, 1}}));
  // A row against the rows below it, told by SQL.
  for (const int level : {1, 2}) {
    const std::string below =
        level == 1 ? "columns c WHERE c.chunk" : "summaries c WHERE c.level = 1 AND c.first_chunk";
    raw.each(
        "SELECT s.n, s.count, s.min, s.max, s.mean, s.last, sum(c.n), sum(c.count), min(c.min), max(c.max), "
        "sum(c.mean * c.count) / sum(c.count), count(*), s.body, s.is_double FROM summaries s, " +
            below + " BETWEEN s.first_chunk AND s.last_chunk AND c.idx = s.idx AND s.level = " + std::to_string(level) +
            " GROUP BY s.id",
        [&](sqlite3_stmt* s) {
          EXPECT_EQ(sqlite3_column_int(s, 11), 64);
          for (const int i : {0, 1}) EXPECT_EQ(sqlite3_column_int64(s, i), sqlite3_column_int64(s, i + 6));
          for (const int i : {2, 3}) EXPECT_EQ(sqlite3_column_double(s, i), sqlite3_column_double(s, i + 6));
          const double spread = std::abs(sqlite3_column_double(s, 2)) + std::abs(sqlite3_column_double(s, 3));
          EXPECT_NEAR(sqlite3_column_double(s, 4), sqlite3_column_double(s, 10), 1e-9 * spread);
          const auto nodes = decodeNodes(sqlite3_column_int(s, 13) != 0, File::blob(s, 12));
          ASSERT_TRUE(nodes && nodes->size() == 64);
          EXPECT_EQ(nodes->back().summary.real(nodes->back().summary.last), sqlite3_column_double(s, 5));
        });
  }
  std::uint64_t points = 0;
  raw.each("SELECT points, chunks, body FROM totals", [&](sqlite3_stmt* s) {
    points = static_cast<std::uint64_t>(sqlite3_column_int64(s, 0));
    EXPECT_EQ(sqlite3_column_int64(s, 1), static_cast<std::int64_t>(folds));
    const auto totals = decodeTotals(File::blob(s, 2));
    ASSERT_TRUE(totals);
    ASSERT_EQ(totals->size(), 3u);
    EXPECT_EQ(totals->front().columns, folds);
    EXPECT_EQ(totals->front().summary.n, 3 * folds);
    EXPECT_EQ(totals->front().extent.tickMin, 1);
    EXPECT_EQ(totals->front().extent.tickMax, static_cast<Tick>(3 * folds));
  });
  EXPECT_EQ(points, (*file)->info()->points);
  EXPECT_EQ(points, 7 * folds);
}

}  // namespace qd::recording::testing
