// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/fleet/player_rows.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace qd::fleet {
namespace {

constexpr TimeNs kFresh = 3 * kNsPerSecond;

constexpr const char* kSeries[kPlayerFigures] = {
    "net.rtt",         "net.jitter", "net.loss",      "input.queue_depth", "predict.lead", "predict.corrections",
    "interp.view_age", "input.late", "input.missing", "net.bandwidth"};

std::optional<PlayerFigure> figureOf(const std::string& series) {
  const auto found = std::ranges::find(kSeries, series);
  if (found == std::end(kSeries)) return std::nullopt;
  return static_cast<PlayerFigure>(found - std::begin(kSeries));
}

bool isCount(PlayerFigure figure) {
  return figure == PlayerFigure::Corrections || figure == PlayerFigure::Late || figure == PlayerFigure::Missing;
}

PlayerState stateOf(double value) {
  if (value == 0) return PlayerState::Disconnected;
  if (value == 1) return PlayerState::Connecting;
  if (value == 2) return PlayerState::Connected;
  return value == 3 ? PlayerState::Stalled : PlayerState::Unknown;
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

double sumOf(const series::Store& store, series::SeriesId id, TimeNs now) {
  const auto s = store.statistics(id, series::Axis::Time, now - kCountedSpan + 1, now);
  return s.mean * static_cast<double>(s.n);
}

}  // namespace

const char* seriesOf(PlayerFigure figure) {
  return kSeries[static_cast<std::size_t>(figure)];
}

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
    if (fresh) rows.push_back({.client = *client, .name = {}, .trend = {}});
    PlayerRow& row = rows[entry->second];
    if (meta.info.name == "net.state") row.state = stateOf(sample->value);
    const auto figure = figureOf(meta.info.name);
    if (!figure || !std::isfinite(sample->value)) continue;
    const bool counted = isCount(*figure);
    row.figures[static_cast<std::size_t>(*figure)] = counted ? sumOf(store, meta.id, now) : sample->value;
  }
  std::ranges::sort(rows, clientBefore, &PlayerRow::client);
  return rows;
}

void addTrends(std::vector<PlayerRow>& rows, const series::Store& store, const ProcessId& server, PlayerFigure figure,
               TimeNs now, TimeNs span, int columns) {
  const TimeNs from = now - span;
  const auto column = [&](TimeNs time) {
    return static_cast<std::size_t>(std::clamp<TimeNs>((time - from) * columns / span, 0, columns - 1));
  };
  for (PlayerRow& row : rows) {
    row.trend.assign(static_cast<std::size_t>(columns), std::numeric_limits<float>::quiet_NaN());
    const auto id = store.find(server, seriesOf(figure), {{"client", row.client}});
    if (!id) continue;
    const auto put = [&](TimeNs time, double value) {
      float& at = row.trend[column(time)];
      if (std::isfinite(value) && !(at >= static_cast<float>(value))) at = static_cast<float>(value);
    };
    const auto result = store.query(*id, series::Axis::Time, from, now, columns);
    for (const auto& sample : result.samples) put(sample.time, sample.value);
    for (const auto& bucket : result.buckets) put(bucket.x0, bucket.max);
  }
}

}  // namespace qd::fleet
