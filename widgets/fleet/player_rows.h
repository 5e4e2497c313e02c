// SPDX-License-Identifier: GPL-3.0-or-later
// One row for each client of a server, from its series with a `client` dimension, as of a moment. Only clients heard of
// in the last three seconds. An empty optional is "nobody measured it". Any thread.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/series/store.h"

namespace qd::fleet {

// Columns after the client's id, in order.
enum class PlayerFigure { Rtt, Loss, Late, Age, Bandwidth };
inline constexpr std::size_t kPlayerFigures = 5;

struct PlayerRow {
  std::string client;
  std::array<std::optional<double>, kPlayerFigures> figures;
  std::optional<double> operator[](PlayerFigure figure) const { return figures[static_cast<std::size_t>(figure)]; }
};

// Ordered by client, numbers by value.
std::vector<PlayerRow> playerRows(const series::Store& store, const ProcessId& server, TimeNs now);

// "2" before "10", anything else by text.
bool clientBefore(const std::string& a, const std::string& b);

}  // namespace qd::fleet
