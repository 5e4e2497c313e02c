// SPDX-License-Identifier: GPL-3.0-or-later
// One row for each client of a server, from its series with a `client` dimension, as of a moment. Only clients heard of
// in the last three seconds. An empty optional is "nobody measured it". Any thread.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/series/store.h"

namespace qd::fleet {

// Counts (Corrections, Late, Missing) are sums over the last ten seconds: what happened since the last report flickers.
enum class PlayerFigure { Rtt, Jitter, Loss, Queue, Ahead, Corrections, Age, Late, Missing, Bandwidth };
inline constexpr std::size_t kPlayerFigures = 10;
inline constexpr TimeNs kCountedSpan = 10 * kNsPerSecond;
const char* seriesOf(PlayerFigure figure);

// As net.state tells it.
enum class PlayerState { Unknown, Disconnected, Connecting, Connected, Stalled };

struct PlayerRow {
  std::string client;
  std::array<std::optional<double>, kPlayerFigures> figures{};
  PlayerState state = PlayerState::Unknown;
  std::string name;          // empty: not known
  std::vector<float> trend;  // of one figure over the last minute, oldest first; NaN: nothing then
  std::optional<double> operator[](PlayerFigure figure) const { return figures[static_cast<std::size_t>(figure)]; }
};

// Ordered by client, numbers by value. Without trends.
std::vector<PlayerRow> playerRows(const series::Store& store, const ProcessId& server, TimeNs now);

// Fills the rows' trends: `figure` over [now − span, now] in `columns` steps, the worst of each.
void addTrends(std::vector<PlayerRow>& rows, const series::Store& store, const ProcessId& server, PlayerFigure figure,
               TimeNs now, TimeNs span, int columns);

// "2" before "10", anything else by text.
bool clientBefore(const std::string& a, const std::string& b);

}  // namespace qd::fleet
