// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/params/param_rows.h"

#include <algorithm>
#include <cctype>

namespace qd::widgets {
namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool passes(const ParamRow& row, const ParamFilter& filter) {
  if (filter.driftedOnly && !row.drifted()) return false;
  if (filter.overriddenOnly && !row.overridden()) return false;
  if (filter.favouritesOnly && !row.favourite) return false;
  if (filter.changedOnly && !row.changed() && !row.staged && row.others.empty()) return false;
  if (filter.text.empty()) return true;
  const std::string wanted = lower(filter.text);
  return lower(row.spec.name).contains(wanted) || lower(row.spec.description).contains(wanted);
}

}  // namespace

bool ParamRow::changed() const {
  return live && live->value != spec.defaultValue;
}

bool ParamRow::overridden() const {
  return changed() && (!live->pushId.empty() || live->desired.has_value());
}

bool ParamRow::drifted() const {
  return live && live->desired && *live->desired != live->value;
}

std::vector<ParamRow> paramRows(const params::ParamBook& book, const ProcessId& process, TimeNs asOf,
                                const ParamFilter& filter, const ParamExtras& extras) {
  const std::vector<params::StagedEdit> staged = book.staged();
  const std::vector<params::PushRecord> pushes = book.pushes();
  std::vector<std::string> groups;
  std::vector<ParamRow> rows;
  for (const ingest::ParameterSpec& spec : book.specs(process)) {
    ParamRow row{.group = spec.group, .spec = spec, .live = book.value(process, spec.name, asOf)};
    const auto edit = std::ranges::find_if(
        staged, [&](const params::StagedEdit& e) { return e.process == process && e.name == spec.name; });
    if (edit != staged.end()) row.staged = *edit;
    row.outcome = params::newestOutcome(pushes, process, spec.name, asOf);
    std::ranges::copy_if(extras.others, std::back_inserter(row.others), [&](const params::OthersEdit& other) {
      return other.process == process && other.name == spec.name;
    });
    row.favourite = extras.favourites.contains(spec.name);
    if (!passes(row, filter)) continue;
    if (std::ranges::find(groups, spec.group) == groups.end()) groups.push_back(spec.group);
    rows.push_back(std::move(row));
  }
  std::vector<ParamRow> grouped;
  for (const std::string& group : groups) {
    grouped.push_back({.heading = true, .group = group});
    std::ranges::copy_if(rows, std::back_inserter(grouped), [&](const ParamRow& row) { return row.group == group; });
  }
  return grouped;
}

namespace {

// What most processes have; the first one where two are as common.
Value mostCommon(const std::vector<CompareCell>& cells) {
  Value best;
  std::ptrdiff_t most = 0;
  for (const CompareCell& cell : cells) {
    if (!cell.has) continue;
    const auto same =
        std::ranges::count_if(cells, [&](const auto& other) { return other.has && other.value == cell.value; });
    if (same > most) most = same, best = cell.value;
  }
  return best;
}

}  // namespace

std::vector<CompareRow> compareRows(const params::ParamBook& book, const std::vector<ProcessId>& processes, TimeNs asOf,
                                    const std::string& text, bool differencesOnly) {
  const std::vector<params::StagedEdit> staged = book.staged();
  std::vector<CompareRow> rows;
  for (std::size_t p = 0; p < processes.size(); ++p) {
    for (const ingest::ParameterSpec& spec : book.specs(processes[p])) {
      if (!text.empty() && !lower(spec.name).contains(lower(text))) continue;
      auto row = std::ranges::find(rows, spec.name, &CompareRow::name);
      if (row == rows.end()) {
        row = rows.insert(rows.end(), {spec.name, false, std::vector<CompareCell>(processes.size())});
      }
      const auto live = book.value(processes[p], spec.name, asOf);
      CompareCell& cell = row->cells[p];
      cell = {true, false, false, live ? live->value : spec.defaultValue, spec.unit};
      const auto edit = std::ranges::find_if(
          staged, [&](const params::StagedEdit& e) { return e.process == processes[p] && e.name == spec.name; });
      if (edit == staged.end()) continue;
      cell.staged = true;
      cell.value = edit->to;
    }
  }
  for (CompareRow& row : rows) {
    const Value common = mostCommon(row.cells);
    for (CompareCell& cell : row.cells) {
      cell.differs = cell.has && cell.value != common;
      row.differs = row.differs || cell.differs;
    }
  }
  if (differencesOnly) std::erase_if(rows, [](const CompareRow& row) { return !row.differs; });
  return rows;
}

}  // namespace qd::widgets
