// SPDX-License-Identifier: GPL-3.0-or-later
// The rows of the parameter panel as data: what stands where, without a pixel. Pure functions; any thread.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/params/param_book.h"
#include "core/params/push_rules.h"
#include "core/params/staging_share.h"

namespace qd::widgets {

struct ParamRow {
  bool heading = false;  // a group's name, in `group`
  std::string group;
  ingest::ParameterSpec spec;
  std::optional<ingest::ParameterValue> live;
  std::optional<params::StagedEdit> staged;
  std::optional<params::Outcome> outcome;
  std::vector<params::OthersEdit> others;  // what other operators have staged
  bool favourite = false;
  bool changed() const;     // live differs from the default
  bool overridden() const;  // and a push made it so
  bool drifted() const;     // live differs from what the last acknowledged push wanted
};

struct ParamFilter {
  std::string text;  // case-insensitive, in name or description
  bool changedOnly = false;
  bool driftedOnly = false;
  bool overriddenOnly = false;
  bool favouritesOnly = false;
};

// What the rows know beside the book.
struct ParamExtras {
  std::vector<params::OthersEdit> others;
  std::set<std::string> favourites;  // names of parameters
};

// Grouped in the order of declaration. `asOf`: values as they were at that moment.
std::vector<ParamRow> paramRows(const params::ParamBook& book, const ProcessId& process, TimeNs asOf,
                                const ParamFilter& filter, const ParamExtras& extras = {});

// One parameter over all processes that have it: the column of each, and which values differ from the most common one.
struct CompareCell {
  bool has = false, differs = false, staged = false;
  Value value;
  std::string unit;
};
struct CompareRow {
  std::string name;
  bool differs = false;
  std::vector<CompareCell> cells;  // one a process
};
std::vector<CompareRow> compareRows(const params::ParamBook& book, const std::vector<ProcessId>& processes, TimeNs asOf,
                                    const std::string& text, bool differencesOnly);

}  // namespace qd::widgets
