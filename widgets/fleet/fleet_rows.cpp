// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/fleet/fleet_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <tuple>

namespace qd::fleet {
namespace {

using ingest::ProcessKind;
using ingest::ProcessState;

constexpr TimeNs kWindow = 10 * kNsPerSecond;
constexpr TimeNs kRateWindow = 2 * kNsPerSecond;
constexpr TimeNs kGoneMatters = 60 * kNsPerSecond;

constexpr int kWindowSeconds = 10;

struct Source {
  const series::Store& store;
  const ingest::RollupBook* rollups;
  const ProcessId& process;
  TimeNs now;

  std::optional<ingest::Digest> digest(const std::string& name, int seconds) const {
    return rollups == nullptr ? std::nullopt : rollups->digest(process, name, now, seconds);
  }
  // Its newest value, by the roll-ups where the store has none as new.
  std::optional<double> newestValue(const std::string& name) const {
    const auto id = store.find(process, name);
    const auto sample = id ? store.at(*id, now) : std::nullopt;
    const auto rolled = sample && now - sample->time < 2 * kNsPerSecond ? std::nullopt : digest(name, 3);
    if (rolled) return rolled->last;
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
    if (range.refining) return std::nullopt;  // what stands in for the window may count samples from beyond it
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

  // A recording has no roll-ups of the last minute, nor has an old agent: the same of the samples.
  void fromStore(FleetRow& row, const std::string& name) const {
    static constexpr double kP99[] = {0.99};
    const auto id = store.find(process, name);
    if (!id) return;
    row.work = store.sketch(*id, series::Axis::Time, now - kWindow, now);
    const TimeNs begin = now - kTrend * kNsPerSecond;
    row.trend.assign(kTrend, std::numeric_limits<float>::quiet_NaN());
    for (const auto& column : store.percentiles(*id, series::Axis::Time, begin, now, kTrend, kP99)) {
      const auto second = std::clamp<TimeNs>(((column.x0 + column.x1) / 2 - begin) / kNsPerSecond, 0, kTrend - 1);
      if (!column.values.empty()) row.trend[static_cast<std::size_t>(second)] = static_cast<float>(column.values[0]);
    }
  }

  std::optional<double> budget(const std::string& name) const {
    const auto id = store.find(process, name);
    const auto meta = id ? store.meta(*id) : std::nullopt;
    return meta ? meta->info.budget : std::nullopt;
  }
};

void fillWork(FleetRow& row, const Source& source, const std::string& duration) {
  if (auto work = source.digest(duration, kWindowSeconds)) {
    row.p99Ms = work->quantile(0.99);
    row.work = std::move(work->sketch);
    row.trend = source.rollups->p99s(row.id, duration, source.now, kTrend);
    row.age = source.now - work->end;
  } else if (const auto exact = source.recent(duration)) {
    row.p99Ms = exact->p99;
    source.fromStore(row, duration);
  }
  row.budgetMs = source.budget(duration);
  if (!row.budgetMs && row.wantedRate && *row.wantedRate > 0) row.budgetMs = 1000 / *row.wantedRate;
  if (const auto newest = source.newest(duration)) {
    row.age = std::min(row.age.value_or(INT64_MAX), source.now - *newest);
  }
}

FleetRow rowOf(const ingest::ProcessInfo& info, const series::Store& store, TimeNs now,
               const ingest::RollupBook* rollups) {
  FleetRow row;
  row.id = info.id;
  row.kind = info.kind;
  row.state = info.state;
  row.name = info.name.empty() ? info.id.value : info.name;
  row.labels = info.labels;
  if (info.tickHz > 0) row.wantedRate = info.tickHz;
  const Source source{store, rollups, row.id, now};
  if (info.kind == ProcessKind::Editor) {
    row.server = ProcessId(info.domain);
    fillWork(row, source, "frame.duration");
    row.rate = source.perSecond("frame.duration");
  } else {
    row.rate = source.newestValue("tick.rate");
    if (!row.rate) row.rate = source.perSecond("tick.duration");
    row.players = source.newestValue("players.online");
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
  if (row.step) return *row.step;
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

std::vector<FleetRow> fleetRows(const ingest::Directory& directory, const series::Store& store, TimeNs now,
                                const ingest::RollupBook* rollups) {
  std::vector<FleetRow> rows;
  for (const auto& info : directory.processes(now)) rows.push_back(rowOf(*info, store, now, rollups));
  std::ranges::stable_sort(rows, worse);
  return rows;
}

// Over the budget is as bad as not being there at all.
int concernOf(const FleetRow& row) {
  return overBudget(row) ? 0 : concern(row);
}

bool worse(const FleetRow& a, const FleetRow& b) {
  const auto key = [](const FleetRow& row) {
    return std::make_tuple(concernOf(row), -loadStep(row), static_cast<int>(row.kind), row.name);
  };
  return key(a) < key(b);
}

FleetRow groupRow(const std::string& name, const std::vector<const FleetRow*>& members) {
  FleetRow out;
  out.name = name;
  out.kind = ProcessKind::Server;
  out.members = static_cast<int>(members.size());
  double worst = 0;
  bool sketched = true;
  for (const FleetRow* row : members) {
    out.troubled += concernOf(*row) < 2 ? 1 : 0;
    if (row->players) out.players = out.players.value_or(0) + *row->players;
    if (row->budgetMs) out.budgetMs = std::min(out.budgetMs.value_or(*row->budgetMs), *row->budgetMs);
    if (!row->p99Ms) continue;
    worst = std::max(worst, *row->p99Ms);
    sketched = sketched && !row->work.empty();
    out.work.merge(row->work);
    if (out.trend.empty()) out.trend = row->trend;
    for (std::size_t i = 0; i < std::min(out.trend.size(), row->trend.size()); ++i) {
      out.trend[i] = std::fmax(out.trend[i], row->trend[i]);
    }
  }
  // The p99 of all is never above the worst of theirs. Of processes that the store alone knows there is no sketch here,
  // and a p99 of part of them would not be the truth.
  if (sketched && !out.work.empty()) out.p99Ms = std::min(out.work.quantile(0.99), worst);
  if (!sketched) out.work.clear();
  return out;
}

std::vector<std::string> labelKeys(const std::vector<FleetRow>& rows) {
  std::set<std::string> keys;
  for (const FleetRow& row : rows) {
    for (const auto& [key, value] : row.labels) keys.insert(key);
  }
  return {keys.begin(), keys.end()};
}

}  // namespace qd::fleet
