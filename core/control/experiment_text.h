// SPDX-License-Identifier: Apache-2.0
// An experiment as text: as the shared item that orders and tells of it (JSON), and as the report for a person who was
// not there (Markdown). Pure functions; any thread. Errors: InvalidArgument.
#pragma once

#include <string>

#include "core/control/experiment.h"

namespace qd::control {

std::string encode(const ExperimentState& state);
Result<ExperimentState> experimentFrom(const std::string& text);

// The key of its shared item. The agent of that process runs it.
std::string experimentKey(const ExperimentPlan& plan);
// The process in such a key; empty: it is none.
std::string processInKey(const std::string& key);

std::string report(const ExperimentState& state);

}  // namespace qd::control
