// SPDX-License-Identifier: Apache-2.0
#include "core/control/conflict.h"

#include <fmt/format.h>

#include <algorithm>

namespace qd::control {
namespace {

std::string timeOfDay(TimeNs time) {
  const std::int64_t second = time / kNsPerSecond % 86'400;
  return fmt::format("{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60);
}

}  // namespace

std::optional<Conflict> conflictIn(const Assignment& asked, const ingest::PushResult& result,
                                   const std::optional<ingest::ParameterValue>& live) {
  if (result.status != ingest::PushStatus::Rejected || !asked.expectedVersion) return std::nullopt;
  const auto told = std::find_if(result.parameters.begin(), result.parameters.end(),
                                 [&](const auto& parameter) { return parameter.name == asked.name; });
  if (told == result.parameters.end() || told->version == *asked.expectedVersion) return std::nullopt;
  Conflict out{asked.name, asked.value, told->oldValue, *asked.expectedVersion, told->version, {}, 0, 0};
  if (!live || live->version < told->version) return out;  // the news of it is still on its way
  out.theirs = live->value;
  out.version = live->version;
  out.who = live->who;
  out.time = live->time;
  out.tick = live->tick;
  return out;
}

std::string describe(const Conflict& conflict) {
  std::string by = conflict.who.empty() ? "" : " by " + conflict.who;
  if (conflict.time != 0) by += " at " + timeOfDay(conflict.time);
  if (conflict.tick != 0) by += fmt::format(", tick {}", conflict.tick);
  return fmt::format("{}: yours {}, theirs {}{} (version {}, yours was made from {})", conflict.name,
                     toText(conflict.yours), toText(conflict.theirs), by, conflict.version, conflict.expected);
}

}  // namespace qd::control
