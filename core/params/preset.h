// SPDX-License-Identifier: Apache-2.0
// A named set of values (storm night, launch day) as TOML, and what it would change:
//   name = "storm night"
//   description = "…"
//   [values]
//   "weather.kind" = "rain"
//   "net.latency" = "60ms"
// Types are those of the processes' declarations, looked up when it is applied. Pure functions; any thread. Errors:
// InvalidArgument with line and column, NotFound.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/ingest/events.h"

namespace qd::params {

struct Preset {
  std::string name, description;
  std::vector<std::pair<std::string, std::string>> values;  // as a person writes them: 0.3, rain, 60ms, [1, 2]
};

Result<Preset> presetFromToml(const std::string& text, const std::string& file);
std::string toToml(const Preset& preset);

struct PresetDifference {
  ProcessId process;
  std::string name;
  Value live, wanted;
};
// Against one process: what differs. What the process does not have is left out; what does not read is the error.
Result<std::vector<PresetDifference>> differences(const Preset& preset, const ingest::ProcessInfo& process,
                                                  const std::vector<ingest::ParameterValue>& live);
// What a process has, as a preset: everything, or only what is not the default.
Preset presetOf(const ingest::ProcessInfo& process, const std::vector<ingest::ParameterValue>& live, bool changedOnly);

}  // namespace qd::params
