// SPDX-License-Identifier: Apache-2.0
#include "core/control/live_guard.h"

#include <fmt/format.h>

#include <algorithm>

namespace qd::control {

std::optional<LiveProcess> liveProcess(const ProcessId& process, const Labels& labels) {
  LiveProcess out{process, "", {}, std::nullopt};
  constexpr std::string_view kTimeout = "timeout.";
  for (const auto& [key, value] : labels) {
    const bool environment = key == "environment" || key == "env";
    const bool says = (environment && (value == "production" || value == "prod" || value == "live")) ||
                      (key == "live" && (value == "true" || value == "yes" || value == "1"));
    if (says && out.label.empty()) out.label = key + "=" + value;
    if (key.starts_with(kTimeout)) out.timeouts.push_back(key.substr(kTimeout.size()) + " " + value);
  }
  if (out.label.empty()) return std::nullopt;
  return out;
}

std::string sentenceOf(const LiveProcess& live) {
  std::string players = "how many players would stand is not known";
  if (live.players) players = fmt::format("{} player{} would stand", *live.players, *live.players == 1 ? "" : "s");
  std::string timeouts;
  for (const std::string& one : live.timeouts) timeouts += (timeouts.empty() ? "" : ", ") + one;
  return fmt::format("{} is live ({}): {}; timeouts: {}.", live.process.value, live.label, players,
                     timeouts.empty() ? "none are declared" : timeouts);
}

Result<> confirmed(const std::vector<LiveProcess>& live, const std::string& typed) {
  if (live.empty()) return {};
  const bool says = std::any_of(live.begin(), live.end(), [&](const auto& one) { return one.process.value == typed; });
  if (says) return {};
  std::string all;
  for (const LiveProcess& one : live) all += sentenceOf(one) + " ";
  return fail(
      ErrorCode::PermissionDenied,
      fmt::format("{}A debugger stops all of it, network included, and one that is killed while it stands takes it "
                  "along; confirm with the process's name: {}.",
                  all, live.front().process.value));
}

}  // namespace qd::control
