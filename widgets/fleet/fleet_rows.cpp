// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/fleet/fleet_rows.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

namespace qd::fleet {
namespace {

using ingest::ProcessKind;
using ingest::ProcessState;

constexpr TimeNs kWindow = 10 * kNsPerSecond;
constexpr TimeNs kRateWindow = 2 * kNsPerSecond;
constexpr TimeNs kGoneMatters = 60 * kNsPerSecond;

struct Source {
  const series::Store& store;
  const ProcessId& process;
  TimeNs now;

  std::optional<double> at(const std::string& name) const {
    const auto id = store.find(process, name);
    const auto sample = id ? store.at(*id, now) : std::nullopt;
    return sample ? std::optional(sample->value) : std::nullopt;
  }

  std::optional<TimeNs> newest(const std::string& name) const {
    const auto id = store.find(process, name);
    const auto sample = id ? store.at(*id, now) : std::nullopt;
    return sample ? std::optional(sample->time) : std::nullopt;
  }

  std::optional<series::Statistics> recent(const std::string& name) const {
    const auto id = store.find(process, name);
    if (!id) return std::nullopt;
    const auto statistics = store.statistics(*id, series::Axis::Time, now - kWindow, now);
    return statistics.n > 0 ? std::optional(statistics) : std::nullopt;
  }

  // How many samples a second there were of late, of a series with one a tick or a frame.
  std::optional<double> perSecond(const std::string& name) const {
    const auto id = store.find(process, name);
    if (!id) return std::nullopt;
    const auto range = store.query(*id, series::Axis::Time, now - kRateWindow, now, 2);
    std::uint64_t count = range.samples.size();
    TimeNs from = range.samples.empty() ? 0 : range.samples.front().time;
    TimeNs to = range.samples.empty() ? 0 : range.samples.back().time;
    for (const auto& bucket : range.buckets) {
      from = count == 0 ? bucket.x0 : from;
      to = bucket.x1;
      count += bucket.count;
    }
    if (count < 2 || to <= from) return std::nullopt;
    return static_cast<double>(count - 1) * 1e9 / static_cast<double>(to - from);
  }

  std::optional<double> budget(const std::string& name) const {
    const auto id = store.find(process, name);
    const auto meta = id ? store.meta(*id) : std::nullopt;
    return meta ? meta->info.budget : std::nullopt;
  }
};

void fillWork(FleetRow& row, const Source& source, const std::string& duration) {
  const auto work = source.recent(duration);
  if (work) row.p99Ms = work->p99;
  row.budgetMs = source.budget(duration);
  if (!row.budgetMs && row.wantedRate && *row.wantedRate > 0) row.budgetMs = 1000 / *row.wantedRate;
  if (const auto newest = source.newest(duration)) row.age = source.now - *newest;
}

FleetRow rowOf(const ingest::ProcessInfo& info, const series::Store& store, TimeNs now) {
  FleetRow row;
  row.id = info.id;
  row.kind = info.kind;
  row.state = info.state;
  row.name = info.name.empty() ? info.id.value : info.name;
  row.labels = info.labels;
  if (info.tickHz > 0) row.wantedRate = info.tickHz;
  const Source source{store, row.id, now};
  if (info.kind == ProcessKind::Editor) {
    row.server = ProcessId(info.domain);
    fillWork(row, source, "frame.duration");
    row.rate = source.perSecond("frame.duration");
  } else {
    row.rate = source.at("tick.rate");
    if (!row.rate) row.rate = source.perSecond("tick.duration");
    row.players = source.at("players.online");
    fillWork(row, source, "tick.duration");
  }
  const TimeNs interval = row.wantedRate ? static_cast<TimeNs>(1e9 / *row.wantedRate) : 0;
  const TimeNs patience = std::max(3 * interval, kNsPerSecond);
  row.stale = row.state == ProcessState::Running && row.age && *row.age > patience;
  if (row.stale || row.state == ProcessState::Gone) row.rate.reset(), row.p99Ms.reset(), row.players.reset();
  return row;
}

// 0 worst. Something that stopped concerns more than something that is slow.
int concern(const FleetRow& row) {
  if (row.state == ProcessState::Parked) return 0;
  if (row.state == ProcessState::Gone) return row.age && *row.age < kGoneMatters ? 0 : 3;
  if (row.stale) return 1;
  return 2;
}

int loadStep(const FleetRow& row) {
  return row.load() ? static_cast<int>(std::floor(*row.load() * 10)) : -1;
}

bool overBudget(const FleetRow& row) {
  return row.load().value_or(0) >= 1;
}

}  // namespace

std::optional<double> FleetRow::load() const {
  if (!p99Ms || !budgetMs || *budgetMs <= 0) return std::nullopt;
  return *p99Ms / *budgetMs;
}

std::string FleetRow::label(const std::string& key) const {
  for (const auto& [name, value] : labels) {
    if (name == key) return value;
  }
  return {};
}

std::vector<FleetRow> fleetRows(const ingest::Directory& directory, const series::Store& store, TimeNs now) {
  std::vector<FleetRow> rows;
  for (const auto& info : directory.processes(now)) rows.push_back(rowOf(*info, store, now));
  std::ranges::stable_sort(rows, worse);
  return rows;
}

bool worse(const FleetRow& a, const FleetRow& b) {
  const auto key = [](const FleetRow& row) {
    // Over the budget is as bad as not being there at all.
    const int rank = overBudget(row) ? 0 : concern(row);
    return std::make_tuple(rank, -loadStep(row), static_cast<int>(row.kind), row.name);
  };
  return key(a) < key(b);
}

std::vector<std::string> labelKeys(const std::vector<FleetRow>& rows) {
  std::set<std::string> keys;
  for (const FleetRow& row : rows) {
    for (const auto& [key, value] : row.labels) keys.insert(key);
  }
  return {keys.begin(), keys.end()};
}

}  // namespace qd::fleet
