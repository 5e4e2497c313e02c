// SPDX-License-Identifier: Apache-2.0
#include "core/recording/repair_copy.h"

#include <fmt/format.h>

namespace qd::recording {
namespace {

constexpr std::int64_t kMostIds = std::int64_t{1} << 31;  // an id beyond it is none of ours

// Made again from the rest, or of use only while a recording is written.
bool isMadeAgain(std::string_view table) {
  return table == "meta" || table == "summaries" || table == "totals";
}

}  // namespace

Result<RowCopy> RowCopy::open(Database& out, int format, RepairReport& report) {
  RowCopy copy(report);
  for (const TableSpec& spec : recording::tables(format)) {
    Result<Statement> info =
        out.prepare(fmt::format("SELECT type FROM pragma_table_info('{}') ORDER BY cid", spec.name));
    if (!info) return std::unexpected(info.error());
    Table table{std::string(spec.name), {}, {}, {}, 0};
    std::string marks;
    while (info->step().value_or(false)) {
      const std::string type = info->text(0);
      table.types.push_back(type == "INTEGER" ? Type::Integer
                            : type == "TEXT"  ? Type::Text
                            : type == "BLOB"  ? Type::Blob
                                              : Type::Any);
      marks += marks.empty() ? "?" : ",?";
    }
    Result<Statement> insert = out.prepare(fmt::format("INSERT OR REPLACE INTO {} VALUES({})", spec.name, marks));
    if (!insert) return std::unexpected(insert.error());
    table.insert = std::move(*insert);
    copy.tables_.emplace(table.name, std::move(table));
  }
  return copy;
}

bool RowCopy::fits(const Table& table, const std::vector<Cell>& cells) {
  if (cells.size() != table.types.size()) return false;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const bool null = std::holds_alternative<std::monostate>(cells[i]);
    switch (table.types[i]) {
      case Type::Integer:
        if (!null && !std::holds_alternative<std::int64_t>(cells[i])) return false;
        break;
      case Type::Text:
        if (!null && !std::holds_alternative<std::string_view>(cells[i])) return false;
        break;
      case Type::Blob:
        if (!null && !std::holds_alternative<ByteView>(cells[i])) return false;
        break;
      case Type::Any:
        break;
    }
  }
  const auto* hash = std::get_if<std::int64_t>(&cells.back());
  return hash != nullptr && *hash == rowHash(std::span(cells).first(cells.size() - 1));
}

bool RowCopy::has(std::string_view table, std::int64_t id) const {
  const Table& t = tables_.find(table)->second;
  return id > 0 && static_cast<std::size_t>(id) < t.there.size() && t.there[static_cast<std::size_t>(id)];
}

std::uint64_t RowCopy::rows(std::string_view table) const {
  return tables_.find(table)->second.rows;
}

bool RowCopy::insert(Table& table, const std::vector<Cell>& cells) {
  const std::int64_t id = std::get<std::int64_t>(cells[0]);
  if (id <= 0 || id >= kMostIds) return false;
  const auto at = static_cast<std::size_t>(id);
  table.insert.reset();
  for (std::size_t i = 0; i < cells.size(); ++i) table.insert.bind(static_cast<int>(i) + 1, cells[i]);
  const bool done = table.insert.step().has_value();
  table.insert.reset();
  if (!done) return false;
  if (table.there.size() <= at) table.there.resize(at + at / 2 + 64);
  if (!table.there[at]) ++table.rows;
  table.there[at] = true;
  return true;
}

bool RowCopy::takeTable(const Database& from, std::string_view name) {
  if (isMadeAgain(name)) return true;
  Table& table = tables_.find(name)->second;
  Result<Statement> rows = from.prepare(fmt::format("SELECT * FROM {} NOT INDEXED ORDER BY id", name));
  if (!rows) {
    report_.damaged.push_back({std::string(name), 0, rows.error().message});
    return false;
  }
  std::int64_t last = 0;
  std::vector<Cell> cells;
  while (true) {
    const Result<bool> row = rows->step();
    if (!row) {
      report_.damaged.push_back({std::string(name), last,
                                 fmt::format("{} cannot be reached by its tree: {}",
                                             last == 0 ? "its rows" : "the rows after this one", row.error().message)});
      return false;
    }
    if (!*row) return true;
    cells.clear();
    for (int i = 0; i < rows->columns(); ++i) cells.push_back(rows->cell(i));
    last = rows->integer(0);
    if (!fits(table, cells)) {
      report_.damaged.push_back({std::string(name), last, "its checksum does not match"});
    } else if (insert(table, cells)) {
      ++report_.tables[table.name].kept;
    }
  }
}

void RowCopy::takeFound(const std::vector<Cell>& cells) {
  const auto* id = std::get_if<std::int64_t>(&cells[0]);
  if (id == nullptr || *id <= 0 || *id >= kMostIds) return;
  for (auto& [name, table] : tables_) {
    // Tails that were folded leave their pages behind: whether one is still wanted cannot be told from the page.
    if (cells.size() != table.types.size() || isMadeAgain(name) || name == "tails" || has(name, *id)) continue;
    if (!fits(table, cells) || !insert(table, cells)) continue;
    ++report_.tables[name].kept;
    ++report_.tables[name].found;
    return;
  }
}

Result<> RowCopy::put(std::string_view name, std::vector<Cell> cells) {
  Table& table = tables_.find(name)->second;
  cells.push_back(rowHash(cells));
  if (insert(table, cells)) return {};
  return fail(ErrorCode::Io, fmt::format("a row of {} cannot be written", name));
}

}  // namespace qd::recording
