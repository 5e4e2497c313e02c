// SPDX-License-Identifier: Apache-2.0
#include "core/serve/rollup.h"

#include <algorithm>
#include <cmath>
#include <variant>

namespace qd::serve {
namespace {

TimeNs secondOf(TimeNs time) {
  return time - (time % kNsPerSecond + kNsPerSecond) % kNsPerSecond;
}

ingest::RollupRow rowOf(std::uint32_t series, std::vector<double>& values) {
  ingest::RollupRow row;
  row.series = SeriesIndex(series);
  row.count = values.size();
  row.last = values.back();
  double sum = 0;
  for (const double value : values) sum += value;
  row.mean = sum / static_cast<double>(values.size());
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  row.min = *least;
  row.max = *most;
  const auto rank = static_cast<std::size_t>(std::ceil(0.99 * static_cast<double>(values.size()))) - 1;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(rank), values.end());
  row.p99 = values[rank];
  return row;
}

}  // namespace

void RollupMaker::declare(const ingest::ProcessInfo& info) {
  auto& factors = factor_[info.instance];
  for (const auto& series : info.series) {
    factors[series.index.value] = series.integer ? std::pow(10.0, -series.scale) : 1.0;
  }
}

double RollupMaker::displayed(InstanceId instance, std::uint32_t series, double raw) const {
  const auto process = factor_.find(instance);
  if (process == factor_.end()) return raw;
  const auto factor = process->second.find(series);
  return factor == process->second.end() ? raw : raw * factor->second;
}

void RollupMaker::addColumn(Second*& second, const ingest::SampleBlock& block, const ingest::Column& column,
                            std::vector<ingest::Rollup>&) {
  auto& seconds = open_[block.process.instance];
  for (std::size_t i = 0; i < column.size(); ++i) {
    const std::size_t row = column.rows.empty() ? i : column.rows[i];
    if (row >= block.times.size()) continue;
    const TimeNs from = secondOf(block.times[row]);
    if (!second || second->from != from) {
      second = &seconds[from];
      second->process = block.process;
      second->from = from;
    }
    second->tick = std::max(second->tick, block.ticks[row]);
    const double raw = std::visit([i](const auto& values) { return static_cast<double>(values[i]); }, column.values);
    if (!std::isfinite(raw)) continue;
    second->values[column.series.value].push_back(displayed(block.process.instance, column.series.value, raw));
  }
}

void RollupMaker::add(const ingest::SampleBlock& block, std::vector<ingest::Rollup>& out) {
  Second* second = nullptr;
  for (const auto& column : block.columns) addColumn(second, block, column, out);
  if (block.times.empty()) return;
  // Rings of one process may be some milliseconds apart: a second is complete half a second after its end.
  auto& seconds = open_[block.process.instance];
  const TimeNs newest = seconds.empty() ? 0 : std::max(seconds.rbegin()->first, block.times.back());
  while (!seconds.empty() && seconds.begin()->first + kNsPerSecond + kNsPerSecond / 2 <= newest) {
    close(seconds.begin()->second, out);
    seconds.erase(seconds.begin());
  }
}

void RollupMaker::expire(TimeNs now, std::vector<ingest::Rollup>& out) {
  for (auto& [instance, seconds] : open_) {
    while (!seconds.empty() && seconds.begin()->first + 3 * kNsPerSecond <= now) {
      close(seconds.begin()->second, out);
      seconds.erase(seconds.begin());
    }
  }
}

void RollupMaker::forget(InstanceId instance, std::vector<ingest::Rollup>& out) {
  const auto found = open_.find(instance);
  if (found == open_.end()) return;
  for (auto& [from, second] : found->second) close(second, out);
  open_.erase(found);
}

void RollupMaker::close(Second& second, std::vector<ingest::Rollup>& out) const {
  ingest::Rollup rollup;
  rollup.process = second.process;
  rollup.from = second.from;
  rollup.tick = second.tick;
  for (auto& [series, values] : second.values) {
    if (!values.empty()) rollup.rows.push_back(rowOf(series, values));
  }
  if (!rollup.rows.empty()) out.push_back(std::move(rollup));
}

}  // namespace qd::serve
