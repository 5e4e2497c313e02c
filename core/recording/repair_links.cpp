// SPDX-License-Identifier: Apache-2.0
#include "core/recording/repair_links.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <set>

#include "core/recording/event_json.h"
#include "core/recording/stored_sketch.h"
#include "core/recording/summary_tree.h"

namespace qd::recording {
namespace {

// The cells of the current row, kept beyond the next step.
struct KeptRow {
  std::vector<Cell> cells;
  std::vector<std::string> texts;
  std::vector<Bytes> blobs;

  explicit KeptRow(const Statement& row) {
    const int n = row.columns() - 1;  // without the hash
    texts.reserve(static_cast<std::size_t>(n));
    blobs.reserve(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) {
      Cell cell = row.cell(i);
      if (const auto* text = std::get_if<std::string_view>(&cell)) cell = std::string_view(texts.emplace_back(*text));
      if (const auto* blob = std::get_if<ByteView>(&cell))
        cell = ByteView(blobs.emplace_back(blob->begin(), blob->end()));
      cells.push_back(cell);
    }
  }
};

class Mender {
 public:
  Mender(Database& out, int format, RowCopy& rows, RepairReport& report)
      : out_(out), places_(layout(format)), format_(format), rows_(rows), report_(report) {}

  Result<> run() {
    for (const auto step : {&Mender::dropOrphans, &Mender::mendChunks, &Mender::mendProcesses, &Mender::mendSeries,
                            &Mender::mendDeclarations}) {
      if (Result<> done = (this->*step)(); !done) return done;
    }
    return format_ < 2 ? Result<>() : summarise();
  }

 private:
  template <class Each>
  Result<> each(const std::string& sql, const Each& handle) {
    Result<Statement> rows = out_.prepare(sql);
    if (!rows) return std::unexpected(rows.error());
    while (true) {
      const Result<bool> row = rows->step();
      if (!row) return std::unexpected(row.error());
      if (!*row) return {};
      if (Result<> done = handle(*rows); !done) return done;
    }
  }

  Result<> dropOrphans() {
    const Result<std::int64_t> orphans =
        out_.integer("SELECT count(*) FROM columns WHERE chunk NOT IN (SELECT id FROM chunks)");
    if (!orphans) return std::unexpected(orphans.error());
    if (*orphans == 0) return {};
    std::set<std::int64_t> chunks;
    Result<> listed = each("SELECT DISTINCT chunk FROM columns WHERE chunk NOT IN (SELECT id FROM chunks)",
                           [&](const Statement& row) -> Result<> {
                             chunks.insert(row.integer(0));
                             return {};
                           });
    if (!listed) return listed;
    for (const std::int64_t chunk : chunks) {
      report_.damaged.push_back({"chunks", chunk, "its places are lost, and its values with them"});
    }
    return out_.run("DELETE FROM columns WHERE chunk NOT IN (SELECT id FROM chunks)");
  }

  // A chunk whose columns are not all there: those that are stand together again, and it says how many.
  Result<> mendChunks() {
    std::vector<std::int64_t> shorter;
    Result<> found = each(fmt::format("SELECT k.id FROM chunks k LEFT JOIN (SELECT chunk, count(*) AS n FROM columns "
                                      "GROUP BY chunk) c ON c.chunk = k.id WHERE k.columns IS NOT coalesce(c.n, 0)"),
                          [&](const Statement& row) -> Result<> {
                            shorter.push_back(row.integer(0));
                            return {};
                          });
    if (!found) return found;
    for (const std::int64_t chunk : shorter) {
      if (Result<> done = mendChunk(chunk); !done) return done;
    }
    return {};
  }

  Result<> mendChunk(std::int64_t chunk) {
    std::vector<KeptRow> columns;
    Result<> read = each(fmt::format("SELECT * FROM columns WHERE chunk = {} ORDER BY id", chunk),
                         [&](const Statement& row) -> Result<> {
                           columns.emplace_back(row);
                           return {};
                         });
    if (!read) return read;
    std::optional<KeptRow> head;
    read = each(fmt::format("SELECT * FROM chunks WHERE id = {}", chunk), [&](const Statement& row) -> Result<> {
      head.emplace(row);
      return {};
    });
    if (!read || !head) return read;
    std::int64_t points = 0, next = 0;
    if (places_.chunks.firstColumn >= 0) {
      next = std::get<std::int64_t>(head->cells[static_cast<std::size_t>(places_.chunks.firstColumn)]);
      if (Result<> gone = out_.run(fmt::format("DELETE FROM columns WHERE chunk = {}", chunk)); !gone) return gone;
    }
    for (KeptRow& column : columns) {
      points += std::get<std::int64_t>(column.cells[5]);
      if (places_.chunks.firstColumn < 0) continue;
      column.cells[0] = next++;
      if (Result<> put = rows_.put("columns", column.cells); !put) return put;
    }
    const auto at = static_cast<std::size_t>(places_.chunks.columns);
    head->cells[at] = static_cast<std::int64_t>(columns.size());
    head->cells[static_cast<std::size_t>(pointsAt())] = points;
    return rows_.put("chunks", head->cells);
  }

