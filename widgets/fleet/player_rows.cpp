// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/fleet/player_rows.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace qd::fleet {
namespace {

constexpr TimeNs kFresh = 3 * kNsPerSecond;

std::optional<PlayerFigure> figureOf(const std::string& series) {
  static const std::map<std::string, PlayerFigure> known{{"net.rtt", PlayerFigure::Rtt},
                                                         {"net.loss", PlayerFigure::Loss},
                                                         {"input.late", PlayerFigure::Late},
                                                         {"interp.view_age", PlayerFigure::Age},
                                                         {"net.bandwidth", PlayerFigure::Bandwidth}};
  const auto found = known.find(series);
  return found == known.end() ? std::nullopt : std::optional(found->second);
}

const std::string* clientOf(const ingest::SeriesInfo& info) {
  for (const auto& [key, value] : info.dimensions) {
    if (key == "client") return &value;
  }
  return nullptr;
}

std::optional<std::int64_t> number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

}  // namespace

bool clientBefore(const std::string& a, const std::string& b) {
  const auto left = number(a), right = number(b);
  if (left && right) return *left < *right;
  if (left.has_value() != right.has_value()) return left.has_value();
  return a < b;
}

std::vector<PlayerRow> playerRows(const series::Store& store, const ProcessId& server, TimeNs now) {
  std::vector<PlayerRow> rows;
  std::map<std::string, std::size_t> place;
  for (const auto& meta : store.list(server)) {
    const std::string* client = clientOf(meta.info);
    const auto sample = client == nullptr ? std::nullopt : store.at(meta.id, now);
    if (!sample || now - sample->time > kFresh) continue;
    const auto [entry, fresh] = place.try_emplace(*client, rows.size());
    if (fresh) rows.push_back({*client, {}});
    if (const auto figure = figureOf(meta.info.name)) {
      rows[entry->second].figures[static_cast<std::size_t>(*figure)] = sample->value;
    }
  }
  std::ranges::sort(rows, clientBefore, &PlayerRow::client);
  return rows;
}

}  // namespace qd::fleet
