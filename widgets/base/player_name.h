// SPDX-License-Identifier: GPL-3.0-or-later
// What players are called, from the player.joined events of their server. Whoever includes it links core/ingest. Any
// thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/ingest/event_log.h"
#include "widgets/base/selection.h"

namespace qd::widgets {

// Of every player of `server` that joined since `from`; the newest name where a number was given twice.
inline std::map<std::uint32_t, std::string> playerNames(const ingest::EventLog& log, const ProcessId& server,
                                                        TimeNs from = 0) {
  constexpr std::size_t kMost = 2000;
  ingest::MomentFilter filter;
  filter.kinds = {ingest::MomentKind::Game};
  filter.processes = {server};
  filter.gamePrefix = "player.joined";
  std::map<std::uint32_t, std::string> names;
  for (const ingest::Moment& moment : log.query(from, INT64_MAX, filter, kMost)) {
    const auto* event = moment.envelope == nullptr ? nullptr : std::get_if<ingest::GameEvent>(&moment.envelope->event);
    if (event == nullptr) continue;
    const std::int64_t* player = nullptr;
    const std::string* name = nullptr;
    for (const auto& [key, value] : event->fields) {
      if (key == "player") player = std::get_if<std::int64_t>(&value);
      if (key == "name") name = std::get_if<std::string>(&value);
    }
    if (player != nullptr && name != nullptr && *player >= 0 && *player <= UINT32_MAX)
      names[static_cast<std::uint32_t>(*player)] = *name;
  }
  return names;
}

inline std::string playerName(const ingest::EventLog& log, const FollowedPlayer& player) {
  const auto names = playerNames(log, player.server);
  const auto found = names.find(player.id);
  return found == names.end() ? std::string() : found->second;
}

}  // namespace qd::widgets