  int pointsAt() const { return format_ < 2 ? 11 : 13; }

  Result<> mendProcesses() {
    std::set<std::int64_t> processes, agents;
    for (const char* table : {"chunks", "frames", "tails", "declarations", "series"}) {
      Result<> found =
          each(fmt::format("SELECT DISTINCT process FROM {} WHERE process NOT IN (SELECT id FROM processes)", table),
               [&](const Statement& row) -> Result<> {
                 processes.insert(row.integer(0));
                 return {};
               });
      if (!found) return found;
    }
    for (const std::int64_t id : processes) {
      const std::string name = fmt::format("lost-process-{}", id);
      report_.damaged.push_back({"processes", id, fmt::format("its name is lost; it is called {}", name)});
      const std::int64_t instance = 0x4c4f'5354'0000'0000 | id;
      if (Result<> put = rows_.put("processes", {id, std::int64_t{1}, std::string_view(name), instance}); !put)
        return put;
    }
    Result<> found = each("SELECT DISTINCT agent FROM processes WHERE agent NOT IN (SELECT id FROM agents)",
                          [&](const Statement& row) -> Result<> {
                            agents.insert(row.integer(0));
                            return {};
                          });
    if (!found) return found;
    for (const std::int64_t id : agents) {
      const std::string name = fmt::format("lost-agent-{}", id);
      report_.damaged.push_back({"agents", id, fmt::format("its name is lost; it is called {}", name)});
      if (Result<> put = rows_.put("agents", {id, std::string_view(name)}); !put) return put;
    }
    return {};
  }

  // Series whose row is lost are named as their process declared them, else by their number.
  Result<> mendSeries() {
    struct Lost {
      std::int64_t process, index, isDouble;
    };
    std::vector<Lost> lost;
    Result<> found = each(
        "SELECT process, idx, max(is_double) FROM columns GROUP BY process, idx HAVING NOT EXISTS (SELECT 1 FROM "
        "series s "
        "WHERE s.process = columns.process AND s.idx = columns.idx)",
        [&](const Statement& row) -> Result<> {
          lost.push_back({row.integer(0), row.integer(1), row.integer(2)});
          return {};
        });
    if (!found) return found;
    Result<std::int64_t> next = out_.integer("SELECT max(id) FROM series");
    if (!next) return std::unexpected(next.error());
    for (const Lost& l : lost) {
      ingest::SeriesInfo info = declared(l.process, l.index);
      if (info.name.empty()) {
        info.name = fmt::format("lost.series.{}", l.index);
        info.integer = l.isDouble == 0;
        report_.damaged.push_back({"series", 0, fmt::format("a name is lost; the series is called {}", info.name)});
      }
      const std::string dimensions = dimensionsJson(info);
      const Result<> put =
          rows_.put("series", {++*next, l.process, l.index, std::string_view(info.name), std::string_view(info.unit),
                               std::int64_t{info.integer}, std::int64_t{info.scale}, std::string_view(dimensions),
                               std::int64_t{info.derived}});
      if (!put) return put;
    }
    return {};
  }

  ingest::SeriesInfo declared(std::int64_t process, std::int64_t index) {
    ingest::SeriesInfo out;
    (void)each(fmt::format("SELECT body FROM declarations WHERE process = {} ORDER BY id", process),
               [&](const Statement& row) -> Result<> {
                 const Result<ingest::ProcessInfo> info = declarationFromJson(row.text(0));
                 if (!info) return {};
                 for (const ingest::SeriesInfo& s : info->series) {
                   if (s.index.value == static_cast<std::uint32_t>(index)) out = s;
                 }
                 return {};
               });
    return out;
  }

  // Process events whose declaration is lost say nothing any more.
  Result<> mendDeclarations() {
    const std::string lost =
        "kind = 'process' AND json_extract(body, '$.declaration') NOT IN (SELECT id FROM declarations)";
    Result<> listed = each("SELECT id FROM events WHERE " + lost, [&](const Statement& row) -> Result<> {
      report_.damaged.push_back({"events", row.integer(0), "what its process declared is lost"});
      return {};
    });
    if (!listed) return listed;
    return out_.run("DELETE FROM events WHERE " + lost);
  }

  // The tree above the columns, and the totals, as the writer makes them (FORMAT.md).
  Result<> summarise() {
    std::int64_t id = 0;
    return each("SELECT id FROM processes ORDER BY id",
                [&](const Statement& row) { return summarise(row.integer(0), id); });
  }

