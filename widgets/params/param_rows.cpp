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
  if (filter.changedOnly && !row.changed() && !row.staged) return false;
  if (filter.text.empty()) return true;
  const std::string wanted = lower(filter.text);
  return lower(row.spec.name).contains(wanted) || lower(row.spec.description).contains(wanted);
}

}  // namespace

bool ParamRow::changed() const {
  return live && live->value != spec.defaultValue;
}

bool ParamRow::drifted() const {
  return live && live->desired && *live->desired != live->value;
}

std::vector<ParamRow> paramRows(const params::ParamBook& book, const ProcessId& process, TimeNs asOf,
                                const ParamFilter& filter) {
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

}  // namespace qd::widgets
