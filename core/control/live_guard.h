// SPDX-License-Identifier: Apache-2.0
// Which processes are live, by their labels, and what is said and asked before a debugger may stop one: players and
// timeouts, and its name typed. Labels: environment (or env) = production, prod or live; or live = true. Timeouts are
// the labels that begin with "timeout.". Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/ids.h"

namespace qd::control {

using Labels = std::vector<std::pair<std::string, std::string>>;

struct LiveProcess {
  ProcessId process;
  std::string label;                    // that says so, "environment=production"
  std::vector<std::string> timeouts;    // "client 10s"
  std::optional<std::int64_t> players;  // that would stand with it
};

std::optional<LiveProcess> liveProcess(const ProcessId& process, const Labels& labels);
// "server-1 is live (environment=production): 84 players would stand; they are thrown out after client 10s."
std::string sentenceOf(const LiveProcess& live);
// PermissionDenied with that sentence, unless `typed` is the id of the first of them.
Result<> confirmed(const std::vector<LiveProcess>& live, const std::string& typed);

}  // namespace qd::control