  Result<> summarise(std::int64_t process, std::int64_t& id) {
    std::map<std::pair<std::uint32_t, bool>, SummaryTree> trees;
    Result<> added =
        each(fmt::format("SELECT c.idx, c.is_double, c.n, c.count, c.min, c.max, c.mean, c.last, c.chunk, k.time_min, "
                         "k.time_max, k.tick_min, k.tick_max, c.sketch FROM columns c JOIN chunks k ON k.id = c.chunk "
                         "WHERE c.process = "
                         "{} ORDER BY c.chunk, c.id",
                         process),
             [&](const Statement& row) -> Result<> {
               const bool isDouble = row.integer(1) != 0;
               const auto field = [&](int at) {
                 return isDouble ? std::bit_cast<std::int64_t>(row.real(at)) : row.integer(at);
               };
               Summary s;
               s.isDouble = isDouble;
               s.n = static_cast<std::uint64_t>(row.integer(2));
               s.count = static_cast<std::uint64_t>(row.integer(3));
               if (s.count > 0) {
                 s.min = field(4);
                 s.max = field(5);
                 s.mean = row.real(6);
                 s.last = field(7);
               }
               const auto series = static_cast<std::uint32_t>(row.integer(0));
               const Node node{row.integer(8), s, {row.integer(9), row.integer(10), row.integer(11), row.integer(12)}};
               const ByteView bytes = row.blob(13);
               const std::string sketch(bytes.begin(), bytes.end());
               return trees[{series, isDouble}].add(
                   node, sketch, [&](const Group& group) { return putGroup(process, series, group, ++id); });
             });
    if (!added) return added;
    return putTotals(process, trees);
  }

  static Cell number(const Summary& s, std::int64_t field) {
    if (s.count == 0) return {};
    return s.isDouble ? Cell(s.real(field) + 0.0) : Cell(field);
  }

  Result<> putGroup(std::int64_t process, std::uint32_t series, const Group& group, std::int64_t id) {
    const Summary& s = group.all.summary;
    const Extent& e = group.all.extent;
    const Bytes body = encodeNodes(packer_, group.children);
    return rows_.put(
        "summaries",
        {id, process, std::int64_t{series}, std::int64_t{s.isDouble}, std::int64_t{group.level}, group.all.chunk,
         group.lastChunk, static_cast<std::int64_t>(s.n), static_cast<std::int64_t>(s.count), number(s, s.min),
         number(s, s.max), s.count == 0 ? Cell() : Cell(s.mean + 0.0), number(s, s.last), e.timeMin, e.timeMax,
         e.tickMin, e.tickMax, sketchCell(group.sketch, s.n), ByteView(body)});
  }

  Result<> putTotals(std::int64_t process, const std::map<std::pair<std::uint32_t, bool>, SummaryTree>& trees) {
    std::vector<SeriesTotal> totals;
    for (const auto& [key, tree] : trees) {
      totals.push_back({key.first, tree.columns(), tree.total().summary, tree.total().extent});
    }
    const Bytes body = encodeTotals(packer_, totals);
    return each(
        fmt::format(
            "SELECT coalesce((SELECT sum(points) FROM chunks WHERE process = {0}), 0), "
            "coalesce((SELECT sum(n) FROM columns WHERE process = {0} AND is_double = 0), 0), "
            "coalesce((SELECT sum(length(body) + coalesce(length(pyramid), 0)) FROM columns WHERE process = {0} "
            "AND is_double = 0), 0), "
            "coalesce((SELECT sum(length(body) + coalesce(length(pyramid), 0)) FROM columns WHERE process = {0} "
            "AND is_double = 1), 0), "
            "coalesce((SELECT sum(length(body) + coalesce(length(marks), 0)) FROM chunks WHERE process = {0}), 0), "
            "(SELECT count(*) FROM chunks WHERE process = {0}), "
            "coalesce((SELECT max(id) FROM frames WHERE process = {0}), 0), coalesce(min(a), 0), "
            "coalesce(max(b), 0), coalesce(min(c), 0), coalesce(max(d), 0) FROM (SELECT time_min AS a, time_max "
            "AS b, tick_min AS c, tick_max AS d FROM chunks WHERE process = {0} AND time_max > 0 UNION ALL SELECT "
            "time_min, time_max, tick_min, tick_max FROM frames WHERE process = {0} AND time_max > 0)",
            process),
        [&](const Statement& row) -> Result<> {
          std::vector<Cell> cells{process};
          for (int i = 0; i < row.columns(); ++i) cells.push_back(row.integer(i));
          cells.push_back(ByteView(body));
          return rows_.put("totals", std::move(cells));
        });
  }

  Database& out_;
  const Layout& places_;
  const int format_;
  RowCopy& rows_;
  RepairReport& report_;
  Packer packer_;
};

}  // namespace

Result<> mendLinks(Database& out, int format, RowCopy& rows, RepairReport& report) {
  return Mender(out, format, rows, report).run();
}

}  // namespace qd::recording
