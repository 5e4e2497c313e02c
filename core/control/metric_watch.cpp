// SPDX-License-Identifier: Apache-2.0
#include "core/control/metric_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/control/guard_text.h"

namespace qd::control {
namespace {

double factorOf(const ingest::SeriesInfo& series) {
  return series.integer ? std::pow(10.0, -series.scale) : 1.0;
}

}  // namespace

Result<ingest::Guard> triggerIn(const std::string& text, std::string* unit) {
  auto written = parseGuard(text);
  if (!written) {
    const bool whole = text.find(" for ") != std::string::npos;
    auto bare = parseGuard("last " + text + (whole ? "" : " for 1 ticks"));
    if (!bare) return std::unexpected(written.error());
    written = std::move(bare);
  }
  if (written->guard.basis != ingest::GuardBasis::Absolute || written->guard.group) {
    return fail(
        ErrorCode::InvalidArgument,
        fmt::format("\"{}\" compares with something else; what arms a breakpoint has a threshold of its own.", text));
  }
  if (unit) *unit = written->unit;
  return written->guard;
}

void MetricWatch::watch(const std::vector<ingest::Breakpoint>& all) {
  const auto waits = [](const ingest::Breakpoint& b) { return b.enabled && b.waiting && !b.armWhen.empty(); };
  std::erase_if(watched_, [&](const auto& entry) {
    return std::none_of(all.begin(), all.end(), [&](const ingest::Breakpoint& b) {
      return b.id == entry.first && waits(b) && b.armWhen == entry.second.text;
    });
  });
  for (const ingest::Breakpoint& b : all) {
    if (!waits(b) || watched_.contains(b.id)) continue;
    Watched made;
    auto guard = triggerIn(b.armWhen, &made.unit);
    if (!guard) continue;
    made.text = b.armWhen;
    made.guard = std::move(*guard);
    for (const auto& member : b.members) made.members.push_back(member.process);
    watched_.emplace(b.id, std::move(made));
  }
}

void MetricWatch::up(const ingest::ProcessInfo& info) {
  processes_[info.id] = info.series;
}

std::string MetricWatch::problem(const std::string& breakpoint) const {
  const auto it = watched_.find(breakpoint);
  if (it == watched_.end()) return {};
  const Watched& watched = it->second;
  for (const ProcessId& id : watched.members) {
    const auto process = processes_.find(id);
    if (process == processes_.end()) continue;
    for (const auto& series : process->second) {
      if (series.name != watched.guard.series) continue;
      if (watched.unit.empty() || watched.unit == series.unit) return {};
      return fmt::format("{} is in {}, not in {}.", series.name, series.unit.empty() ? "no unit" : series.unit,
                         watched.unit);
    }
  }
  return fmt::format(
      "None of its processes sends {}; what a console joins by itself is watched by that console, while it is "
      "attached.",
      watched.guard.series);
}

std::vector<MetricWatch::Crossed> MetricWatch::samples(const ingest::SampleBlock& block) {
  std::vector<Crossed> out;
  const auto process = processes_.find(block.process.id);
  if (process == processes_.end() || block.ticks.empty() || block.late) return out;
  for (auto& [id, watched] : watched_) {
    if (std::find(watched.members.begin(), watched.members.end(), block.process.id) == watched.members.end()) continue;
    const auto series = std::find_if(process->second.begin(), process->second.end(),
                                     [&](const auto& one) { return one.name == watched.guard.series; });
    if (series == process->second.end() || (!watched.unit.empty() && watched.unit != series->unit)) continue;
    auto [meter, isNew] = watched.meters.try_emplace(block.process.id, watched.guard);
    if (isNew) meter->second.applied(block.ticks.front() - 1);
    if (block.dropped > 0) meter->second.broken(block.ticks.front());
    for (const ingest::Column& column : block.columns) {
      if (column.series != series->index) continue;
      for (std::size_t i = 0; i < column.size(); ++i) {
        const double raw =
            std::visit([i](const auto& values) { return static_cast<double>(values[i]); }, column.values);
        const Tick tick = block.ticks[column.rows.empty() ? i : column.rows[i]];
        meter->second.add(tick, raw * factorOf(*series));
        const auto reading = meter->second.judge();
        if (reading.state != ingest::GuardState::Breached) continue;
        out.push_back({id, block.process.id, tick, reading.value});
        break;
      }
      if (!out.empty() && out.back().breakpoint == id) break;
    }
  }
  return out;
}

}  // namespace qd::control
