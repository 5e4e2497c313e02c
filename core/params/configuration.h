// SPDX-License-Identifier: Apache-2.0
// The effective configuration of every process at a moment: each declared parameter with the value in force, and who
// set it when. Pure function of what the book knows; any thread.
#pragma once

#include <vector>

#include "core/ingest/directory.h"
#include "core/params/param_book.h"

namespace qd::params {

struct ConfigurationRow {
  ProcessId process;
  ingest::ParameterSpec spec;
  ingest::ParameterValue value;  // in force; where nothing was ever told, the default with version 0
  bool changed = false;          // from the default
};

// In order of appearance of the processes, and of declaration. Processes that are not there at that moment are left
// out.
std::vector<ConfigurationRow> configurationAt(const ParamBook& book, const ingest::Directory& directory, TimeNs asOf);

}  // namespace qd::params
