// SPDX-License-Identifier: GPL-3.0-or-later
// The rows of the parameter panel as data: what stands where, without a pixel. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/params/param_book.h"
#include "core/params/push_rules.h"

namespace qd::widgets {

struct ParamRow {
  bool heading = false;  // a group's name, in `group`
  std::string group;
  ingest::ParameterSpec spec;
  std::optional<ingest::ParameterValue> live;
  std::optional<params::StagedEdit> staged;
  std::optional<params::Outcome> outcome;
  bool changed() const;  // live differs from the default
  bool drifted() const;  // live differs from what the last acknowledged push wanted
};

struct ParamFilter {
  std::string text;  // case-insensitive, in name or description
  bool changedOnly = false;
  bool driftedOnly = false;
};

// Grouped in the order of declaration. `asOf`: values as they were at that moment.
std::vector<ParamRow> paramRows(const params::ParamBook& book, const ProcessId& process, TimeNs asOf,
                                const ParamFilter& filter);

}  // namespace qd::widgets
